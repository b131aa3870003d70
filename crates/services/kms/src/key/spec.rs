//! Which kinds of keys can be made: spec, usage and origin, and which of them go together.

use keyward_base::{Fault, Partition, Region};
use keyward_vault::{KeyOrigin, KeySpec, KeyUsage};
use serde::{Deserialize, Serialize};

use crate::fault;

/// Who manages a key. The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyManager {
    /// The customer.
    Customer,
    /// A service, on the customer's behalf.
    Aws,
}

/// The kind of a key that is to be made: a combination that AWS allows and this deployment serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyKind {
    /// The kind of its material.
    pub(crate) spec: KeySpec,
    /// What it may be used for.
    pub(crate) usage: KeyUsage,
    /// Where its material comes from.
    pub(crate) origin: KeyOrigin,
}

impl KeyKind {
    /// What `CreateKey` asks for. Only symmetric encryption keys have a default usage.
    pub(crate) fn new(spec: KeySpec, usage: Option<KeyUsage>, origin: KeyOrigin) -> Result<Self, Fault> {
        let usage = match usage {
            Some(usage) => usage,
            None if spec == KeySpec::SymmetricDefault => KeyUsage::EncryptDecrypt,
            None => {
                return Err(fault::validation(
                    "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
                ));
            }
        };
        if !spec.allows(usage) {
            return Err(fault::validation(format!("KeyUsage {usage} is not compatible with KeySpec {spec}")));
        }
        let kind = Self { spec, usage, origin };
        if origin == KeyOrigin::AwsCloudHsm && spec != KeySpec::SymmetricDefault {
            let message = "A custom key store can only have symmetric encryption keys.";
            return Err(fault::unsupported(message));
        }
        kind.unserved().map_or(Ok(kind), |what| Err(fault::unsupported(format!("{what} is not served yet."))))
    }

    /// What of it AWS has and this deployment has not.
    fn unserved(self) -> Option<String> {
        let served = self.origin != KeyOrigin::ExternalKeyStore;
        (!served).then(|| format!("Origin {}", self.origin))
    }
}

/// SM2 exists in the China Regions only (developer guide, "Key spec reference"): those named `cn-…`, and all
/// Regions of a deployment whose partition is `aws-cn`. `member` is the one that names the spec.
pub(crate) fn check_region(
    spec: KeySpec,
    member: &str,
    partition: &Partition,
    region: &Region,
) -> Result<(), Fault> {
    if spec != KeySpec::Sm2 || region.as_str().starts_with("cn-") || partition.as_str() == "aws-cn" {
        return Ok(());
    }
    Err(fault::unsupported(format!("{member} SM2 is available only in China Regions.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(spec: KeySpec, usage: Option<KeyUsage>) -> Result<KeyUsage, String> {
        let kind = KeyKind::new(spec, usage, KeyOrigin::AwsKms);
        kind.map(|kind| kind.usage).map_err(|fault| fault.to_string())
    }

    #[test]
    fn only_symmetric_encryption_keys_have_a_default_usage() {
        assert_eq!(kind(KeySpec::SymmetricDefault, None), Ok(KeyUsage::EncryptDecrypt));
        for spec in KeySpec::ALL.iter().filter(|spec| **spec != KeySpec::SymmetricDefault) {
            let refused = "ValidationException: You must specify a KeyUsage value for all KMS keys except for \
                           symmetric encryption keys.";
            assert_eq!(kind(*spec, None), Err(refused.to_owned()));
        }
    }

    #[test]
    fn elliptic_curve_keys_do_not_encrypt() {
        let refused =
            "ValidationException: KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P521";
        assert_eq!(kind(KeySpec::EccNistP521, Some(KeyUsage::EncryptDecrypt)), Err(refused.to_owned()));
        assert_eq!(kind(KeySpec::EccNistP521, Some(KeyUsage::SignVerify)), Ok(KeyUsage::SignVerify));
    }

    #[test]
    fn what_is_not_served_yet_is_named() {
        let origin = KeyOrigin::ExternalKeyStore;
        let fault = KeyKind::new(KeySpec::SymmetricDefault, None, origin).unwrap_err();
        assert!(fault.to_string().contains(origin.as_str()), "{fault}");
    }

    #[test]
    fn a_custom_key_store_has_symmetric_keys_only() {
        let kind = |spec, usage| KeyKind::new(spec, usage, KeyOrigin::AwsCloudHsm);
        assert!(kind(KeySpec::SymmetricDefault, None).is_ok());
        for (spec, usage) in
            [(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt), (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac)]
        {
            let fault = kind(spec, Some(usage)).unwrap_err();
            assert_eq!(fault.code(), "UnsupportedOperationException");
        }
    }

    #[test]
    fn sm2_is_refused_outside_china() {
        let check = |spec, partition: &str, region: &str| {
            let (partition, region) = (partition.parse().unwrap(), region.parse().unwrap());
            check_region(spec, "KeySpec", &partition, &region).map_err(|fault| fault.to_string())
        };
        let refused = "UnsupportedOperationException: KeySpec SM2 is available only in China Regions.";
        assert_eq!(check(KeySpec::Sm2, "aws", "us-east-1"), Err(refused.to_owned()));
        assert_eq!(check(KeySpec::Sm2, "aws", "cn-north-1"), Ok(()));
        assert_eq!(check(KeySpec::Sm2, "aws-cn", "us-east-1"), Ok(()));
        assert_eq!(check(KeySpec::Rsa2048, "aws", "us-east-1"), Ok(()));
    }
}
