//! `Decrypt`: decrypts what `Encrypt`, `ReEncrypt` or a data key operation made.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{Decrypt as Shape, DecryptRequest, DecryptResponse};

use crate::ciphertext::{Source, SourceRequest};
use crate::crypto::{check_dry_run, check_grant_tokens, context, refuse_recipient};
use crate::key::{shown, shown_source_material};
use crate::kms::Kms;
use crate::resolve::Access;
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:Decrypt");

/// The operation.
pub(crate) struct Decrypt;

impl Operation for Decrypt {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Source;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DecryptRequest,
        view: &mut View<'_>,
    ) -> Result<(Source, Vec<Check>), Fault> {
        let source = Source::find(kms, request, view, &ACCESS, &source_request(input)).await?;
        let check = source.check(&ACCESS, request, &source_request(input));
        Ok((source, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DecryptResponse, RunError> {
        let (input, source) = (permit.input(), permit.subject());
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        refuse_recipient(input.recipient.as_ref())?;
        let opened = source.open(&source_request(input))?;
        check_dry_run(input.dry_run)?;
        let context = context(&input.encryption_context);
        let ciphertext = opened.ciphertext;
        let plaintext = kms.vault.decrypt(opened.material, opened.algorithm, ciphertext, &context).await;
        Ok(DecryptResponse {
            key_id: Some(source.key().arn.to_string()),
            plaintext: Some(Sensitive::new(plaintext.map_err(as_fault)?.to_vec())),
            encryption_algorithm: Some(shown(opened.algorithm.as_str())?),
            ciphertext_for_recipient: None,
            key_material_id: shown_source_material(&source.key().record, opened.material),
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
