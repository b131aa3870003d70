//! `DeriveSharedSecret`: the raw secret that an elliptic curve key shares with a peer's public key.

use keyward_base::Fault;
use keyward_gate::{Charges, Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{
    DeriveSharedSecret as Shape, DeriveSharedSecretRequest, DeriveSharedSecretResponse,
    KeyLastUsageTrackingOperation as Tracked,
};
use keyward_vault::KeyUsage;

use crate::crypto::{check_dry_run, check_grant_tokens};
use crate::key::{Profile, shown};
use crate::kms::Kms;
use crate::quota::charge_use;
use crate::recipient::{Attested, with_recipient};
use crate::resolve::{Access, Target};
use crate::vault::as_fault;

const ACCESS: Access = Access::cryptographic("kms:DeriveSharedSecret");

/// The operation.
pub(crate) struct DeriveSharedSecret;

impl Operation for DeriveSharedSecret {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Attested<Target>;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DeriveSharedSecretRequest,
        view: &mut View<'_>,
    ) -> Result<(Attested<Target>, Vec<Check>), Fault> {
        let recipient = kms.recipient(request, input.recipient.as_ref())?;
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        let check = check.with("kms:KeyAgreementAlgorithm", input.key_agreement_algorithm.as_str());
        let check = with_recipient(check, recipient.as_ref());
        Ok((Attested { subject: target, recipient }, vec![check]))
    }

    fn charges(_: &DeriveSharedSecretRequest, target: &Attested<Target>, charges: &mut Charges) {
        charge_use(charges, &target.subject.key);
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DeriveSharedSecretResponse, RunError> {
        let (input, attested) = (permit.input(), permit.subject());
        let key = &attested.subject.key;
        check_grant_tokens(kms, input.grant_tokens.as_ref())?;
        key.check_usage(KeyUsage::KeyAgreement, "DeriveSharedSecret")?;
        key.admit(Profile::Cryptographic)?;
        check_dry_run(input.dry_run)?;
        let response = DeriveSharedSecretResponse {
            key_id: Some(key.arn.to_string()),
            key_agreement_algorithm: Some(input.key_agreement_algorithm),
            key_origin: Some(shown(key.record.origin().as_str())?),
            ..DeriveSharedSecretResponse::default()
        };
        if let Some(vault) = attested.vault(kms) {
            let enveloped = vault.derive_shared_secret(key.current()?, &input.public_key).await;
            let ciphertext_for_recipient = Some(enveloped.map_err(as_fault)?);
            kms.used(key, permit.request(), Tracked::DeriveSharedSecret);
            return Ok(DeriveSharedSecretResponse { ciphertext_for_recipient, ..response });
        }
        let secret = kms.vault.derive_shared_secret(key.current()?, &input.public_key).await;
        let shared_secret = Some(Sensitive::new(secret.map_err(as_fault)?.to_vec()));
        kms.used(key, permit.request(), Tracked::DeriveSharedSecret);
        Ok(DeriveSharedSecretResponse { shared_secret, ..response })
    }
}

#[cfg(test)]
mod tests;
