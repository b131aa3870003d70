//! What the import operations share: the import token, the plan of expiries, and AWS's words for refusals.
//!
//! An import token is the wrapping key itself, as a token that only the vault opens:
//!
//! ```text
//! version (1) | wrapping key spec | wrapping algorithm | valid to (8, big endian, ms) | key token
//! ```
//!
//! All of it, with the KMS key's ARN, spec and usage, is what the vault's key token is bound to, so that nothing
//! can be changed and no other key takes it. Nothing is stored.

use std::collections::BTreeSet;
use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_store::Txn;
use keyward_vault::{Ekt, ImportBinding, KeyOrigin, KeySpec, MaterialId, VaultError, WrappingAlgorithm};

use crate::family::{self, Family, settle_pending};
use crate::fault;
use crate::key::{ImportRefusal, KeyArn, KeyRecord};
use crate::loaded::{LoadedKey, binding};
use crate::planned::Plan;
use crate::vault::as_fault;

/// How long an import token is valid.
pub(crate) const TOKEN_VALID: Duration = Duration::from_secs(24 * 3600);

const VERSION: u8 = 1;
const MOMENT: usize = 8;

/// What `GetParametersForImport` gives out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportToken {
    /// What kind of wrapping key.
    pub(crate) wrapping_key: KeySpec,
    /// How the material is wrapped.
    pub(crate) algorithm: WrappingAlgorithm,
    /// Until when it is valid.
    pub(crate) valid_to: Timestamp,
    /// The wrapping key.
    pub(crate) token: Ekt,
}

impl ImportToken {
    /// Its bytes.
    pub(crate) fn write(&self) -> Vec<u8> {
        let codes = [VERSION, self.wrapping_key.code(), self.algorithm.code()];
        [&codes, &self.valid_to.unix_millis().to_be_bytes()[..], self.token.as_bytes()].concat()
    }

    /// Reads what somebody gives as a token; whether it is true, the vault says.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[version, wrapping_key, algorithm], rest) = bytes.split_first_chunk::<3>()?;
        let (moment, token) = rest.split_first_chunk::<MOMENT>()?;
        (version == VERSION).then_some(())?;
        Some(Self {
            wrapping_key: wrapping_key.try_into().ok()?,
            algorithm: algorithm.try_into().ok()?,
            valid_to: Timestamp::from_unix_millis(i64::from_be_bytes(*moment)),
            token: Ekt::from_bytes(token),
        })
    }
}

/// What the wrapping key of a token for `key` is bound to. The material's id is not known yet.
pub(crate) fn import_binding(
    key: &LoadedKey,
    wrapping_key: KeySpec,
    algorithm: WrappingAlgorithm,
    valid_to: Timestamp,
) -> ImportBinding {
    ImportBinding {
        key_arn: key.arn.to_string(),
        key: binding(&key.arn, &key.record, MaterialId([0; 32])),
        wrapping_key,
        algorithm,
        valid_to,
    }
}

/// Refuses keys whose material does not come from outside.
pub(crate) fn check_origin(key: &LoadedKey) -> Result<(), Fault> {
    match key.record.origin() {
        KeyOrigin::External => Ok(()),
        origin => Err(fault::wrong_origin(&key.arn, origin)),
    }
}

/// Adds to `txn` that the key at `arn` is looked at when a material of `after` expires, and no more when one
/// of `before` would have.
pub(crate) fn replan_expiries(mut txn: Txn, arn: &KeyArn, before: &KeyRecord, after: &KeyRecord) -> Txn {
    let [before, after] = [before, after].map(|record| record.expiries().collect::<BTreeSet<_>>());
    for at in before.difference(&after) {
        txn = txn.delete(Plan::Expiry.of(arn, *at).row());
    }
    for at in after.difference(&before) {
        txn = txn.put(Plan::Expiry.of(arn, *at).row(), Vec::new());
    }
    txn
}

