//! Masked records: an HSM's replicated state as whoever carries it sees it.
//!
//! The body is sealed (AES-256-GCM) under the cluster's masking key with key, version and tombstone bit as associated data:
//! only HSMs of the cluster can make or read one, and whoever carries it can neither read nor change it.

use serde::{Deserialize, Serialize};

use crate::api::ids::{HsmSerial, KeyHandle, UserName};
use crate::api::quorum::QuorumService;

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RecordKey {
    /// A key object: attributes, owner, shares, masked material.
    Key(KeyHandle),
    /// A user: role, password hash, public key.
    User(UserName),
    /// A quorum value.
    Quorum(QuorumService),
    /// The cluster's own key pair (its certificate's).
    ClusterKey,
    /// The one approval token that a user may have for a service; a tombstone once spent or deleted.
    QuorumToken(QuorumService, UserName),
}

/// When a record was written: a Lamport clock. Totally ordered, by counter and then by origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordVersion {
    /// Above every counter that the writer had seen.
    pub counter: u64,
    /// The HSM that wrote it.
    pub origin: HsmSerial,
}

/// All that deciding between two records takes. In the clear, but authenticated by the sealed body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// What it is about.
    pub key: RecordKey,
    /// When it was written.
    pub version: RecordVersion,
    /// Whether it says that the thing is gone.
    pub tombstone: bool,
}

impl Stamp {
    /// Whether this record takes the place of `held`, a record of the same thing: the later version wins, but a key's
    /// tombstone wins over everything, since handles are never used again. A total order, so that every order of arrival,
    /// repetition and detour ends with the same record.
    pub fn supersedes(&self, held: &Self) -> bool {
        self.rank() > held.rank()
    }

    /// Whether nothing comes after it: a key's tombstone.
    pub(crate) fn is_final(&self) -> bool {
        self.tombstone && matches!(self.key, RecordKey::Key(_))
    }

    fn rank(&self) -> (bool, RecordVersion) {
        (self.is_final(), self.version)
    }
}

/// A record as it travels and rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedRecord {
    /// What, when, and whether it is gone.
    pub stamp: Stamp,
    /// The body: `nonce (12) | ciphertext | tag (16)`.
    #[serde(with = "crate::api::octets")]
    pub sealed: Vec<u8>,
}

#[cfg(test)]
mod tests;
