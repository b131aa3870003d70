//! `GenerateDataKey`: a data key, in clear and under a symmetric key.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{GenerateDataKey as Shape, GenerateDataKeyRequest, GenerateDataKeyResponse};

use crate::crypto::{check_dry_run, check_grant_tokens, context, refuse_recipient, with_context};
use crate::data_key::{check_key, length};
use crate::key::shown_material;
use crate::kms::Kms;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:GenerateDataKey");

/// The operation.
pub(crate) struct GenerateDataKey;

impl Operation for GenerateDataKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateDataKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = with_context(target.check(&ACCESS, request), &input.encryption_context, None);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GenerateDataKeyResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        refuse_recipient(input.recipient.as_ref())?;
        let bytes = length(input.key_spec, input.number_of_bytes)?;
        check_key(key, "GenerateDataKey")?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let made = kms.vault.generate_data_key(key.current()?, bytes, &context).await.map_err(as_fault)?;
        Ok(GenerateDataKeyResponse {
            ciphertext_blob: Some(made.ciphertext),
            plaintext: made.plaintext.map(|plaintext| Sensitive::new(plaintext.to_vec())),
            key_id: Some(key.arn.to_string()),
            ciphertext_for_recipient: None,
            key_material_id: shown_material(&key.record),
        })
    }
}

#[cfg(test)]
mod tests;
