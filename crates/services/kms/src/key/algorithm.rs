//! Algorithms by AWS's names, and the limits that belong to them (API pages of `Encrypt` and `Sign`).

use super::spec::KeySpec;
use crate::names::aws_names;

aws_names! {
    /// How `Encrypt` and `Decrypt` work.
    EncryptionAlgorithm {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

aws_names! {
    /// How `Sign` and `Verify` work.
    SigningAlgorithm {
        RsassaPssSha256 = "RSASSA_PSS_SHA_256",
        RsassaPssSha384 = "RSASSA_PSS_SHA_384",
        RsassaPssSha512 = "RSASSA_PSS_SHA_512",
        RsassaPkcs1V15Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
        RsassaPkcs1V15Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
        RsassaPkcs1V15Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
        EcdsaSha256 = "ECDSA_SHA_256",
        EcdsaSha384 = "ECDSA_SHA_384",
        EcdsaSha512 = "ECDSA_SHA_512",
        Sm2Dsa = "SM2DSA",
        MlDsaShake256 = "ML_DSA_SHAKE_256",
        Ed25519Sha512 = "ED25519_SHA_512",
        Ed25519PhSha512 = "ED25519_PH_SHA_512",
    }
}

aws_names! {
    /// How `GenerateMac` and `VerifyMac` work.
    MacAlgorithm {
        HmacSha224 = "HMAC_SHA_224",
        HmacSha256 = "HMAC_SHA_256",
        HmacSha384 = "HMAC_SHA_384",
        HmacSha512 = "HMAC_SHA_512",
    }
}

aws_names! {
    /// What `Message` is in `Sign` and `Verify`.
    MessageType {
        Raw = "RAW",
        Digest = "DIGEST",
        ExternalMu = "EXTERNAL_MU",
    }
}

impl EncryptionAlgorithm {
    /// The longest plaintext, in bytes, under a key of `spec` (RFC 8017: k − 2h − 2 for OAEP).
    pub fn plaintext_bytes_max(self, spec: KeySpec) -> usize {
        let oaep = |hash: usize| spec.rsa_modulus_bytes().map_or(0, |modulus| modulus - 2 * hash - 2);
        match self {
            Self::SymmetricDefault => 4096,
            Self::RsaesOaepSha1 => oaep(20),
            Self::RsaesOaepSha256 => oaep(32),
            Self::Sm2Pke => 1024,
        }
    }
}

impl SigningAlgorithm {
    /// The length of a `DIGEST` message in bytes; `None` where only `RAW` (or `EXTERNAL_MU`) is allowed.
    pub const fn digest_bytes(self) -> Option<usize> {
        match self {
            Self::RsassaPssSha256 | Self::RsassaPkcs1V15Sha256 | Self::EcdsaSha256 | Self::Sm2Dsa => Some(32),
            Self::RsassaPssSha384 | Self::RsassaPkcs1V15Sha384 | Self::EcdsaSha384 => Some(48),
            Self::RsassaPssSha512
            | Self::RsassaPkcs1V15Sha512
            | Self::EcdsaSha512
            | Self::Ed25519PhSha512 => Some(64),
            Self::MlDsaShake256 | Self::Ed25519Sha512 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plaintext_limits_are_those_of_the_documentation() {
        use EncryptionAlgorithm::{RsaesOaepSha1, RsaesOaepSha256, SymmetricDefault};
        assert_eq!(SymmetricDefault.plaintext_bytes_max(KeySpec::SymmetricDefault), 4096);
        for (spec, sha1, sha256) in
            [(KeySpec::Rsa2048, 214, 190), (KeySpec::Rsa3072, 342, 318), (KeySpec::Rsa4096, 470, 446)]
        {
            assert_eq!(RsaesOaepSha1.plaintext_bytes_max(spec), sha1);
            assert_eq!(RsaesOaepSha256.plaintext_bytes_max(spec), sha256);
        }
    }
}
