//! Algorithms, as the KMS API names them, and which spec has which.

use crate::api::spec::{KeySpec, KeyUsage};

coded_enum! {
    /// How to encrypt: KMS's `EncryptionAlgorithm`.
    EncryptionAlgorithm {
        /// AES-256-GCM under a key derived for the message, with the encryption context authenticated.
        SymmetricDefault = 1, "SYMMETRIC_DEFAULT";
        /// RSAES-OAEP with SHA-1 for both hash and MGF1.
        RsaesOaepSha1 = 2, "RSAES_OAEP_SHA_1";
        /// RSAES-OAEP with SHA-256 for both hash and MGF1.
        RsaesOaepSha256 = 3, "RSAES_OAEP_SHA_256";
        /// SM2 public-key encryption.
        Sm2Pke = 4, "SM2PKE";
    }
}

coded_enum! {
    /// How to sign: KMS's `SigningAlgorithm`.
    SigningAlgorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2).
        RsassaPkcs1V15Sha256 = 1, "RSASSA_PKCS1_V1_5_SHA_256";
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        RsassaPkcs1V15Sha384 = 2, "RSASSA_PKCS1_V1_5_SHA_384";
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        RsassaPkcs1V15Sha512 = 3, "RSASSA_PKCS1_V1_5_SHA_512";
        /// RSASSA-PSS with SHA-256, salt as long as the hash (RFC 8017 section 8.1).
        RsassaPssSha256 = 4, "RSASSA_PSS_SHA_256";
        /// RSASSA-PSS with SHA-384.
        RsassaPssSha384 = 5, "RSASSA_PSS_SHA_384";
        /// RSASSA-PSS with SHA-512.
        RsassaPssSha512 = 6, "RSASSA_PSS_SHA_512";
        /// ECDSA with SHA-256 (P-256 and secp256k1).
        EcdsaSha256 = 7, "ECDSA_SHA_256";
        /// ECDSA with SHA-384 (P-384).
        EcdsaSha384 = 8, "ECDSA_SHA_384";
        /// ECDSA with SHA-512 (P-521).
        EcdsaSha512 = 9, "ECDSA_SHA_512";
        /// Ed25519 over the message itself.
        Ed25519Sha512 = 10, "ED25519_SHA_512";
        /// Ed25519ph.
        Ed25519PhSha512 = 11, "ED25519_PH_SHA_512";
        /// ML-DSA.
        MlDsaShake256 = 12, "ML_DSA_SHAKE_256";
        /// SM2 signatures.
        Sm2Dsa = 13, "SM2DSA";
    }
}

coded_enum! {
    /// How to authenticate a message: KMS's `MacAlgorithm`.
    MacAlgorithm {
        /// HMAC-SHA-224.
        HmacSha224 = 1, "HMAC_SHA_224";
        /// HMAC-SHA-256.
        HmacSha256 = 2, "HMAC_SHA_256";
        /// HMAC-SHA-384.
        HmacSha384 = 3, "HMAC_SHA_384";
        /// HMAC-SHA-512.
        HmacSha512 = 4, "HMAC_SHA_512";
    }
}

coded_enum! {
    /// What the message of Sign and Verify is: KMS's `MessageType`.
    MessageType {
        /// The message; the vault hashes it.
        Raw = 1, "RAW";
        /// The message's hash under the algorithm's hash function.
        Digest = 2, "DIGEST";
        /// ML-DSA's 64-byte μ.
        ExternalMu = 3, "EXTERNAL_MU";
    }
}

impl EncryptionAlgorithm {
    /// Whether a key of `spec` encrypts with it.
    pub const fn fits(self, spec: KeySpec) -> bool {
        use KeySpec::*;
        match self {
            Self::SymmetricDefault => matches!(spec, SymmetricDefault),
            Self::RsaesOaepSha1 | Self::RsaesOaepSha256 => matches!(spec, Rsa2048 | Rsa3072 | Rsa4096),
            Self::Sm2Pke => matches!(spec, Sm2),
        }
    }

    /// The most plaintext bytes that a key of `spec` takes at once (KMS API, Encrypt).
    pub const fn plaintext_bytes_max(self, spec: KeySpec) -> usize {
        let modulus = match spec {
            KeySpec::Rsa2048 => 256,
            KeySpec::Rsa3072 => 384,
            KeySpec::Rsa4096 => 512,
            _ => 0,
        };
        match self {
            Self::SymmetricDefault => 4096,
            // RFC 8017 section 7.1.1: k - 2 hLen - 2.
            Self::RsaesOaepSha1 => usize::saturating_sub(modulus, 42),
            Self::RsaesOaepSha256 => usize::saturating_sub(modulus, 66),
            Self::Sm2Pke => 1024,
        }
    }
}

