//! Key specs, usages and origins, as the KMS API names them (CreateKey).

coded_enum! {
    /// What kind of key: KMS's `KeySpec`. A spec that a vault lacks is refused, never approximated.
    KeySpec {
        /// AES-256-GCM with a key derived for each message.
        SymmetricDefault = 1, "SYMMETRIC_DEFAULT";
        /// RSA, 2048 bits, public exponent 65537.
        Rsa2048 = 2, "RSA_2048";
        /// RSA, 3072 bits.
        Rsa3072 = 3, "RSA_3072";
        /// RSA, 4096 bits.
        Rsa4096 = 4, "RSA_4096";
        /// NIST P-256.
        EccNistP256 = 5, "ECC_NIST_P256";
        /// NIST P-384.
        EccNistP384 = 6, "ECC_NIST_P384";
        /// NIST P-521.
        EccNistP521 = 7, "ECC_NIST_P521";
        /// secp256k1.
        EccSecgP256k1 = 8, "ECC_SECG_P256K1";
        /// Ed25519.
        EccNistEdwards25519 = 9, "ECC_NIST_EDWARDS25519";
        /// HMAC key of 28 bytes.
        Hmac224 = 10, "HMAC_224";
        /// HMAC key of 32 bytes.
        Hmac256 = 11, "HMAC_256";
        /// HMAC key of 48 bytes.
        Hmac384 = 12, "HMAC_384";
        /// HMAC key of 64 bytes.
        Hmac512 = 13, "HMAC_512";
        /// ML-DSA-44 (FIPS 204).
        MlDsa44 = 14, "ML_DSA_44";
        /// ML-DSA-65.
        MlDsa65 = 15, "ML_DSA_65";
        /// ML-DSA-87.
        MlDsa87 = 16, "ML_DSA_87";
        /// ML-KEM-512 (FIPS 203).
        MlKem512 = 17, "ML_KEM_512";
        /// ML-KEM-768.
        MlKem768 = 18, "ML_KEM_768";
        /// ML-KEM-1024.
        MlKem1024 = 19, "ML_KEM_1024";
        /// SM2 (GB/T 32918).
        Sm2 = 20, "SM2";
    }
}

coded_enum! {
    /// What a key may be used for: KMS's `KeyUsage`. It is fixed when the key is made.
    KeyUsage {
        /// Encrypt, Decrypt, ReEncrypt, data keys.
        EncryptDecrypt = 1, "ENCRYPT_DECRYPT";
        /// Sign, Verify.
        SignVerify = 2, "SIGN_VERIFY";
        /// GenerateMac, VerifyMac.
        GenerateVerifyMac = 3, "GENERATE_VERIFY_MAC";
        /// DeriveSharedSecret.
        KeyAgreement = 4, "KEY_AGREEMENT";
        /// Encapsulate, Decapsulate.
        EncapsulateDecapsulate = 5, "ENCAPSULATE_DECAPSULATE";
    }
}

coded_enum! {
    /// Where a key's material comes from: KMS's `Origin`.
    KeyOrigin {
        /// Made in the vault.
        AwsKms = 1, "AWS_KMS";
        /// Imported by its owner.
        External = 2, "EXTERNAL";
        /// Made in a CloudHSM cluster of the owner's.
        AwsCloudHsm = 3, "AWS_CLOUDHSM";
        /// Held outside, behind a proxy.
        ExternalKeyStore = 4, "EXTERNAL_KEY_STORE";
    }
}

impl KeySpec {
    /// Whether the key is a pair with a public half.
    pub const fn is_asymmetric(self) -> bool {
        !matches!(
            self,
            Self::SymmetricDefault | Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512
        )
    }

    /// Whether a vault makes data key pairs of this spec (KMS API, GenerateDataKeyPair).
    pub const fn makes_data_key_pairs(self) -> bool {
        use KeySpec::*;
        self.is_asymmetric() && !matches!(self, MlDsa44 | MlDsa65 | MlDsa87)
    }

    /// Whether KMS lets a key of this spec have this usage (KMS developer guide, "Key spec reference").
    pub const fn allows(self, usage: KeyUsage) -> bool {
        use KeySpec::*;
        match usage {
            KeyUsage::EncryptDecrypt => {
                matches!(self, SymmetricDefault | Rsa2048 | Rsa3072 | Rsa4096 | Sm2)
            }
            KeyUsage::SignVerify => !matches!(
                self,
                SymmetricDefault | Hmac224 | Hmac256 | Hmac384 | Hmac512 | MlKem512 | MlKem768 | MlKem1024
            ),
            KeyUsage::GenerateVerifyMac => matches!(self, Hmac224 | Hmac256 | Hmac384 | Hmac512),
            KeyUsage::KeyAgreement => matches!(self, EccNistP256 | EccNistP384 | EccNistP521 | Sm2),
            KeyUsage::EncapsulateDecapsulate => matches!(self, MlKem512 | MlKem768 | MlKem1024),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_go_there_and_back_and_are_unique() {
        for spec in KeySpec::ALL {
            assert_eq!(KeySpec::try_from(spec.code()), Ok(*spec));
            assert_eq!(spec.as_str().parse(), Ok(*spec));
        }
        assert!(KeySpec::try_from(0).is_err());
        assert!("RSA_1024".parse::<KeySpec>().is_err());
    }

    #[test]
    fn usages_follow_the_spec_reference() {
        assert!(KeySpec::Rsa2048.allows(KeyUsage::EncryptDecrypt));
        assert!(KeySpec::Rsa2048.allows(KeyUsage::SignVerify));
        assert!(!KeySpec::Rsa2048.allows(KeyUsage::KeyAgreement));
        assert!(!KeySpec::EccSecgP256k1.allows(KeyUsage::KeyAgreement));
        assert!(!KeySpec::SymmetricDefault.allows(KeyUsage::SignVerify));
        assert!(!KeySpec::Hmac256.allows(KeyUsage::SignVerify));
    }
}
