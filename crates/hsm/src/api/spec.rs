//! Which keys there are: kinds and sizes, by PKCS#11's and CloudHSM's names.

use serde::{Deserialize, Serialize};

/// A kind of key with its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeySpec {
    /// `CKK_AES`; 16, 24 or 32 bytes.
    Aes {
        /// The key's length.
        bytes: u16,
    },
    /// `CKK_GENERIC_SECRET`; 1 to 800 bytes (HMAC).
    GenericSecret {
        /// The key's length.
        bytes: u16,
    },
    /// `CKK_RSA` with the public exponent 65537; 2048 to 4096 bits.
    Rsa {
        /// The modulus' length.
        bits: u16,
    },
    /// `CKK_EC`.
    Ec {
        /// The curve.
        curve: Curve,
    },
}

/// `CKA_KEY_TYPE`: a kind of key without its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyType {
    /// `CKK_AES`.
    Aes,
    /// `CKK_GENERIC_SECRET`.
    GenericSecret,
    /// `CKK_RSA`.
    Rsa,
    /// `CKK_EC`.
    Ec,
}

impl KeyType {
    /// CloudHSM's word for the attribute `key-type`: `aes`, `generic-secret`, `rsa`, `ec`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes => "aes",
            Self::GenericSecret => "generic-secret",
            Self::Rsa => "rsa",
            Self::Ec => "ec",
        }
    }
}

/// A named curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Curve {
    /// NIST P-256 (CloudHSM CLI: `prime256v1` and `secp256r1`).
    P256,
    /// NIST P-384 (`secp384r1`).
    P384,
    /// NIST P-521 (`secp521r1`).
    P521,
    /// SEC 2's `secp256k1`.
    Secp256k1,
}

impl KeySpec {
    /// Whether a key of this size is allowed at all. What a token can make may be less: it answers `Unsupported`.
    pub fn is_valid(self) -> bool {
        match self {
            Self::Aes { bytes } => matches!(bytes, 16 | 24 | 32),
            Self::GenericSecret { bytes } => (1..=800).contains(&bytes),
            Self::Rsa { bits } => (2048..=4096).contains(&bits) && bits.is_multiple_of(256),
            Self::Ec { .. } => true,
        }
    }

    /// Whether keys of this spec come as pairs.
    pub fn is_pair(self) -> bool {
        matches!(self, Self::Rsa { .. } | Self::Ec { .. })
    }

    /// Its kind.
    pub fn key_type(self) -> KeyType {
        match self {
            Self::Aes { .. } => KeyType::Aes,
            Self::GenericSecret { .. } => KeyType::GenericSecret,
            Self::Rsa { .. } => KeyType::Rsa,
            Self::Ec { .. } => KeyType::Ec,
        }
    }
}

impl Curve {
    /// CloudHSM CLI's word for the curve.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "secp256r1",
            Self::P384 => "secp384r1",
            Self::P521 => "secp521r1",
            Self::Secp256k1 => "secp256k1",
        }
    }
}
