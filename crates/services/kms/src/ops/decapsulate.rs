//! `Decapsulate`: the secret in a ciphertext. One that was altered gives another secret, not an error.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{
    Decapsulate as Shape, DecapsulateRequest, DecapsulateResponse, KeyLastUsageTrackingOperation as Tracked,
};
use keyward_vault::KeyUsage;

use crate::crypto::{check_dry_run, check_grant_tokens};
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:Decapsulate");

/// The operation.
pub(crate) struct Decapsulate;

impl Operation for Decapsulate {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DecapsulateRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    fn charges(_: &DecapsulateRequest, target: &Target, charges: &mut Charges) {
        charge_use(charges, &target.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DecapsulateResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        key.check_usage(KeyUsage::EncapsulateDecapsulate, "Decapsulate")?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let ciphertext = &input.shared_secret_ciphertext_blob;
        let secret = kms.vault.decapsulate(key.current()?, ciphertext).await.map_err(as_fault)?;
        kms.used(key, permit.request(), Tracked::Decapsulate);
        Ok(DecapsulateResponse {
            key_id: Some(key.arn.to_string()),
            shared_secret: Some(Sensitive::new(secret.to_vec())),
            encapsulation_algorithm: Some(input.encapsulation_algorithm),
        })
    }
}
