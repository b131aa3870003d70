//! Where KMS's rows are, and how they are read and written.
//!
//! ```text
//! kms/<account>/<region>/key/<key id>                       KeyRow
//! kms/<account>/<region>/alias/<name without alias/>        AliasRow
//! kms/<account>/<region>/rotation/<key id>                  RotationRow: what is planned and what was done
//! kms/deletion/<moment>/<account>/<region>/<key id>         empty: a key whose waiting period ends then
//! kms/rotation/<moment>/<account>/<region>/<key id>         empty: a key that is to be rotated then
//! kms/expiry/<moment>/<account>/<region>/<key id>           empty: a key whose material expires then
//! kms/owner/<region>/<key id>                               OwnerRow: whose key it is
//! kms/<account>/<region>/key-count, key-change/<uuid>       how many keys there are (`count`)
//! kms/<account>/<region>/usage/<key id>                     UseRow: what it was used for last
//! kms/usage-since                                           TrackedSinceRow: since when uses are noted
//! kms/marker-key                                            MarkerKeyRow
//! ```

use keyward_base::{AccountId, Fault, Region};
use keyward_store::Key;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::alias::AliasName;
use crate::fault;
use crate::key::{KeyArn, KeyId, KeyRecord, KeyRow};

/// The key of KMS's marker key.
pub(crate) fn marker_key() -> Key {
    Key::of(&["kms", "marker-key"])
}

/// The place of a key.
pub(crate) fn key(account: AccountId, region: &Region, id: &KeyId) -> Key {
    place(account, region, "key", id.as_str())
}

/// The place where the owner of a key id is written: a ciphertext names its key without the account.
pub(crate) fn owner(region: &Region, id: &KeyId) -> Key {
    Key::of(&["kms", "owner", region.as_str(), id.as_str()])
}

/// Whose key it is, as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum OwnerRow {
    /// The first version.
    V1(AccountId),
}

/// The place of a key's rotations, beside the key: what the hot operations read stays small.
pub(crate) fn rotation(account: AccountId, region: &Region, id: &KeyId) -> Key {
    place(account, region, "rotation", id.as_str())
}

/// The place of a key's last use.
pub(crate) fn usage(arn: &KeyArn) -> Key {
    place(arn.account, &arn.region, "usage", arn.id.as_str())
}

/// Where it is written since when uses are noted.
pub(crate) fn usage_since() -> Key {
    Key::of(&["kms", "usage-since"])
}

/// Where an account's keys in a Region begin.
pub(crate) fn keys(account: AccountId, region: &Region) -> Key {
    place(account, region, "key", "")
}

/// The place of an alias. A name may hold slashes; it is the last part.
pub(crate) fn alias(account: AccountId, region: &Region, name: &AliasName) -> Key {
    let name = name.as_str().strip_prefix("alias/").unwrap_or(name.as_str());
    place(account, region, "alias", name)
}

/// Where an account's aliases in a Region begin.
pub(crate) fn aliases(account: AccountId, region: &Region) -> Key {
    place(account, region, "alias", "")
}

fn place(account: AccountId, region: &Region, kind: &str, name: &str) -> Key {
    Key::of(&["kms", &account.to_string(), region.as_str(), kind, name])
}

/// The last part of a row's key below `prefix`.
pub(crate) fn name_below<'a>(prefix: &Key, key: &'a Key) -> Option<&'a str> {
    std::str::from_utf8(key.as_bytes().strip_prefix(prefix.as_bytes())?).ok()
}

/// A key's place taken apart; `None` for the places of other rows.
pub(crate) fn parse_key(row: &Key) -> Option<(AccountId, Region, KeyId)> {
    let mut parts = std::str::from_utf8(row.as_bytes()).ok()?.split('/');
    if parts.next() != Some("kms") {
        return None;
    }
    let account = parts.next()?.parse().ok()?;
    let region = parts.next()?.parse().ok()?;
    if parts.next() != Some("key") {
        return None;
    }
    let id = KeyId::parse(parts.next()?)?;
    parts.next().is_none().then_some((account, region, id))
}

/// A key's row's value.
pub(crate) fn write_key(record: KeyRecord) -> Result<Vec<u8>, Fault> {
    encode(&KeyRow::V2(record))
}

/// Reads a key's row's value, whichever version wrote it.
pub(crate) fn read_key(value: &[u8]) -> Result<KeyRecord, Fault> {
    decode::<KeyRow>(value)?.into_record()
}

/// A row's value.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_stdvec(row).map_err(fault::internal)
}

/// Reads a row's value. A newer version's row is a fault of ours: that binary has to read it.
pub(crate) fn decode<T: DeserializeOwned>(value: &[u8]) -> Result<T, Fault> {
    postcard::from_bytes(value).map_err(fault::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows written by released versions stay readable: these bytes never change.
    #[test]
    fn an_owner_row_of_version_1_keeps_its_bytes() {
        let row = OwnerRow::V1("000000000042".parse().unwrap());
        let bytes = encode(&row).unwrap();
        assert_eq!(bytes, [&[0, 12][..], b"000000000042"].concat());
        let OwnerRow::V1(account) = decode(&bytes).unwrap();
        assert_eq!(account.to_string(), "000000000042");
    }

    #[test]
    fn a_row_of_a_newer_version_is_a_fault_of_ours() {
        let fault = decode::<OwnerRow>(&[1, 12]).unwrap_err();
        assert_eq!((fault.code(), fault.blame()), ("KMSInternalException", keyward_base::Blame::Ours));
    }

    #[test]
    fn places_are_read_back() {
        let account = "000000000042".parse().unwrap();
        let region: Region = "us-east-1".parse().unwrap();
        let id = KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap();
        let place = key(account, &region, &id);
        assert_eq!(parse_key(&place), Some((account, region.clone(), id.clone())));
        assert_eq!(name_below(&keys(account, &region), &place), Some(id.as_str()));
        let name = AliasName::parse("alias/a/b").unwrap();
        let place = alias(account, &region, &name);
        assert_eq!(name_below(&aliases(account, &region), &place), Some("a/b"));
        assert_eq!(parse_key(&place), None);
        assert_eq!(parse_key(&rotation(account, &region, &id)), None);
    }
}
