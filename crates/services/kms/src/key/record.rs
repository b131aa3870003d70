//! What is known of a key outside the vault, and how it is stored.
//!
//! The record holds no secret: material is an encrypted key token (EKT) that only the vault can open, and
//! that is bound to the key's ARN, spec, usage, origin and material id. The key's id, account and Region are
//! those of its row's place; they are not repeated here, so that a record put under another key's
//! place can't bring its name along.

mod v1;

use keyward_base::{Fault, Region, Timestamp};
use keyward_vault::{KeyOrigin, KeySpec, KeyUsage, MaterialId};
use serde::{Deserialize, Serialize};

use super::material::{Material, MaterialState};
use super::source::Source;
use super::spec::{KeyKind, KeyManager};
use super::state::Lifecycle;
use super::tags::Tags;
use crate::alias::AliasName;

/// A key's row as stored. Every version that was ever written can be read; only the last one is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyRow {
    /// The first version: keys with material of the vault's only.
    V1(v1::KeyRecord),
    /// With imported material, multi-Region keys, custom key stores and principals bound to their ids.
    V2(KeyRecord),
}

impl KeyRow {
    /// The record, whichever version wrote it.
    pub(crate) fn into_record(self) -> Result<KeyRecord, Fault> {
        match self {
            Self::V1(record) => record.migrate(),
            Self::V2(record) => Ok(record),
        }
    }
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    /// The kind of its material.
    pub(crate) spec: KeySpec,
    /// What it may be used for.
    pub(crate) usage: KeyUsage,
    /// Where its material comes from.
    pub(crate) source: Source,
    /// Who manages it.
    pub(crate) manager: KeyManager,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// Its description; empty when there is none.
    pub(crate) description: String,
    /// Its state.
    pub(crate) lifecycle: Lifecycle,
    /// Its relatives in other Regions.
    pub(crate) multi_region: MultiRegion,
    /// Its policy, as it was given.
    pub(crate) policy: String,
    /// The principals that the policy names by ARN, each with the unique id that it had when the policy was
    /// stored: one that is made again under an old name is somebody else.
    pub(crate) bound_principals: Vec<(String, String)>,
    /// Its tags.
    pub(crate) tags: Tags,
    /// The names of the aliases that point to it, in order.
    pub(crate) aliases: Vec<AliasName>,
    /// Its materials, the oldest first. One of them at most is current.
    pub(crate) materials: Vec<Material>,
}

/// What a key is to its relatives in other Regions, which share its id and materials. The order of variants is
/// on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum MultiRegion {
    /// A single-Region key: it has none.
    No,
    /// The primary.
    Primary {
        /// Where its replicas are, in order.
        replicas: Vec<Region>,
    },
    /// A replica.
    Replica {
        /// Where the primary is, which knows the other replicas.
        primary: Region,
    },
}

impl KeyRecord {
    /// Its origin as the API names it.
    pub(crate) const fn origin(&self) -> KeyOrigin {
        self.source.origin()
    }

    /// Where its replicas are, in order; nowhere for a key that is no primary.
    pub(crate) fn replicas(&self) -> &[Region] {
        match &self.multi_region {
            MultiRegion::Primary { replicas } => replicas,
            MultiRegion::No | MultiRegion::Replica { .. } => &[],
        }
    }

    /// Adds a replica.
    pub(crate) fn add_replica(&mut self, region: Region) {
        if let MultiRegion::Primary { replicas } = &mut self.multi_region
            && let Err(place) = replicas.binary_search(&region)
        {
            replicas.insert(place, region);
        }
    }

    /// Takes a replica away.
    pub(crate) fn forget_replica(&mut self, region: &Region) {
        if let MultiRegion::Primary { replicas } = &mut self.multi_region {
            replicas.retain(|replica| replica != region);
        }
    }

    /// Whether it is a replica of another Region's key.
    pub(crate) const fn is_replica(&self) -> bool {
        matches!(self.multi_region, MultiRegion::Replica { .. })
    }

    /// What kind of key it is.
    pub(crate) const fn kind(&self) -> KeyKind {
        KeyKind { spec: self.spec, usage: self.usage, origin: self.origin() }
    }

    /// The material that new ciphertexts and signatures are made with.
    pub(crate) fn current(&self) -> Option<&Material> {
        self.materials.iter().find(|material| material.state == MaterialState::Current)
    }

    /// Whether it could be used if it were enabled: no material that a ciphertext may need is missing.
    pub(crate) fn has_material(&self) -> bool {
        let mut associated = self.materials.iter().filter(|material| material.is_associated());
        self.current().is_some() && associated.all(Material::is_held)
    }

    /// The imported material that becomes current at the next rotation.
    pub(crate) fn pending(&self) -> Option<&Material> {
        self.materials
            .iter()
            .find(|material| material.state == MaterialState::PendingRotation && material.is_held())
    }

    /// Makes the material `id` current; the one that was goes on to decrypt.
    pub(crate) fn rotate_to(&mut self, id: MaterialId) {
        for material in &mut self.materials {
            if material.id == id {
                material.state = MaterialState::Current;
            } else if material.state == MaterialState::Current {
                material.state = MaterialState::NonCurrent;
            }
        }
    }

    /// The record with its alias `name` added.
    #[must_use]
    pub(crate) fn with_alias(mut self, name: AliasName) -> Self {
        if let Err(place) = self.aliases.binary_search(&name) {
            self.aliases.insert(place, name);
        }
        self
    }

    /// The record with its alias `name` removed.
    #[must_use]
    pub(crate) fn without_alias(mut self, name: &AliasName) -> Self {
        self.aliases.retain(|alias| alias != name);
        self
    }
}

#[cfg(test)]
mod tests;
