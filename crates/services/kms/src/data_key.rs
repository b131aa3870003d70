//! What the data key operations share: the key's length or kind, and which keys can wrap one.

use keyward_base::Fault;
use keyward_gate::{Check, RequestContext};
use keyward_schema::kms::{DataKeyPairSpec, DataKeySpec};
use keyward_vault::{EncryptionAlgorithm, KeySpec, KeyUsage};

use crate::crypto::{GivenContext, with_context};
use crate::fault;
use crate::key::{Profile, check_region, shown};
use crate::loaded::LoadedKey;

/// The data key's length in bytes: exactly one of `KeySpec` and `NumberOfBytes` says it.
pub(crate) fn length(spec: Option<DataKeySpec>, bytes: Option<i32>) -> Result<u32, Fault> {
    match (spec, bytes) {
        (Some(DataKeySpec::Aes256), None) => Ok(32),
        (Some(DataKeySpec::Aes128), None) => Ok(16),
        (None, Some(bytes)) => u32::try_from(bytes).map_err(fault::internal),
        _ => Err(fault::validation("Please specify either number of bytes or key spec.")),
    }
}

/// The kind of a data key pair, where the request's Region has it.
pub(crate) fn pair_spec(given: DataKeyPairSpec, request: &RequestContext) -> Result<KeySpec, Fault> {
    let spec: KeySpec = shown(given.as_str())?;
    check_region(spec, "KeyPairSpec", &request.partition, &request.region)?;
    Ok(spec)
}

/// Keys in custom key stores make no pairs.
pub(crate) fn check_makes_pairs(key: &LoadedKey) -> Result<(), Fault> {
    match key.record.source.store() {
        Some(_) => Err(fault::wrong_origin(&key.arn, key.record.origin())),
        None => Ok(()),
    }
}

/// The condition keys of a data key pair.
pub(crate) fn with_pair(check: Check, pair: DataKeyPairSpec, context: &GivenContext) -> Check {
    with_context(check, context, None).with("kms:DataKeyPairSpec", pair.as_str())
}

/// Only an enabled symmetric encryption key wraps data keys.
pub(crate) fn check_key(key: &LoadedKey, operation: &str) -> Result<(), Fault> {
    key.check_usage(KeyUsage::EncryptDecrypt, operation)?;
    if key.record.spec != KeySpec::SymmetricDefault {
        return Err(fault::incompatible_algorithm(&EncryptionAlgorithm::SymmetricDefault, key.record.spec));
    }
    key.admit(Profile::Cryptographic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_member_says_the_length() {
        assert_eq!(length(Some(DataKeySpec::Aes128), None).unwrap(), 16);
        assert_eq!(length(None, Some(1024)).unwrap(), 1024);
        for (spec, bytes) in [(None, None), (Some(DataKeySpec::Aes256), Some(32))] {
            let refused = length(spec, bytes).unwrap_err().to_string();
            assert_eq!(refused, "ValidationException: Please specify either number of bytes or key spec.");
        }
    }
}
