//! What can go wrong with a call to the vault. No error carries key material or plaintext.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a call to the vault failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VaultError {
    /// The ciphertext was changed, made under another key or context, or is none at all.
    InvalidCiphertext,
    /// The signature is not of this message under this key.
    InvalidSignature,
    /// The MAC is not of this message under this key.
    InvalidMac,
    /// The token does not belong to this binding: changed, stolen from another key, or of another domain.
    WrongToken,
    /// The vault will not do this, whatever the token.
    Refused(Refusal),
    /// Too much waits already (key generation above all); try again later.
    Busy,
    /// The vault died or the session broke before the answer came; try again.
    Lost,
    /// A defect in the vault; the text is for the log.
    Internal(String),
    /// The other side's public key is none, or of another curve.
    InvalidPublicKey,
    /// What was unwrapped is no material of the key's spec.
    InvalidKeyMaterial,
}

/// Why the vault refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// This vault has no mechanism for the spec, usage or algorithm.
    Unsupported,
    /// The key's usage does not allow this operation.
    Usage,
    /// The algorithm is not one of the key's spec.
    Algorithm,
    /// The message type is not one of the algorithm's.
    MessageType,
    /// The digest's length is not the algorithm's.
    DigestLength,
    /// The message or plaintext is longer than the algorithm takes.
    TooLong,
    /// A number of bytes outside the range that the operation allows.
    Length,
    /// The binding or message is not well-formed.
    Malformed,
}

impl VaultError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Lost)
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidCiphertext => f.write_str("the ciphertext is not valid"),
            Self::InvalidSignature => f.write_str("the signature is not valid"),
            Self::InvalidMac => f.write_str("the MAC is not valid"),
            Self::WrongToken => f.write_str("the key token does not belong to this key"),
            Self::Refused(refusal) => write!(f, "the vault refuses: {refusal}"),
            Self::Busy => f.write_str("the vault is busy"),
            Self::Lost => f.write_str("the vault went away before it answered"),
            Self::InvalidPublicKey => f.write_str("the peer's public key is not valid"),
            Self::InvalidKeyMaterial => f.write_str("the key material is not of the key's spec"),
            Self::Internal(cause) => write!(f, "the vault failed: {cause}"),
        }
    }
}

impl std::error::Error for VaultError {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "no mechanism for it",
            Self::Usage => "the key's usage does not allow it",
            Self::Algorithm => "the algorithm does not fit the key",
            Self::MessageType => "the message type does not fit the algorithm",
            Self::DigestLength => "the digest's length is not the algorithm's",
            Self::TooLong => "the message is too long",
            Self::Length => "the number of bytes is out of range",
            Self::Malformed => "the request is not well-formed",
        })
    }
}

impl From<Refusal> for VaultError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
