//! What the client asks. One variant an operation; new ones are added at the end.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::algorithm::{EncryptionAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm};
use crate::api::binding::KeyRef;
use crate::api::spec::KeySpec;
use crate::protocol::bytes::Bytes;

/// A key to use: its token, and the canonical form of the binding it must be under.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyArg<'a> {
    #[serde(borrow)]
    pub(crate) ekt: Bytes<'a>,
    #[serde(borrow)]
    pub(crate) binding: Bytes<'a>,
}

impl<'a> From<&'a KeyRef> for KeyArg<'a> {
    fn from(key: &'a KeyRef) -> Self {
        Self { ekt: Bytes(key.ekt().as_bytes()), binding: Bytes(key.canonical_binding()) }
    }
}

/// Something encrypted, and what is needed to decrypt it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed<'a> {
    #[serde(borrow)]
    pub(crate) key: KeyArg<'a>,
    pub(crate) algorithm: EncryptionAlgorithm,
    #[serde(borrow)]
    pub(crate) ciphertext: Bytes<'a>,
    #[serde(borrow)]
    pub(crate) context: Bytes<'a>,
}

/// How a signature is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SignatureForm {
    /// As KMS answers it: ECDSA in DER.
    Kms,
    /// As an RRSIG carries it: ECDSA as `r || s`.
    Dnssec,
}

