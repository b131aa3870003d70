//! Key specs, usages and origins, and which of them go together (API page of `CreateKey`).

use super::algorithm::{EncryptionAlgorithm, MacAlgorithm, SigningAlgorithm};
use crate::names::aws_names;

aws_names! {
    /// What kind of material a key has.
    KeySpec {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256k1 = "ECC_SECG_P256K1",
        Hmac224 = "HMAC_224",
        Hmac256 = "HMAC_256",
        Hmac384 = "HMAC_384",
        Hmac512 = "HMAC_512",
        Sm2 = "SM2",
        MlDsa44 = "ML_DSA_44",
        MlDsa65 = "ML_DSA_65",
        MlDsa87 = "ML_DSA_87",
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
        MlKem512 = "ML_KEM_512",
        MlKem768 = "ML_KEM_768",
        MlKem1024 = "ML_KEM_1024",
    }
}

aws_names! {
    /// What a key may be used for; fixed when it is created.
    KeyUsage {
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        SignVerify = "SIGN_VERIFY",
        GenerateVerifyMac = "GENERATE_VERIFY_MAC",
        KeyAgreement = "KEY_AGREEMENT",
        EncapsulateDecapsulate = "ENCAPSULATE_DECAPSULATE",
    }
}

aws_names! {
    /// Where a key's material comes from.
    Origin {
        AwsKms = "AWS_KMS",
        External = "EXTERNAL",
        AwsCloudHsm = "AWS_CLOUDHSM",
        ExternalKeyStore = "EXTERNAL_KEY_STORE",
    }
}

aws_names! {
    /// Who manages a key: the customer, or a service on the customer's behalf.
    KeyManager {
        Customer = "CUSTOMER",
        Aws = "AWS",
    }
}

/// The algorithms that a key supports: the one list of its metadata that matches its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithms {
    /// `EncryptionAlgorithms`.
    Encryption(&'static [EncryptionAlgorithm]),
    /// `SigningAlgorithms`.
    Signing(&'static [SigningAlgorithm]),
    /// `MacAlgorithms`.
    Mac(&'static [MacAlgorithm]),
    /// `KeyAgreementAlgorithms`, always `[ECDH]`.
    KeyAgreement,
    /// `EncapsulationAlgorithms`, always `[ML_KEM]`.
    Encapsulation,
}

impl KeySpec {
    /// The usages that a key of this spec can have; `CreateKey` refuses the others.
    pub const fn usages(self) -> &'static [KeyUsage] {
        use KeyUsage::{EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
        match self {
            Self::SymmetricDefault => &[EncryptDecrypt],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[EncryptDecrypt, SignVerify],
            Self::EccNistP256 | Self::EccNistP384 | Self::EccNistP521 => &[SignVerify, KeyAgreement],
            Self::EccSecgP256k1
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87
            | Self::EccNistEdwards25519 => &[SignVerify],
            Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512 => &[GenerateVerifyMac],
            Self::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => &[EncapsulateDecapsulate],
        }
    }

    /// Whether keys of this spec can be made here today.
    pub const fn served(self) -> bool {
        !matches!(
            self,
            Self::Sm2
                | Self::MlDsa44
                | Self::MlDsa65
                | Self::MlDsa87
                | Self::EccNistEdwards25519
                | Self::MlKem512
                | Self::MlKem768
                | Self::MlKem1024
        )
    }

    /// Whether a key of this spec has a public half.
    pub const fn asymmetric(self) -> bool {
        !matches!(
            self,
            Self::SymmetricDefault | Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512
        )
    }

    /// The algorithms of a key with this spec and `usage`, in AWS's recorded order.
    pub fn algorithms(self, usage: KeyUsage) -> Algorithms {
        match usage {
            KeyUsage::EncryptDecrypt => Algorithms::Encryption(self.encryption_algorithms()),
            KeyUsage::SignVerify => Algorithms::Signing(self.signing_algorithms()),
            KeyUsage::GenerateVerifyMac => Algorithms::Mac(self.mac_algorithms()),
            KeyUsage::KeyAgreement => Algorithms::KeyAgreement,
            KeyUsage::EncapsulateDecapsulate => Algorithms::Encapsulation,
        }
    }

    /// The encryption algorithms that fit this spec.
    pub const fn encryption_algorithms(self) -> &'static [EncryptionAlgorithm] {
        use EncryptionAlgorithm::{RsaesOaepSha1, RsaesOaepSha256, Sm2Pke, SymmetricDefault};
        match self {
            Self::SymmetricDefault => &[SymmetricDefault],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[RsaesOaepSha1, RsaesOaepSha256],
            Self::Sm2 => &[Sm2Pke],
            _ => &[],
        }
    }

    /// The signing algorithms that fit this spec.
    pub const fn signing_algorithms(self) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm as S;
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[
                S::RsassaPkcs1V15Sha256,
                S::RsassaPkcs1V15Sha384,
                S::RsassaPkcs1V15Sha512,
                S::RsassaPssSha256,
                S::RsassaPssSha384,
                S::RsassaPssSha512,
            ],
            Self::EccNistP256 | Self::EccSecgP256k1 => &[S::EcdsaSha256],
            Self::EccNistP384 => &[S::EcdsaSha384],
            Self::EccNistP521 => &[S::EcdsaSha512],
            Self::EccNistEdwards25519 => &[S::Ed25519Sha512, S::Ed25519PhSha512],
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => &[S::MlDsaShake256],
            Self::Sm2 => &[S::Sm2Dsa],
            _ => &[],
        }
    }

    /// The MAC algorithms that fit this spec.
    pub const fn mac_algorithms(self) -> &'static [MacAlgorithm] {
        match self {
            Self::Hmac224 => &[MacAlgorithm::HmacSha224],
            Self::Hmac256 => &[MacAlgorithm::HmacSha256],
            Self::Hmac384 => &[MacAlgorithm::HmacSha384],
            Self::Hmac512 => &[MacAlgorithm::HmacSha512],
            _ => &[],
        }
    }

    /// Bytes of the modulus of an RSA spec.
    pub const fn rsa_modulus_bytes(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(256),
            Self::Rsa3072 => Some(384),
            Self::Rsa4096 => Some(512),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_unknown_ones_do_not() {
        for spec in KeySpec::ALL {
            assert_eq!(KeySpec::parse(spec.as_str()), Some(*spec));
        }
        assert_eq!(KeySpec::parse("RSA_1024"), None);
        assert_eq!(KeyUsage::parse("encrypt_decrypt"), None);
    }

    #[test]
    fn every_usage_of_every_spec_has_algorithms() {
        for spec in KeySpec::ALL {
            for usage in spec.usages() {
                let filled = match spec.algorithms(*usage) {
                    Algorithms::Encryption(list) => !list.is_empty(),
                    Algorithms::Signing(list) => !list.is_empty(),
                    Algorithms::Mac(list) => !list.is_empty(),
                    Algorithms::KeyAgreement | Algorithms::Encapsulation => true,
                };
                assert!(filled, "{spec} {usage}");
            }
        }
    }

    #[test]
    fn secg_keys_sign_only_and_nist_curves_also_agree() {
        assert_eq!(KeySpec::EccSecgP256k1.usages(), [KeyUsage::SignVerify]);
        assert!(KeySpec::EccNistP256.usages().contains(&KeyUsage::KeyAgreement));
        assert!(!KeySpec::EccNistP521.usages().contains(&KeyUsage::EncryptDecrypt));
    }
}
