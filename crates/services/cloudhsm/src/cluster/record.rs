//! What is stored of a cluster. One row holds it with its HSMs, so that every move is one transaction.

use keyward_base::{Arn, Fault, Partition, Timestamp};
use keyward_hsm::{ClusterId, HsmId, HsmMode, HsmType};
use serde::{Deserialize, Serialize};

use crate::ids::BackupId;
use crate::network::Subnets;
use crate::rows::{self, Place, Versioned};
use crate::tags::Tags;

/// A cluster's row.
pub(crate) type ClusterRow = Versioned<ClusterRecord>;

/// How long backups are kept when nobody says (API reference, "BackupRetentionPolicy").
pub(crate) const RETENTION_DAYS_DEFAULT: u16 = 90;

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClusterRecord {
    /// Its id.
    pub(crate) id: ClusterId,
    /// When it was asked for.
    pub(crate) created: Timestamp,
    /// The type of its HSMs.
    pub(crate) hsm_type: HsmType,
    /// Its mode.
    pub(crate) mode: HsmMode,
    /// Whether its HSMs have IPv6 addresses besides.
    pub(crate) dual_stack: bool,
    /// Its subnets by their Availability Zones.
    pub(crate) subnets: Subnets,
    /// For how many days its backups are kept.
    pub(crate) retention_days: u16,
    /// The backup that it was made from.
    pub(crate) source: Option<BackupId>,
    /// How far it is.
    pub(crate) life: Life,
    /// What there is to say of it.
    pub(crate) message: Option<String>,
    /// Its certificates.
    pub(crate) certificates: Certificates,
    /// Its HSMs, in the order in which they were asked for.
    pub(crate) hsms: Vec<HsmRecord>,
    /// A change of its type that is under way.
    pub(crate) change: Option<TypeChange>,
    /// The type to which `ModifyCluster` can go back, and until when.
    pub(crate) rollback: Option<(HsmType, Timestamp)>,
    /// A backup that is to be taken, or is being taken.
    pub(crate) backup_due: Option<BackupId>,
    /// When the last backup was taken.
    pub(crate) backed_up: Option<Timestamp>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// How far a cluster is. A cluster from a backup is `Active` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Life {
    /// Asked for.
    Creating,
    /// Waits for its first HSM and for its owner's certificate.
    Uninitialized,
    /// Its owner's certificate was accepted; the HSM learns of it.
    Initializing,
    /// Waits for its first admin's password.
    Initialized,
    /// In use.
    Active,
    /// Asked to go.
    Deleting,
    /// Gone at this moment; shown for a while.
    Deleted(Timestamp),
}

/// A cluster's certificates, PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Certificates {
    /// What the owner signs.
    pub(crate) csr: Option<String>,
    /// The cluster key, certified by the first HSM's hardware key.
    pub(crate) hsm: Option<String>,
    /// The hardware key, certified by AWS's root.
    pub(crate) aws: Option<String>,
    /// The hardware key, certified by the manufacturer's root.
    pub(crate) manufacturer: Option<String>,
    /// What the owner made of the request.
    pub(crate) cluster: Option<String>,
    /// The owner's root.
    pub(crate) anchor: Option<String>,
}

/// A change of a cluster's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TypeChange {
    /// To which type.
    pub(crate) to: HsmType,
    /// Whether it takes an earlier change back.
    pub(crate) back: bool,
}

/// An HSM of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HsmRecord {
    /// Its id.
    pub(crate) id: HsmId,
    /// Its Availability Zone.
    pub(crate) zone: String,
    /// The subnet.
    pub(crate) subnet: String,
    /// Its network interface.
    pub(crate) eni: String,
    /// Its address.
    pub(crate) address: String,
    /// Its IPv6 address, in a dual-stack cluster.
    pub(crate) address_v6: Option<String>,
    /// Its type.
    pub(crate) hsm_type: HsmType,
    /// How far it is.
    pub(crate) life: HsmLife,
    /// What there is to say of it.
    pub(crate) message: Option<String>,
    /// The HSM of another type whose place it takes.
    pub(crate) replaces: Option<HsmId>,
}

/// How far an HSM is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HsmLife {
    /// Asked for.
    Creating,
    /// Serves.
    Active,
    /// Was active and is away.
    Degraded,
    /// Asked to go at this moment: a backup is taken first, where there is something to lose.
    Deleting(Timestamp),
    /// To be destroyed: what it had is elsewhere.
    Leaving,
}

impl ClusterRecord {
    /// The row's value.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Fault> {
        rows::encode(&ClusterRow::V1(self.clone()))
    }

    /// Reads a row's value.
    pub(crate) fn decode(value: &[u8]) -> Result<Self, Fault> {
        let ClusterRow::V1(record) = rows::decode(value)?;
        Ok(record)
    }

    /// Its ARN.
    pub(crate) fn arn(&self, partition: &Partition, place: &Place) -> Arn {
        Arn {
            partition: partition.clone(),
            service: "cloudhsm".to_owned(),
            region: Some(place.region.clone()),
            account: Some(place.account),
            resource: format!("cluster/{}", self.id),
        }
    }

    /// The HSM with this id.
    pub(crate) fn hsm(&self, id: &HsmId) -> Option<&HsmRecord> {
        self.hsms.iter().find(|hsm| hsm.id == *id)
    }

    /// The HSM with this id, to be changed.
    pub(crate) fn hsm_mut(&mut self, id: &HsmId) -> Option<&mut HsmRecord> {
        self.hsms.iter_mut().find(|hsm| hsm.id == *id)
    }

    /// Whether it is gone.
    pub(crate) fn is_deleted(&self) -> bool {
        matches!(self.life, Life::Deleted(_))
    }

    /// Whether its keys and users belong to its owner already, so that they are worth a backup.
    pub(crate) fn is_claimed(&self) -> bool {
        matches!(self.life, Life::Initialized | Life::Active)
    }
}
