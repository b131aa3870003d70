//! `Recipient`: answers whose plaintext only an attested environment can read.
//!
//! The document is verified before anything is judged, because policies speak of what it attests
//! (`kms:RecipientAttestation:…`). The vault envelops; no plaintext of an attested request comes here.

use keyward_base::Fault;
use keyward_gate::{Check, RequestContext};
use keyward_schema::kms::RecipientInfo;
use keyward_vault::ForRecipient;

use crate::attestation::{self, Attestation, Platform};
use crate::fault;
use crate::kms::Kms;

/// What an operation works on, and for whom.
#[derive(Debug)]
pub(crate) struct Attested<T> {
    /// What it works on.
    pub(crate) subject: T,
    /// Who gets the plaintext, unless it is the caller.
    pub(crate) recipient: Option<Attestation>,
}

impl<T> Attested<T> {
    /// The vault on behalf of the recipient, if there is one.
    pub(crate) fn vault<'a>(&'a self, kms: &'a Kms) -> Option<ForRecipient<'a>> {
        self.recipient.as_ref().map(|recipient| kms.vault.for_recipient(&recipient.public_key))
    }
}

impl Kms {
    /// The recipient that a request names, if its document is good.
    pub(crate) fn recipient(
        &self,
        request: &RequestContext,
        given: Option<&RecipientInfo>,
    ) -> Result<Option<Attestation>, Fault> {
        let Some(given) = given else { return Ok(None) };
        if given.key_encryption_algorithm.is_none() {
            return Err(fault::missing("recipient.keyEncryptionAlgorithm"));
        }
        let document = given.attestation_document.as_deref();
        let document = document.ok_or_else(|| fault::missing("recipient.attestationDocument"))?;
        let attestation = attestation::verify(document, &self.attestation_roots, request.now);
        let refused = |why| fault::validation(format!("The attestation document is not valid: {why}."));
        attestation.map(Some).map_err(refused)
    }
}

/// The condition keys of what the recipient's document attests (developer guide, "AWS KMS condition keys for
/// attested platforms"). The values are in lower-case hexadecimal digits.
pub(crate) fn with_recipient(mut check: Check, recipient: Option<&Attestation>) -> Check {
    let Some(Attestation { registers, .. }) = recipient else { return check };
    for (number, value) in &registers.values {
        let value = data_encoding::HEXLOWER.encode(value);
        let key = match registers.platform {
            Platform::Enclave => format!("kms:RecipientAttestation:PCR{number}"),
            Platform::NitroTpm => format!("kms:RecipientAttestation:NitroTPMPCR{number}"),
        };
        if registers.platform == Platform::Enclave && *number == 0 {
            // The image's measurement is the first register.
            check.conditions.set("kms:RecipientAttestation:ImageSha384", value.clone());
        }
        check.conditions.set(key, value);
    }
    check
}
