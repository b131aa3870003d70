//! `GenerateDataKeyPairWithoutPlaintextWithoutPlaintext`: a key pair whose private half leaves the vault only encrypted.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    GenerateDataKeyPairWithoutPlaintext as Shape, GenerateDataKeyPairWithoutPlaintextRequest,
    GenerateDataKeyPairWithoutPlaintextResponse, KeyLastUsageTrackingOperation as Tracked,
};

use crate::crypto::{check_dry_run, check_grant_tokens, context};
use crate::data_key::{check_key, check_makes_pairs, pair_spec, with_pair};
use crate::key::shown_material;
use crate::kms::Kms;
use crate::quota::charge_pair;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:GenerateDataKeyPairWithoutPlaintext");

/// The operation.
pub(crate) struct GenerateDataKeyPairWithoutPlaintext;

impl Operation for GenerateDataKeyPairWithoutPlaintext {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateDataKeyPairWithoutPlaintextRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = with_pair(target.check(&ACCESS), input.key_pair_spec, &input.encryption_context);
        Ok((target, vec![check]))
    }

    fn charges(input: &GenerateDataKeyPairWithoutPlaintextRequest, target: &Target, charges: &mut Charges) {
        charge_pair(charges, input.key_pair_spec.as_str(), &target.key);
    }

    async fn run(
        kms: &Kms,
        permit: Permit<Self>,
    ) -> Result<GenerateDataKeyPairWithoutPlaintextResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let pair = pair_spec(input.key_pair_spec, permit.request())?;
        check_makes_pairs(key)?;
        check_key(key, "GenerateDataKeyPairWithoutPlaintext")?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let made = kms.vault.generate_data_key_pair(key.current()?, pair, false, &context).await;
        let made = made.map_err(as_fault)?;
        kms.used(key, permit.request(), Tracked::GenerateDataKeyPairWithoutPlaintext);
        Ok(GenerateDataKeyPairWithoutPlaintextResponse {
            private_key_ciphertext_blob: Some(made.ciphertext),
            public_key: made.public_key,
            key_id: Some(key.arn.to_string()),
            key_pair_spec: Some(input.key_pair_spec),
            key_material_id: shown_material(&key.record),
        })
    }
}
