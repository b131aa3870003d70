//! `VerifyMac`: verifies a message's HMAC; a wrong one is an error, never `false`.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    KeyLastUsageTrackingOperation as Tracked, VerifyMac as Shape, VerifyMacRequest, VerifyMacResponse,
};

use super::generate_mac::mac_algorithm;
use crate::crypto::{check_dry_run, check_grant_tokens};
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:VerifyMac");

/// The operation.
pub(crate) struct VerifyMac;

impl Operation for VerifyMac {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &VerifyMacRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS).with("kms:MacAlgorithm", input.mac_algorithm.as_str());
        Ok((target, vec![check]))
    }

    fn charges(_: &VerifyMacRequest, target: &Target, charges: &mut Charges) {
        charge_use(charges, &target.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<VerifyMacResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let algorithm = mac_algorithm(key, "VerifyMac", input.mac_algorithm)?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let verified = kms.vault.verify_mac(key.current()?, algorithm, input.message.expose(), &input.mac);
        verified.await.map_err(as_fault)?;
        kms.used(key, permit.request(), Tracked::VerifyMac);
        Ok(VerifyMacResponse {
            key_id: Some(key.arn.to_string()),
            mac_valid: Some(true),
            mac_algorithm: Some(input.mac_algorithm),
        })
    }
}
