//! What the vault answers. Every byte string is wiped when dropped, public or not.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::binding::MaterialId;
use crate::api::error::VaultError;
use crate::protocol::bytes::Octets;

/// One answer.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The request failed.
    Failed(VaultError),
    /// It was right; there is nothing to say (Verify, VerifyMac).
    Done,
    /// One value: ciphertext, plaintext, MAC, public key, token, random bytes.
    One(Octets),
    /// A new key.
    Key { ekt: Octets, public_key: Option<Octets> },
    /// A data key, or a pair's private half.
    DataKey { plaintext: Option<Octets>, ciphertext: Octets, public_key: Option<Octets> },
    /// One signature for each message, in their order.
    Signatures(Vec<Octets>),
    /// The vault's state.
    Status(Status),
    /// The version that is now active.
    DomainKey(u32),
    /// A fresh secret, and what carries it to the holder of the private half.
    Encapsulated { secret: Octets, ciphertext: Octets },
    /// Imported material: its token, and the id that it has got.
    Imported { ekt: Octets, material_id: MaterialId },
}

/// The vault's state.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// The vault's process.
    pub(crate) pid: u32,
    /// The domain key's active version.
    pub(crate) domain_key: u32,
    /// Protections that are active.
    pub(crate) active: Vec<String>,
    /// Protections that this system does not give, with the reason.
    pub(crate) missing: Vec<String>,
}

impl Answer {
    /// The message's bytes.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let buffer = Vec::with_capacity(self.size_bound());
        Zeroizing::new(postcard::to_extend(self, buffer).unwrap_or_default())
    }

    /// Reads a message; `None` when it is none, or has bytes left over.
    pub(crate) fn decode(message: &[u8]) -> Option<Self> {
        postcard::take_from_bytes(message).ok().filter(|(_, rest)| rest.is_empty()).map(|(answer, _)| answer)
    }

    fn size_bound(&self) -> usize {
        let optional = |one: &Option<Octets>| one.as_ref().map_or(0, |one| one.0.len());
        let payload = match self {
            Self::Failed(VaultError::Internal(text)) => text.len(),
            Self::Failed(_) | Self::Done | Self::DomainKey(_) => 0,
            Self::One(one) => one.0.len(),
            Self::Key { ekt, public_key } => ekt.0.len() + optional(public_key),
            Self::DataKey { plaintext, ciphertext, public_key } => {
                optional(plaintext) + ciphertext.0.len() + optional(public_key)
            }
            Self::Encapsulated { secret, ciphertext } => secret.0.len() + ciphertext.0.len(),
            Self::Imported { ekt, .. } => ekt.0.len(),
            Self::Signatures(all) => all.iter().map(|one| one.0.len() + 5).sum(),
            Self::Status(status) => {
                status.active.iter().chain(&status.missing).map(|text| text.len() + 5).sum()
            }
        };
        payload + 96
    }
}

impl From<VaultError> for Answer {
    fn from(error: VaultError) -> Self {
        Self::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_go_there_and_back() {
        let answer = Answer::DataKey {
            plaintext: Some(vec![1; 32].into()),
            ciphertext: vec![2; 180].into(),
            public_key: None,
        };
        let bytes = answer.encode();
        assert!(bytes.capacity() >= bytes.len() && bytes.len() <= answer.size_bound());
        assert!(Answer::decode(&bytes) == Some(answer));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Answer::decode(&bytes);
        }
    }
}
