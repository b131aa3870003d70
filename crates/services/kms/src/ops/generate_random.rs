//! `GenerateRandom`: random bytes from the vault's generator.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{GenerateRandom as Shape, GenerateRandomRequest, GenerateRandomResponse};

use crate::fault;
use crate::kms::Kms;
use crate::loaded::whole_account;
use crate::quota;
use crate::recipient::{Attested, with_recipient};
use crate::vault::as_fault;

/// The operation.
pub(crate) struct GenerateRandom;

impl Operation for GenerateRandom {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Attested<()>;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::SYMMETRIC);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateRandomRequest,
        _view: &mut View<'_>,
    ) -> Result<(Attested<()>, Vec<Check>), Fault> {
        let recipient = kms.recipient(request, input.recipient.as_ref())?;
        let check = whole_account("kms:GenerateRandom", request.account());
        let check = with_recipient(check, recipient.as_ref());
        Ok((Attested { subject: (), recipient }, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GenerateRandomResponse, RunError> {
        let input = permit.input();
        let bytes = input.number_of_bytes.and_then(|bytes| u32::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| fault::validation("NumberOfBytes is required."))?;
        if let Some(store) = &input.custom_key_store_id {
            // No deployment has a custom key store yet, so that none can have this id.
            let message = format!("Custom key store {store} does not exist.");
            return Err(Fault::caller("CustomKeyStoreNotFoundException", message).into());
        }
        if let Some(vault) = permit.subject().vault(kms) {
            let enveloped = vault.generate_random(bytes).await.map_err(as_fault)?;
            return Ok(GenerateRandomResponse { plaintext: None, ciphertext_for_recipient: Some(enveloped) });
        }
        let random = kms.vault.generate_random(bytes).await.map_err(as_fault)?;
        Ok(GenerateRandomResponse {
            plaintext: Some(Sensitive::new(random.to_vec())),
            ciphertext_for_recipient: None,
        })
    }
}

#[cfg(test)]
mod tests;
