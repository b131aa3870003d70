//! `Decrypt`: decrypts what `Encrypt`, `ReEncrypt` or a data key operation made.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    Decrypt as Shape, DecryptRequest, DecryptResponse, KeyLastUsageTrackingOperation as Tracked,
};

use crate::ciphertext::{Opened, Source, SourceRequest};
use crate::crypto::{check_dry_run, check_grant_tokens, context};
use crate::key::{shown, shown_source_material};
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::recipient::{Attested, with_recipient};
use crate::resolve::Access;
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:Decrypt");

/// The operation.
pub(crate) struct Decrypt;

impl Operation for Decrypt {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Attested<Source>;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DecryptRequest,
        view: &mut View<'_>,
    ) -> Result<(Attested<Source>, Vec<Check>), Fault> {
        let recipient = kms.recipient(request, input.recipient.as_ref())?;
        let source = Source::find(kms, request, view, &ACCESS, &source_request(input)).await?;
        let check = source.check(&ACCESS, &source_request(input));
        let check = with_recipient(check, recipient.as_ref());
        Ok((Attested { subject: source, recipient }, vec![check]))
    }

    fn charges(_: &DecryptRequest, source: &Attested<Source>, charges: &mut Charges) {
        charge_use(charges, source.subject.key());
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DecryptResponse, RunError> {
        let (input, attested) = (permit.input(), permit.subject());
        let source = &attested.subject;
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let opened = source.open(&source_request(input))?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let response = DecryptResponse {
            key_id: Some(source.key().arn.to_string()),
            encryption_algorithm: Some(shown(opened.algorithm.as_str())?),
            ..DecryptResponse::default()
        };
        if let Some(vault) = attested.vault(kms) {
            let Opened { algorithm, ciphertext, .. } = opened;
            let material = opened.material.in_vault()?;
            let enveloped = vault.decrypt(material, algorithm, ciphertext, &context).await;
            let ciphertext_for_recipient = Some(enveloped.map_err(as_fault)?);
            kms.used(source.key(), permit.request(), Tracked::Decrypt);
            return Ok(DecryptResponse { ciphertext_for_recipient, ..response });
        }
        let plaintext = kms.decrypt(source.key(), &opened, &context).await?;
        kms.used(source.key(), permit.request(), Tracked::Decrypt);
        Ok(DecryptResponse {
            plaintext: Some(plaintext),
            key_material_id: shown_source_material(&source.key().record, opened.material.id()),
            ..response
        })
    }
}

fn source_request(input: &DecryptRequest) -> SourceRequest<'_> {
    SourceRequest {
        ciphertext: input.ciphertext_blob.as_deref(),
        key_id: input.key_id.as_deref(),
        key_member: "keyId",
        algorithm: input.encryption_algorithm,
        context: &input.encryption_context,
        dry_run: input.dry_run == Some(true),
        modifiers: input.dry_run_modifiers.as_deref().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