impl SigningAlgorithm {
    /// Whether a key of `spec` signs with it.
    pub const fn fits(self, spec: KeySpec) -> bool {
        use KeySpec::*;
        match self {
            Self::RsassaPkcs1V15Sha256
            | Self::RsassaPkcs1V15Sha384
            | Self::RsassaPkcs1V15Sha512
            | Self::RsassaPssSha256
            | Self::RsassaPssSha384
            | Self::RsassaPssSha512 => matches!(spec, Rsa2048 | Rsa3072 | Rsa4096),
            Self::EcdsaSha256 => matches!(spec, EccNistP256 | EccSecgP256k1),
            Self::EcdsaSha384 => matches!(spec, EccNistP384),
            Self::EcdsaSha512 => matches!(spec, EccNistP521),
            Self::Ed25519Sha512 | Self::Ed25519PhSha512 => matches!(spec, EccNistEdwards25519),
            Self::MlDsaShake256 => matches!(spec, MlDsa44 | MlDsa65 | MlDsa87),
            Self::Sm2Dsa => matches!(spec, Sm2),
        }
    }

    /// How long the message must be for `MessageType::Digest`; `None` where digests are not taken.
    pub const fn digest_bytes(self) -> Option<usize> {
        match self {
            Self::RsassaPkcs1V15Sha256 | Self::RsassaPssSha256 | Self::EcdsaSha256 | Self::Sm2Dsa => Some(32),
            Self::RsassaPkcs1V15Sha384 | Self::RsassaPssSha384 | Self::EcdsaSha384 => Some(48),
            Self::RsassaPkcs1V15Sha512
            | Self::RsassaPssSha512
            | Self::EcdsaSha512
            | Self::Ed25519PhSha512 => Some(64),
            Self::Ed25519Sha512 | Self::MlDsaShake256 => None,
        }
    }
}

impl MacAlgorithm {
    /// Whether a key of `spec` makes MACs with it.
    pub const fn fits(self, spec: KeySpec) -> bool {
        matches!(
            (self, spec),
            (Self::HmacSha224, KeySpec::Hmac224)
                | (Self::HmacSha256, KeySpec::Hmac256)
                | (Self::HmacSha384, KeySpec::Hmac384)
                | (Self::HmacSha512, KeySpec::Hmac512)
        )
    }
}

impl KeySpec {
    /// The signing algorithms of a key with this spec, in the order that DescribeKey lists them.
    pub fn signing_algorithms(self) -> impl Iterator<Item = SigningAlgorithm> {
        let usable = self.allows(KeyUsage::SignVerify);
        SigningAlgorithm::ALL.iter().copied().filter(move |algorithm| usable && algorithm.fits(self))
    }

    /// The encryption algorithms of a key with this spec, in the order that DescribeKey lists them.
    pub fn encryption_algorithms(self) -> impl Iterator<Item = EncryptionAlgorithm> {
        EncryptionAlgorithm::ALL.iter().copied().filter(move |algorithm| algorithm.fits(self))
    }

    /// The MAC algorithms of a key with this spec.
    pub fn mac_algorithms(self) -> impl Iterator<Item = MacAlgorithm> {
        MacAlgorithm::ALL.iter().copied().filter(move |algorithm| algorithm.fits(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_listed_as_describe_key_lists_them() {
        let names: Vec<_> = KeySpec::Rsa3072.signing_algorithms().map(SigningAlgorithm::as_str).collect();
        assert_eq!(names[0], "RSASSA_PKCS1_V1_5_SHA_256");
        assert_eq!(names.len(), 6);
        let names: Vec<_> = KeySpec::EccSecgP256k1.signing_algorithms().map(|one| one.as_str()).collect();
        assert_eq!(names, ["ECDSA_SHA_256"]);
        assert_eq!(KeySpec::Hmac384.mac_algorithms().next(), Some(MacAlgorithm::HmacSha384));
    }

    #[test]
    fn plaintext_limits_are_those_of_the_api_page() {
        let limits = |spec| {
            [EncryptionAlgorithm::RsaesOaepSha1, EncryptionAlgorithm::RsaesOaepSha256]
                .map(|algorithm| algorithm.plaintext_bytes_max(spec))
        };
        assert_eq!(limits(KeySpec::Rsa2048), [214, 190]);
        assert_eq!(limits(KeySpec::Rsa3072), [342, 318]);
        assert_eq!(limits(KeySpec::Rsa4096), [470, 446]);
    }
}
