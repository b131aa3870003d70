//! `GenerateDataKeyWithoutPlaintext`: a data key under a symmetric key; in clear it never leaves the vault.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    GenerateDataKeyWithoutPlaintext as Shape, GenerateDataKeyWithoutPlaintextRequest,
    GenerateDataKeyWithoutPlaintextResponse, KeyLastUsageTrackingOperation as Tracked,
};

use crate::crypto::{check_dry_run, check_grant_tokens, context, with_context};
use crate::data_key::{check_key, length};
use crate::key::shown_material;
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::cryptographic("kms:GenerateDataKeyWithoutPlaintext");

/// The operation.
pub(crate) struct GenerateDataKeyWithoutPlaintext;

impl Operation for GenerateDataKeyWithoutPlaintext {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateDataKeyWithoutPlaintextRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = with_context(target.check(&ACCESS), &input.encryption_context, None);
        Ok((target, vec![check]))
    }

    fn charges(_: &GenerateDataKeyWithoutPlaintextRequest, target: &Target, charges: &mut Charges) {
        charge_use(charges, &target.key);
    }

    async fn run(
        kms: &Kms,
        permit: Permit<Self>,
    ) -> Result<GenerateDataKeyWithoutPlaintextResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let bytes = length(input.key_spec, input.number_of_bytes)?;
        check_key(key, "GenerateDataKeyWithoutPlaintext")?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let ciphertext = kms.generate_data_key_without_plaintext(key, bytes, &context).await?;
        kms.used(key, permit.request(), Tracked::GenerateDataKeyWithoutPlaintext);
        Ok(GenerateDataKeyWithoutPlaintextResponse {
            ciphertext_blob: Some(ciphertext),
            key_id: Some(key.arn.to_string()),
            key_material_id: shown_material(&key.record),
        })
    }
}
