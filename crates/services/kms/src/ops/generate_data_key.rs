//! `GenerateDataKey`: a data key, in clear and under a symmetric key.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    GenerateDataKey as Shape, GenerateDataKeyRequest, GenerateDataKeyResponse,
    KeyLastUsageTrackingOperation as Tracked,
};

use crate::crypto::{check_dry_run, check_grant_tokens, context, with_context};
use crate::data_key::{check_key, length};
use crate::key::shown_material;
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::recipient::{Attested, with_recipient};
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:GenerateDataKey");

/// The operation.
pub(crate) struct GenerateDataKey;

impl Operation for GenerateDataKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Attested<Target>;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateDataKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Attested<Target>, Vec<Check>), Fault> {
        let recipient = kms.recipient(request, input.recipient.as_ref())?;
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = with_context(target.check(&ACCESS), &input.encryption_context, None);
        let check = with_recipient(check, recipient.as_ref());
        Ok((Attested { subject: target, recipient }, vec![check]))
    }

    fn charges(_: &GenerateDataKeyRequest, target: &Attested<Target>, charges: &mut Charges) {
        charge_use(charges, &target.subject.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GenerateDataKeyResponse, RunError> {
        let (input, attested) = (permit.input(), permit.subject());
        let key = &attested.subject.key;
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let bytes = length(input.key_spec, input.number_of_bytes)?;
        check_key(key, "GenerateDataKey")?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let key_id = Some(key.arn.to_string());
        if let Some(vault) = attested.vault(kms) {
            let made = vault.generate_data_key(key.in_vault()?, bytes, &context).await.map_err(as_fault)?;
            kms.used(key, permit.request(), Tracked::GenerateDataKey);
            return Ok(GenerateDataKeyResponse {
                ciphertext_blob: Some(made.ciphertext),
                ciphertext_for_recipient: Some(made.enveloped),
                key_id,
                ..GenerateDataKeyResponse::default()
            });
        }
        let made = kms.generate_data_key(key, bytes, &context).await?;
        kms.used(key, permit.request(), Tracked::GenerateDataKey);
        Ok(GenerateDataKeyResponse {
            ciphertext_blob: Some(made.ciphertext),
            plaintext: Some(made.plaintext),
            key_id,
            ciphertext_for_recipient: None,
            key_material_id: shown_material(&key.record),
        })
    }
}

#[cfg(test)]
mod tests;
