//! Backups: a whole HSM's state, encrypted and authenticated for the HSMs of one fleet.

use keyward_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::ids::{ClusterId, HsmSerial};
use crate::api::status::{HsmMode, HsmType};

/// What a backup says about itself in the clear; authenticated with the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupHeader {
    /// The cluster that it was taken of.
    pub cluster: ClusterId,
    /// The HSM that made it.
    pub source: HsmSerial,
    /// When, in milliseconds since 1970.
    pub created_millis: i64,
    /// A backup restores only into the same mode.
    pub mode: HsmMode,
    /// The HSM type.
    pub hsm_type: HsmType,
    /// SHA-256 of the cluster certificate's DER, once the cluster was claimed. Clusters with the same one share a history.
    pub certificate_sha256: Option<[u8; 32]>,
}

impl BackupHeader {
    /// When the backup was taken.
    pub fn created(&self) -> Timestamp {
        let millis = u64::try_from(self.created_millis).unwrap_or(0);
        Timestamp::EPOCH.plus(std::time::Duration::from_millis(millis))
    }
}

/// A backup: bytes that only an HSM with the fleet's key can open, and that no one can change unnoticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup(#[serde(with = "crate::api::octets")] pub(crate) Vec<u8>);

impl Backup {
    /// Takes bytes that were stored; the HSM that restores them judges them.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
