//! `DeriveSharedSecret`: the raw secret that an elliptic curve key shares with a peer's public key.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{
    DeriveSharedSecret as Shape, DeriveSharedSecretRequest, DeriveSharedSecretResponse,
};
use keyward_vault::KeyUsage;

use crate::crypto::{check_dry_run, check_grant_tokens, refuse_recipient};
use crate::key::{Profile, shown};
use crate::kms::Kms;
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:DeriveSharedSecret");

/// The operation.
pub(crate) struct DeriveSharedSecret;

impl Operation for DeriveSharedSecret {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DeriveSharedSecretRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS, request);
        let check = check.with("kms:KeyAgreementAlgorithm", input.key_agreement_algorithm.as_str());
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DeriveSharedSecretResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        refuse_recipient(input.recipient.as_ref())?;
        key.check_usage(KeyUsage::KeyAgreement, "DeriveSharedSecret")?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let secret = kms.vault.derive_shared_secret(key.current()?, &input.public_key).await;
        Ok(DeriveSharedSecretResponse {
            key_id: Some(key.arn.to_string()),
            shared_secret: Some(Sensitive::new(secret.map_err(as_fault)?.to_vec())),
            ciphertext_for_recipient: None,
            key_agreement_algorithm: Some(input.key_agreement_algorithm),
            key_origin: Some(shown(key.record.origin().as_str())?),
        })
    }
}

#[cfg(test)]
mod tests;
