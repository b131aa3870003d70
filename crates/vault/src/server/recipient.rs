//! What leaves the vault for a recipient's eyes only: the same answers, their plaintext enveloped.

use crate::api::error::VaultError;
use crate::mechanism::envelope::Recipient;
use crate::protocol::answer::Answer;
use crate::protocol::bytes::Octets;
use crate::protocol::request::Revealing;
use crate::server::vault::Vault;

impl Vault {
    /// Answers `what` with its plaintext encrypted under the recipient's key (SPKI DER).
    pub(super) fn for_recipient(&self, recipient: &[u8], what: &Revealing<'_>) -> Result<Answer, VaultError> {
        // First, so that nothing is made for a recipient that can't have it.
        let recipient = Recipient::new(recipient)?;
        let envelop = |plaintext: &Octets| recipient.envelop(&plaintext.0).map(Octets::from);
        match self.run(&what.in_clear())? {
            Answer::One(plaintext) => envelop(&plaintext).map(Answer::One),
            Answer::DataKey { plaintext: Some(plaintext), ciphertext, public_key } => {
                Ok(Answer::DataKey { plaintext: Some(envelop(&plaintext)?), ciphertext, public_key })
            }
            _ => Err(VaultError::Internal("an answer without a plaintext".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::binding::{KeyBinding, KeyOwner, MaterialId};
    use crate::api::spec::{KeyOrigin, KeySpec, KeyUsage};
    use crate::domain::{Domain, Keys};
    use crate::mechanism::registry;
    use crate::protocol::bytes::Bytes;
    use crate::protocol::request::{KeyArg, Request};
    use crate::server::vault::Protections;

    #[test]
    fn no_plaintext_is_left_in_an_answer_for_a_recipient() {
        let domain = Domain::ephemeral(Keys::fresh().unwrap_or_else(|error| panic!("{error}")));
        let vault = Vault::new(domain, Protections::default());
        let binding = KeyBinding {
            owner: KeyOwner::Single("a key".to_owned()),
            spec: KeySpec::SymmetricDefault,
            usage: KeyUsage::EncryptDecrypt,
            origin: KeyOrigin::AwsKms,
            material_id: MaterialId([3; 32]),
        }
        .canonical();
        let Answer::Key { ekt, .. } = vault.answer(&Request::GenerateKey(Bytes(&binding))) else {
            panic!("no key was made")
        };
        let ekt = ekt.into_public();
        let key = KeyArg { ekt: Bytes(&ekt), binding: Bytes(&binding) };
        let pair = registry::generate_pair(KeySpec::Rsa2048).unwrap_or_else(|error| panic!("{error}"));
        let spki = pair.public_key.unwrap();
        let context = Bytes(b"");
        let cases = [
            Revealing::GenerateRandom(32),
            Revealing::GenerateDataKey { key, bytes: 32, context },
            Revealing::GenerateDataKeyPair { key, pair: KeySpec::EccNistP256, context },
        ];
        for what in cases {
            let request = Request::ForRecipient { recipient: Bytes(&spki), what: what.clone() };
            let plaintext = match vault.answer(&request) {
                Answer::One(one) => one,
                Answer::DataKey { plaintext: Some(one), .. } => one,
                _ => panic!("no answer"),
            };
            assert!(plaintext.0.starts_with(&[0x30, 0x80]) && plaintext.0.len() > 400);
            let request = Request::ForRecipient { recipient: Bytes(b"no key"), what };
            assert!(vault.answer(&request) == Answer::Failed(VaultError::InvalidPublicKey));
        }
    }
}