/// One request. Contexts are in canonical form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Request<'a> {
    /// Answers with the vault's state.
    Status,
    /// Makes a key; the bytes are the binding.
    GenerateKey(#[serde(borrow)] Bytes<'a>),
    /// The public half.
    PublicKey(#[serde(borrow)] KeyArg<'a>),
    Encrypt {
        #[serde(borrow)]
        key: KeyArg<'a>,
        algorithm: EncryptionAlgorithm,
        #[serde(borrow)]
        plaintext: Bytes<'a>,
        #[serde(borrow)]
        context: Bytes<'a>,
    },
    Decrypt(#[serde(borrow)] Sealed<'a>),
    ReEncrypt {
        #[serde(borrow)]
        source: Sealed<'a>,
        #[serde(borrow)]
        destination: KeyArg<'a>,
        algorithm: EncryptionAlgorithm,
        #[serde(borrow)]
        context: Bytes<'a>,
    },
    GenerateDataKey {
        #[serde(borrow)]
        key: KeyArg<'a>,
        bytes: u32,
        with_plaintext: bool,
        #[serde(borrow)]
        context: Bytes<'a>,
    },
    GenerateDataKeyPair {
        #[serde(borrow)]
        key: KeyArg<'a>,
        pair: KeySpec,
        with_plaintext: bool,
        #[serde(borrow)]
        context: Bytes<'a>,
    },
    Sign {
        #[serde(borrow)]
        key: KeyArg<'a>,
        algorithm: SigningAlgorithm,
        message_type: MessageType,
        form: SignatureForm,
        #[serde(borrow)]
        messages: Vec<Bytes<'a>>,
    },
    Verify {
        #[serde(borrow)]
        key: KeyArg<'a>,
        algorithm: SigningAlgorithm,
        message_type: MessageType,
        #[serde(borrow)]
        message: Bytes<'a>,
        #[serde(borrow)]
        signature: Bytes<'a>,
    },
    GenerateMac {
        #[serde(borrow)]
        key: KeyArg<'a>,
        algorithm: MacAlgorithm,
        #[serde(borrow)]
        message: Bytes<'a>,
    },
    VerifyMac {
        #[serde(borrow)]
        key: KeyArg<'a>,
        algorithm: MacAlgorithm,
        #[serde(borrow)]
        message: Bytes<'a>,
        #[serde(borrow)]
        mac: Bytes<'a>,
    },
    GenerateRandom(u32),
    /// The same key under the active domain key.
    Rewrap(#[serde(borrow)] KeyArg<'a>),
    /// Makes a new domain key and makes it the active one.
    RotateDomainKey,
    DeriveSharedSecret {
        #[serde(borrow)]
        key: KeyArg<'a>,
        /// The peer's public key in SPKI DER.
        #[serde(borrow)]
        peer: Bytes<'a>,
    },
    Encapsulate(#[serde(borrow)] KeyArg<'a>),
    Decapsulate {
        #[serde(borrow)]
        key: KeyArg<'a>,
        #[serde(borrow)]
        ciphertext: Bytes<'a>,
    },
    /// Answers with the plaintext enveloped for the holder of an RSA key, in SPKI DER.
    ForRecipient {
        #[serde(borrow)]
        recipient: Bytes<'a>,
        #[serde(borrow)]
        what: Revealing<'a>,
    },
    /// Makes a wrapping key; the bytes are an import binding.
    GenerateImportKey(#[serde(borrow)] Bytes<'a>),
    /// Makes wrapped material a key's.
    ImportKey {
        /// The wrapping key under its import binding.
        #[serde(borrow)]
        wrapping_key: KeyArg<'a>,
        #[serde(borrow)]
        wrapped: Bytes<'a>,
    },
}

/// Requests whose answer holds a plaintext. No request holds another one, so that none is ever deep.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Revealing<'a> {
    Decrypt(#[serde(borrow)] Sealed<'a>),
    GenerateDataKey {
        #[serde(borrow)]
        key: KeyArg<'a>,
        bytes: u32,
        #[serde(borrow)]
        context: Bytes<'a>,
    },
    GenerateDataKeyPair {
        #[serde(borrow)]
        key: KeyArg<'a>,
        pair: KeySpec,
        #[serde(borrow)]
        context: Bytes<'a>,
    },
    DeriveSharedSecret {
        #[serde(borrow)]
        key: KeyArg<'a>,
        #[serde(borrow)]
        peer: Bytes<'a>,
    },
    GenerateRandom(u32),
}

impl<'a> Revealing<'a> {
    /// The request that answers with the plaintext in clear.
    pub(crate) fn in_clear(&self) -> Request<'a> {
        let with_plaintext = true;
        match *self {
            Self::Decrypt(sealed) => Request::Decrypt(sealed),
            Self::GenerateDataKey { key, bytes, context } => {
                Request::GenerateDataKey { key, bytes, with_plaintext, context }
            }
            Self::GenerateDataKeyPair { key, pair, context } => {
                Request::GenerateDataKeyPair { key, pair, with_plaintext, context }
            }
            Self::DeriveSharedSecret { key, peer } => Request::DeriveSharedSecret { key, peer },
            Self::GenerateRandom(bytes) => Request::GenerateRandom(bytes),
        }
    }
}

impl<'a> Request<'a> {
    /// The message's bytes. The buffer is large enough from the start, so that no copy is left behind.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let buffer = Vec::with_capacity(self.size_bound());
        // Postcard fails only where a type gives no length; none of ours does. An empty message is refused.
        Zeroizing::new(postcard::to_extend(self, buffer).unwrap_or_default())
    }

    /// Reads a message; `None` when it is none, or has bytes left over.
    pub(crate) fn decode(message: &'a [u8]) -> Option<Self> {
        postcard::take_from_bytes(message)
            .ok()
            .filter(|(_, rest)| rest.is_empty())
            .map(|(request, _)| request)
    }

    /// Whether the same request may be sent again when its answer was lost: it leaves no trace in the vault.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self, Self::RotateDomainKey)
    }

    fn size_bound(&self) -> usize {
        let key = |key: &KeyArg<'_>| key.ekt.0.len() + key.binding.0.len();
        let sealed =
            |sealed: &Sealed<'_>| key(&sealed.key) + sealed.ciphertext.0.len() + sealed.context.0.len();
        let payload = match self {
            Self::Status | Self::GenerateRandom(_) | Self::RotateDomainKey => 0,
            Self::GenerateKey(binding) | Self::GenerateImportKey(binding) => binding.0.len(),
            Self::PublicKey(one) | Self::Rewrap(one) | Self::Encapsulate(one) => key(one),
            Self::DeriveSharedSecret { key: one, peer: bytes }
            | Self::Decapsulate { key: one, ciphertext: bytes }
            | Self::ImportKey { wrapping_key: one, wrapped: bytes } => key(one) + bytes.0.len(),
            Self::Encrypt { key: one, plaintext, context, .. } => {
                key(one) + plaintext.0.len() + context.0.len()
            }
            Self::Decrypt(source) => sealed(source),
            Self::ReEncrypt { source, destination, context, .. } => {
                sealed(source) + key(destination) + context.0.len()
            }
            Self::GenerateDataKey { key: one, context, .. }
            | Self::GenerateDataKeyPair { key: one, context, .. } => key(one) + context.0.len(),
            Self::Sign { key: one, messages, .. } => {
                key(one) + messages.iter().map(|message| message.0.len() + 5).sum::<usize>()
            }
            Self::Verify { key: one, message, signature, .. } => {
                key(one) + message.0.len() + signature.0.len()
            }
            Self::GenerateMac { key: one, message, .. } => key(one) + message.0.len(),
            Self::VerifyMac { key: one, message, mac, .. } => key(one) + message.0.len() + mac.0.len(),
            Self::ForRecipient { recipient, what } => recipient.0.len() + what.in_clear().size_bound(),
        };
        // Lengths and codes: at most ten fields of at most five bytes.
        payload + 64
    }
}

#[cfg(test)]
mod tests;
