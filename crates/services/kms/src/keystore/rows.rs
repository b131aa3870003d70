//! Where the rows of custom key stores are.
//!
//! ```text
//! kms/keystore/<account>/<region>/<store id>                     KeyStoreRow
//! kms/keystore-name/<account>/<region>/<name>                    IdRow: whose name it is
//! kms/keystore-cluster/<account>/<region>/<fingerprint>          IdRow: who uses the cluster, or one like it
//! kms/keystore-key/<account>/<region>/<store id>/<key id>        empty: a key in the store, in whatever state
//! kms/keystore-orphan/<account>/<region>/<store id>/<reference>  empty: a key of the cluster whose KMS key is gone
//! ```

use keyward_base::{AccountId, Region};
use keyward_hsm::KeyHandle;
use keyward_store::Key;
use serde::{Deserialize, Serialize};

use super::CertificateFingerprint;
use crate::key::{CustomKeyStoreId, KeyId};

/// The store that a name or a cluster belongs to, as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum IdRow {
    /// The first version.
    V1(CustomKeyStoreId),
}

/// Where all key stores' rows begin, of all accounts and Regions.
pub(crate) fn all() -> Key {
    Key::of(&["kms", "keystore", ""])
}

/// The places of an account's key stores in a Region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyStorePlaces<'a> {
    /// The account.
    pub(crate) account: AccountId,
    /// The Region.
    pub(crate) region: &'a Region,
}

impl KeyStorePlaces<'_> {
    /// Where the stores begin.
    pub(crate) fn stores(&self) -> Key {
        self.of("keystore", &[""])
    }

    /// The place of a store.
    pub(crate) fn store(&self, id: &CustomKeyStoreId) -> Key {
        self.of("keystore", &[id.as_str()])
    }

    /// The place of a name's owner. A name may hold slashes; it is the last part.
    pub(crate) fn name(&self, name: &str) -> Key {
        self.of("keystore-name", &[name])
    }

    /// The place of a cluster's user.
    pub(crate) fn cluster(&self, certificate: &CertificateFingerprint) -> Key {
        self.of("keystore-cluster", &[&data_encoding::HEXLOWER.encode(&certificate.0)])
    }

    /// Where the keys of a store begin.
    pub(crate) fn keys(&self, id: &CustomKeyStoreId) -> Key {
        self.of("keystore-key", &[id.as_str(), ""])
    }

    /// The place of a key in a store.
    pub(crate) fn key(&self, id: &CustomKeyStoreId, key: &KeyId) -> Key {
        self.of("keystore-key", &[id.as_str(), key.as_str()])
    }

    /// Where the cluster's keys are listed that are to be deleted, because their KMS keys are.
    pub(crate) fn orphans(&self, id: &CustomKeyStoreId) -> Key {
        self.of("keystore-orphan", &[id.as_str(), ""])
    }

    /// The place of one of them.
    pub(crate) fn orphan(&self, id: &CustomKeyStoreId, handle: KeyHandle) -> Key {
        self.of("keystore-orphan", &[id.as_str(), &handle.to_string()])
    }

    fn of(&self, kind: &str, rest: &[&str]) -> Key {
        let account = self.account.to_string();
        Key::of(&[&["kms", kind, &account, self.region.as_str()], rest].concat())
    }
}

/// A store's place taken apart; `None` for the places of other rows.
pub(crate) fn parse_store(row: &Key) -> Option<(AccountId, Region, CustomKeyStoreId)> {
    let rest = row.as_bytes().strip_prefix(all().as_bytes())?;
    let mut parts = std::str::from_utf8(rest).ok()?.split('/');
    let account = parts.next()?.parse().ok()?;
    let region = parts.next()?.parse().ok()?;
    let id = CustomKeyStoreId::parse(parts.next()?)?;
    parts.next().is_none().then_some((account, region, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stores_place_is_read_back_and_no_other() {
        let region: Region = "us-east-1".parse().unwrap();
        let account: AccountId = "000000000042".parse().unwrap();
        let places = KeyStorePlaces { account, region: &region };
        let id = CustomKeyStoreId::parse("cks-1234567890abcdef0").unwrap();
        assert_eq!(parse_store(&places.store(&id)), Some((account, region.clone(), id.clone())));
        for other in [places.name(id.as_str()), places.keys(&id), places.stores()] {
            assert_eq!(parse_store(&other), None);
        }
        assert!(places.store(&id).as_bytes().starts_with(places.stores().as_bytes()));
    }

    /// Rows written by released versions stay readable: these bytes never change.
    #[test]
    fn an_id_row_of_version_1_keeps_its_bytes() {
        let id = CustomKeyStoreId::parse("cks-1234567890abcdef0").unwrap();
        let bytes = crate::rows::encode(&IdRow::V1(id)).unwrap();
        assert_eq!(bytes, [&[0, 21][..], b"cks-1234567890abcdef0"].concat());
    }
}
