//! What is stored of a backup, and how its state moves.
//!
//! ```text
//! Creating → Ready, TakenBack ⇄ PendingDeletion (seven days) → Deleted
//! ```

use std::time::Duration;

use keyward_base::{Arn, Fault, Partition, Region, Timestamp};
use keyward_hsm::{ClusterId, HsmMode, HsmType};
use keyward_store::BlobName;
use serde::{Deserialize, Serialize};

use crate::cluster::Certificates;
use crate::fault;
use crate::ids::BackupId;
use crate::rows::{self, Place, Versioned};
use crate::tags::Tags;

/// A backup's row.
pub(crate) type BackupRow = Versioned<BackupRecord>;

/// How long a deleted backup can be restored (API reference, DeleteBackup).
const PENDING: Duration = Duration::from_hours(7 * 24);

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BackupRecord {
    /// Its id.
    pub(crate) id: BackupId,
    /// The cluster that it was taken of, or whose backup it is a copy of.
    pub(crate) cluster: ClusterId,
    /// When it was taken; a copy keeps its source's moment.
    pub(crate) created: Timestamp,
    /// How far it is.
    pub(crate) stage: Stage,
    /// Whether it is kept for ever.
    pub(crate) never_expires: bool,
    /// Where a copy comes from.
    pub(crate) copied: Option<Copied>,
    /// The type of the HSMs.
    pub(crate) hsm_type: HsmType,
    /// The mode; a backup restores only into the same.
    pub(crate) mode: HsmMode,
    /// The owner's certificate and root, which a restored cluster keeps.
    pub(crate) certificates: Certificates,
    /// SHA-256 of the sealed bytes, once they are there.
    pub(crate) sha256: Option<[u8; 32]>,
    /// Its resource policy.
    pub(crate) policy: Option<String>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// How far a backup is. The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Is being taken or copied.
    Creating,
    /// Can be restored from.
    Ready,
    /// Goes at this moment.
    PendingDeletion(Timestamp),
    /// Went at this moment; shown for a while.
    Deleted(Timestamp),
    /// Can be restored from; it was taken back at this moment, from which on it is kept as long as a new one.
    TakenBack(Timestamp),
}

/// Where a copy comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Copied {
    /// The source's Region.
    pub(crate) region: Region,
    /// The source.
    pub(crate) backup: BackupId,
    /// The cluster that the source was taken of.
    pub(crate) cluster: ClusterId,
    /// When it was copied.
    pub(crate) at: Timestamp,
}

impl BackupRecord {
    /// The row's value.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Fault> {
        rows::encode(&BackupRow::V1(self.clone()))
    }

    /// Reads a row's value.
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Fault> {
        let BackupRow::V1(record) = rows::decode(value)?;
        Ok(record)
    }

    /// Its ARN.
    pub(crate) fn arn(&self, partition: &Partition, place: &Place) -> Arn {
        arn(partition, place, &self.id)
    }

    /// Whether it can be restored from, copied and shared.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready | Stage::TakenBack(_))
    }

    /// Since when it is kept.
    pub(crate) fn kept_since(&self) -> Timestamp {
        if let Stage::TakenBack(at) = self.stage { at } else { self.created }
    }

    /// Refuses unless it can be restored from.
    pub(crate) fn check_ready(&self) -> Result<(), Fault> {
        if self.is_ready() { Ok(()) } else { Err(self.wrong_state("READY")) }
    }

    /// It is to go in seven days.
    pub(crate) fn delete(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.check_ready()?;
        self.stage = Stage::PendingDeletion(now.plus(PENDING));
        Ok(())
    }

    /// It stays after all.
    pub(crate) fn restore(&mut self, now: Timestamp) -> Result<(), Fault> {
        match self.stage {
            Stage::PendingDeletion(at) if now < at => {
                self.stage = Stage::TakenBack(now);
                Ok(())
            }
            _ => Err(self.wrong_state("PENDING_DELETION")),
        }
    }

    fn wrong_state(&self, wanted: &str) -> Fault {
        let state = super::shown::state_name(self.stage);
        fault::invalid(format!("The backup {} is in the state {}, not {wanted}.", self.id, state.as_str()))
    }
}

/// A backup's ARN.
pub(crate) fn arn(partition: &Partition, place: &Place, id: &BackupId) -> Arn {
    Arn {
        partition: partition.clone(),
        service: "cloudhsm".to_owned(),
        region: Some(place.region.clone()),
        account: Some(place.account),
        resource: format!("backup/{id}"),
    }
}

/// Where a backup's sealed bytes are.
pub(crate) fn blob(id: &BackupId) -> Result<BlobName, Fault> {
    format!("cloudhsm/backup/{id}").parse().map_err(fault::internal)
}

/// Where the sealed bytes are that a cluster's first HSM begins with.
pub(crate) fn seed(cluster: &ClusterId) -> Result<BlobName, Fault> {
    format!("cloudhsm/seed/{cluster}").parse().map_err(fault::internal)
}

#[cfg(test)]
mod tests {
    use keyward_schema::cloudhsmv2::Tag;

    use super::*;

    /// Rows written by released versions stay readable: these bytes never change.
    #[test]
    fn a_backup_row_of_version_1_keeps_its_bytes() {
        let id = BackupId::parse("backup-abcdefghijk").unwrap();
        let cluster: ClusterId = "cluster-abcdefghijk".parse().unwrap();
        let at = Timestamp::from_unix_seconds(1_800_000_000);
        let tag = Tag { key: "k".to_owned(), value: "v".to_owned() };
        let record = BackupRecord {
            id: id.clone(),
            cluster: cluster.clone(),
            created: at,
            stage: Stage::PendingDeletion(at),
            never_expires: true,
            copied: Some(Copied { region: "us-east-1".parse().unwrap(), backup: id, cluster, at }),
            hsm_type: HsmType::Hsm2mMedium,
            mode: HsmMode::NonFips,
            certificates: Certificates { cluster: Some("c".to_owned()), ..Certificates::default() },
            sha256: Some([7; 32]),
            policy: Some("p".to_owned()),
            tags: Tags::given(Some(&[tag])).unwrap(),
        };
        let bytes = record.encode().unwrap();
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), GOLDEN);
        assert_eq!(BackupRecord::decode(&bytes).unwrap(), record);
    }

    #[test]
    fn the_last_stage_is_the_newest() {
        let stage = postcard::to_allocvec(&Stage::TakenBack(Timestamp::EPOCH)).unwrap();
        assert_eq!(stage, [4, 0]);
    }

    const GOLDEN: &str = concat!(
        "00126261636b75702d6162636465666768696a6b13636c75737465722d6162636465666768696a6b",
        "80c0e285e3680280c0e285e36801010975732d656173742d31126261636b75702d61626364656667",
        "68696a6b13636c75737465722d6162636465666768696a6b80c0e285e36801010000000001016300",
        "01070707070707070707070707070707070707070707070707070707070707070701017001016b01",
        "76"
    );
}
