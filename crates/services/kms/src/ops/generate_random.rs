//! `GenerateRandom`: random bytes from the vault's generator, or from a cluster's HSM.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Sensitive;
use keyward_schema::kms::{GenerateRandom as Shape, GenerateRandomRequest, GenerateRandomResponse};

use crate::fault;
use crate::keystore::NamedStore;
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
    /// The custom key store whose HSMs are to make them.
    type Subject = Attested<Option<NamedStore>>;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::SYMMETRIC);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GenerateRandomRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let recipient = kms.recipient(request, input.recipient.as_ref())?;
        let store = match &input.custom_key_store_id {
            Some(id) => Some(kms.find_store(request, view, id).await?),
            None => None,
        };
        let check = whole_account("kms:GenerateRandom", request.account());
        let check = with_recipient(check, recipient.as_ref());
        Ok((Attested { subject: store, recipient }, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GenerateRandomResponse, RunError> {
        let input = permit.input();
        let bytes = input.number_of_bytes.and_then(|bytes| u32::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| fault::validation("NumberOfBytes is required."))?;
        let attested = permit.subject();
        if let Some(store) = &attested.subject {
            if attested.recipient.is_some() {
                return Err(crate::material::no_recipient().into());
            }
            let random = kms.key_stores.random(store.get()?, bytes).await?;
            return Ok(GenerateRandomResponse { plaintext: Some(random), ciphertext_for_recipient: None });
        }
        if let Some(vault) = attested.vault(kms) {
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
