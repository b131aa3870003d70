//! `Encapsulate`: a fresh secret, and what carries it to the holder of the private half.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{
    Encapsulate as Shape, EncapsulateRequest, EncapsulateResponse, KeyLastUsageTrackingOperation as Tracked,
};
use keyward_vault::KeyUsage;

use crate::crypto::{check_dry_run, check_grant_tokens};
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:Encapsulate");

/// The operation.
pub(crate) struct Encapsulate;

impl Operation for Encapsulate {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &EncapsulateRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    fn charges(_: &EncapsulateRequest, target: &Target, charges: &mut Charges) {
        charge_use(charges, &target.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<EncapsulateResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        key.check_usage(KeyUsage::EncapsulateDecapsulate, "Encapsulate")?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let made = kms.vault.encapsulate(key.current()?).await.map_err(as_fault)?;
        kms.used(key, permit.request(), Tracked::Encapsulate);
        Ok(EncapsulateResponse {
            key_id: Some(key.arn.to_string()),
            shared_secret: Some(Sensitive::new(made.shared_secret.to_vec())),
            shared_secret_ciphertext_blob: Some(made.ciphertext),
            encapsulation_algorithm: Some(input.encapsulation_algorithm),
        })
    }
}

#[cfg(test)]
mod tests;
