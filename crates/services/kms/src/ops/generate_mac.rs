//! `GenerateMac`: authenticates a message with an HMAC key.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    GenerateMac as Shape, GenerateMacRequest, GenerateMacResponse, KeyLastUsageTrackingOperation as Tracked,
    MacAlgorithmSpec,
};
use keyward_vault::{KeyUsage, MacAlgorithm};

use crate::crypto::{check_dry_run, check_grant_tokens};
use crate::fault;
use crate::key::{Profile, shown};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::quota::charge_use;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:GenerateMac");

/// The operation.
pub(crate) struct GenerateMac;

impl Operation for GenerateMac {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateMacRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS).with("kms:MacAlgorithm", input.mac_algorithm.as_str());
        Ok((target, vec![check]))
    }

    fn charges(_: &GenerateMacRequest, target: &Target, charges: &mut Charges) {
        charge_use(charges, &target.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GenerateMacResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let algorithm = mac_algorithm(key, "GenerateMac", input.mac_algorithm)?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let mac = kms.vault.generate_mac(key.current()?, algorithm, input.message.expose()).await;
        let mac = mac.map_err(as_fault)?;
        kms.used(key, permit.request(), Tracked::GenerateMac);
        Ok(GenerateMacResponse {
            mac: Some(mac),
            mac_algorithm: Some(input.mac_algorithm),
            key_id: Some(key.arn.to_string()),
        })
    }
}

/// The MAC algorithm, if `key` has it.
pub(super) fn mac_algorithm(
    key: &LoadedKey,
    operation: &str,
    given: MacAlgorithmSpec,
) -> Result<MacAlgorithm, Fault> {
    key.check_usage(KeyUsage::GenerateVerifyMac, operation)?;
    let algorithm: MacAlgorithm = shown(given.as_str())?;
    if algorithm.fits(key.record.spec) {
        Ok(algorithm)
    } else {
        Err(fault::incompatible_algorithm(&algorithm, key.record.spec))
    }
}

#[cfg(test)]
mod tests;