/// Adds to `txn` that `key` becomes `record`, whose materials have changed, and what that means for its
/// relatives: a primary's replicas have the materials that it has, and it knows whether all of them hold what
/// waits for its rotation.
pub(crate) fn write_materials(
    txn: Txn,
    key: &LoadedKey,
    mut record: KeyRecord,
    family: Option<&Family>,
) -> Result<Txn, Fault> {
    let mut txn = replan_expiries(txn, &key.arn, &key.record, &record);
    let Some(family) = family else { return family::write(txn, &key.arn, record) };
    if family.primary.arn == key.arn {
        let replicas: Vec<_> =
            family.replicas.iter().map(|replica| (replica, replica.record.sharing(&record))).collect();
        settle_pending(&mut record, replicas.iter().map(|(_, after)| after));
        for (replica, after) in replicas {
            if after != replica.record {
                txn = replan_expiries(txn, &replica.arn, &replica.record, &after);
                txn = family::write(txn, &replica.arn, after)?;
            }
        }
    } else {
        let mut primary = family.primary.record.clone();
        let replicas = family.replicas.iter();
        settle_pending(
            &mut primary,
            replicas.map(|one| if one.arn == key.arn { &record } else { &one.record }),
        );
        if primary != family.primary.record {
            txn = family::write(txn, &family.primary.arn, primary)?;
        }
    }
    family::write(txn, &key.arn, record)
}

/// What the caller is told when the vault does not take an import.
pub(crate) fn import_fault(error: VaultError) -> Fault {
    match error {
        VaultError::WrongToken => invalid_token(),
        VaultError::InvalidKeyMaterial => {
            incorrect_material("The key material is not valid for the key spec of the KMS key.")
        }
        error => as_fault(error),
    }
}

/// A token that is none of ours, was changed, or belongs to another key.
pub(crate) fn invalid_token() -> Fault {
    let message = "The import token is invalid or is associated with a different KMS key.";
    Fault::caller("InvalidImportTokenException", message)
}

/// A token whose time is over.
pub(crate) fn expired_token() -> Fault {
    let message = "The import token is expired. Use GetParametersForImport to get a new import token.";
    Fault::caller("ExpiredImportTokenException", message)
}

fn incorrect_material(message: &str) -> Fault {
    Fault::caller("IncorrectKeyMaterialException", message)
}

/// Material that the key at `arn` does not take.
pub(crate) fn refused_material(arn: &KeyArn, new: MaterialId, refusal: ImportRefusal) -> Fault {
    match refusal {
        ImportRefusal::Unknown => {
            incorrect_material("The key material is not the key material that was previously imported.")
        }
        ImportRefusal::Associated => {
            incorrect_material("The key material is already associated with the KMS key.")
        }
        ImportRefusal::OtherPending(pending) => Fault::caller(
            "KMSInvalidStateException",
            format!(
                "New key material (id: {new}) cannot be imported into KMS key {arn}, because another key \
                 material (id: {pending}) is pending rotation."
            ),
        ),
        ImportRefusal::NewInReplica => fault::unsupported(format!(
            "{arn} is a multi-Region replica key: new key material is imported into its primary key first."
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tokens are in people's hands for a day: this form is read by a newer version too.
    #[test]
    fn a_token_of_version_1_keeps_its_bytes() {
        let token = ImportToken {
            wrapping_key: KeySpec::Rsa4096,
            algorithm: WrappingAlgorithm::RsaAesKeyWrapSha256,
            valid_to: Timestamp::from_unix_millis(258),
            token: Ekt::from_bytes(vec![7, 8]),
        };
        let bytes = [1, 4, 4, 0, 0, 0, 0, 0, 0, 1, 2, 7, 8];
        assert_eq!(token.write(), bytes);
        assert_eq!(ImportToken::read(&bytes), Some(token));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(token) = ImportToken::read(&bytes) {
                prop_assert_eq!(token.write(), bytes);
            }
        }
    }
}
