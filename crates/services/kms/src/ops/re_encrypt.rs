//! `ReEncrypt`: decrypts and encrypts again; between two keys of the vault the plaintext never leaves it.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    KeyLastUsageTrackingOperation as Tracked, ReEncrypt as Shape, ReEncryptRequest, ReEncryptResponse,
};
use keyward_vault::KeyUsage;

use crate::ciphertext::{Source, SourceRequest};
use crate::crypto::{check_dry_run, check_grant_tokens, context, encryption_algorithm, with_context};
use crate::key::{Profile, shown, shown_material, shown_source_material};
use crate::kms::Kms;
use crate::quota::charge_move;
use crate::resolve::{Access, Target};

const FROM: Access = Access::cryptographic("kms:ReEncryptFrom");
const TO: Access = Access::cryptographic("kms:ReEncryptTo");

/// The operation.
pub(crate) struct ReEncrypt;

/// The ciphertext with its key, and the key that it goes to.
pub(crate) struct Move {
    source: Source,
    destination: Target,
}

impl Operation for ReEncrypt {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Move;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ReEncryptRequest,
        view: &mut View<'_>,
    ) -> Result<(Move, Vec<Check>), Fault> {
        let source = Source::find(kms, request, view, &FROM, &source_request(input)).await?;
        let destination = kms.find(request, view, &TO, &input.destination_key_id).await?;
        let same = if source.key().arn == destination.key.arn { "true" } else { "false" };
        let from = source.check(&FROM, &source_request(input));
        let to = with_context(
            destination.check(&TO),
            &input.destination_encryption_context,
            input.destination_encryption_algorithm,
        );
        let checks = [from, to].map(|check| check.with("kms:ReEncryptOnSameKey", same));
        Ok((Move { source, destination }, checks.into()))
    }

    fn charges(_: &ReEncryptRequest, moved: &Move, charges: &mut Charges) {
        charge_move(charges, moved.source.key(), &moved.destination.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ReEncryptResponse, RunError> {
        let (input, Move { source, destination }) = (permit.input(), permit.subject());
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        let key = &destination.key;
        let opened = source.open(&source_request(input))?;
        key.check_usage(KeyUsage::EncryptDecrypt, "ReEncryptTo")?;
        let algorithm = input.destination_encryption_algorithm;
        let algorithm = encryption_algorithm(key, algorithm, &input.destination_encryption_context)?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let source_context = context(&input.source_encryption_context);
        let destination_context = context(&input.destination_encryption_context);
        let from = (source.key(), &opened, &source_context);
        let ciphertext = kms.re_encrypt(from, (key, algorithm, &destination_context)).await?;
        kms.used(source.key(), permit.request(), Tracked::ReEncrypt);
        kms.used(key, permit.request(), Tracked::ReEncrypt);
        Ok(ReEncryptResponse {
            ciphertext_blob: Some(ciphertext),
            source_key_id: Some(source.key().arn.to_string()),
            key_id: Some(key.arn.to_string()),
            source_encryption_algorithm: Some(shown(opened.algorithm.as_str())?),
            destination_encryption_algorithm: Some(shown(algorithm.as_str())?),
            source_key_material_id: shown_source_material(&source.key().record, opened.material.id()),
            destination_key_material_id: shown_material(&key.record),
        })
    }
}

fn source_request(input: &ReEncryptRequest) -> SourceRequest<'_> {
    SourceRequest {
        ciphertext: input.ciphertext_blob.as_deref(),
        key_id: input.source_key_id.as_deref(),
        key_member: "sourceKeyId",
        algorithm: input.source_encryption_algorithm,
        context: &input.source_encryption_context,
        dry_run: input.dry_run == Some(true),
        modifiers: input.dry_run_modifiers.as_deref().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
