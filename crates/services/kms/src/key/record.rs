//! What is known of a key outside the vault, and how it is stored.
//!
//! The record holds no secret: material is an encrypted key token (EKT) that only the vault can open, and
//! that is bound to the key's ARN, spec, usage, origin and material id. The key's id, account and Region are
//! those of its row's place; they are not repeated here, so that a record put under another key's
//! place can't bring its name along.

use keyward_base::Timestamp;
use keyward_vault::{Ekt, KeyOrigin, KeySpec, KeyUsage, MaterialId};
use serde::{Deserialize, Serialize};

use super::spec::KeyManager;
use super::state::Lifecycle;
use super::tags::Tags;
use crate::alias::AliasName;

/// A key's row as stored. Every version that was ever written can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyRow {
    /// The first version.
    V1(KeyRecord),
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    /// The kind of its material.
    pub(crate) spec: KeySpec,
    /// What it may be used for.
    pub(crate) usage: KeyUsage,
    /// Where its material comes from.
    pub(crate) origin: KeyOrigin,
    /// Who manages it.
    pub(crate) manager: KeyManager,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// Its description; empty when there is none.
    pub(crate) description: String,
    /// Its state.
    pub(crate) lifecycle: Lifecycle,
    /// Its policy, as it was given.
    pub(crate) policy: String,
    /// Its tags.
    pub(crate) tags: Tags,
    /// The names of the aliases that point to it, in order.
    pub(crate) aliases: Vec<AliasName>,
    /// Its materials, the oldest first. One of them at most is current.
    pub(crate) materials: Vec<Material>,
}

/// One material of a key: rotation and import add further ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Material {
    /// Its id.
    pub(crate) id: MaterialId,
    /// What it is used for.
    pub(crate) state: MaterialState,
    /// The encrypted key token; `None` once imported material was deleted or has expired.
    pub(crate) token: Option<Ekt>,
}

/// Which of a key's materials one is. The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum MaterialState {
    /// New ciphertexts are made with it.
    Current,
    /// It only decrypts.
    NonCurrent,
    /// Imported, and becomes current at the next rotation.
    PendingRotation,
}

impl KeyRecord {
    /// The material that new ciphertexts and signatures are made with.
    pub(crate) fn current(&self) -> Option<&Material> {
        self.materials.iter().find(|material| material.state == MaterialState::Current)
    }

    /// Whether it could be used if it were enabled.
    pub(crate) fn has_material(&self) -> bool {
        self.current().is_some_and(|material| material.token.is_some())
    }

    /// The imported material that becomes current at the next rotation.
    pub(crate) fn pending(&self) -> Option<&Material> {
        self.materials
            .iter()
            .find(|material| material.state == MaterialState::PendingRotation && material.token.is_some())
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
