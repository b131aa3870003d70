//! Where CloudHSM's rows are, and how they are read and written.
//!
//! ```text
//! cloudhsm/cluster/<account>/<region>/<cluster id>     ClusterRow: a cluster with its HSMs
//! cloudhsm/backup/<region>/<account>/<backup id>       BackupRow
//! cloudhsm/guard/<account>/<region>                    empty: written with all that counts against a quota
//! cloudhsm/token-key                                   TokenKeyRow
//! cloudhsm/anchor/<aws|manufacturer>                   RootRow: a root that certifies HSMs
//! ```
//! Blobs: `cloudhsm/backup/<backup id>` and, for a cluster that was made from a backup, `cloudhsm/seed/<cluster id>`.

use keyward_base::{AccountId, Fault, Region};
use keyward_hsm::ClusterId;
use keyward_store::Key;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault;
use crate::ids::BackupId;

/// Whose a cluster or backup is, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The account.
    pub(crate) account: AccountId,
    /// The Region.
    pub(crate) region: Region,
}

/// The place of the key that seals page tokens.
pub(crate) fn token_key() -> Key {
    Key::of(&["cloudhsm", "token-key"])
}

/// The place of a root that certifies HSMs.
pub(crate) fn root(name: &str) -> Key {
    Key::of(&["cloudhsm", "anchor", name])
}

/// The place of the guard that orders what counts against an account's quotas in a Region.
pub(crate) fn guard(place: &Place) -> Key {
    Key::of(&["cloudhsm", "guard", &place.account.to_string(), place.region.as_str()])
}

/// Before every cluster of the deployment.
pub(crate) fn all_clusters() -> Key {
    Key::of(&["cloudhsm", "cluster", ""])
}

/// Before every cluster of an account in a Region.
pub(crate) fn clusters(place: &Place) -> Key {
    Key::of(&["cloudhsm", "cluster", &place.account.to_string(), place.region.as_str(), ""])
}

/// The place of a cluster.
pub(crate) fn cluster(place: &Place, id: &ClusterId) -> Key {
    Key::of(&["cloudhsm", "cluster", &place.account.to_string(), place.region.as_str(), id.as_str()])
}

/// A cluster's place taken apart.
pub(crate) fn parse_cluster(key: &Key) -> Option<(Place, ClusterId)> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?.strip_prefix("cloudhsm/cluster/")?;
    let [account, region, id] = parts(text)?;
    let place = Place { account: account.parse().ok()?, region: region.parse().ok()? };
    Some((place, id.parse().ok()?))
}

/// Before every backup of the deployment.
pub(crate) fn all_backups() -> Key {
    Key::of(&["cloudhsm", "backup", ""])
}

/// Before every backup of a Region, of whichever account.
pub(crate) fn backups_of_region(region: &Region) -> Key {
    Key::of(&["cloudhsm", "backup", region.as_str(), ""])
}

/// Before every backup of an account in a Region.
pub(crate) fn backups(place: &Place) -> Key {
    Key::of(&["cloudhsm", "backup", place.region.as_str(), &place.account.to_string(), ""])
}

/// The place of a backup.
pub(crate) fn backup(place: &Place, id: &BackupId) -> Key {
    Key::of(&["cloudhsm", "backup", place.region.as_str(), &place.account.to_string(), id.as_str()])
}

/// A backup's place taken apart.
pub(crate) fn parse_backup(key: &Key) -> Option<(Place, BackupId)> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?.strip_prefix("cloudhsm/backup/")?;
    let [region, account, id] = parts(text)?;
    let place = Place { account: account.parse().ok()?, region: region.parse().ok()? };
    Some((place, BackupId::parse(id)?))
}

fn parts(text: &str) -> Option<[&str; 3]> {
    text.split('/').collect::<Vec<_>>().try_into().ok()
}

/// A row as stored: the version of its form, and the thing.
#[derive(Serialize, Deserialize)]
pub(crate) enum Versioned<T> {
    /// The first version.
    V1(T),
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

    #[test]
    fn places_are_read_back() {
        let place = Place { account: "000000000042".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let id: ClusterId = "cluster-abcdefghijk".parse().unwrap();
        assert_eq!(parse_cluster(&cluster(&place, &id)), Some((place.clone(), id)));
        let id = BackupId::parse("backup-abcdefghijk").unwrap();
        assert_eq!(parse_backup(&backup(&place, &id)), Some((place.clone(), id.clone())));
        assert_eq!(parse_cluster(&backup(&place, &id)), None);
        assert_eq!(parse_backup(&token_key()), None);
    }
}
