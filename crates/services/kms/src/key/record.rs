//! What is known of a key outside the vault, and how it is stored.
//!
//! The record holds no secret: material is an encrypted key token (EKT) that only the vault can open, and
//! that is bound to the key's ARN, spec, usage, origin and material id. The key's id, account and Region are
//! those of its row's place; they are not repeated here, so that a record put under another key's
//! place can't bring its name along.

use std::fmt;

use keyward_base::{Random, Timestamp};
use serde::{Deserialize, Serialize};

use super::spec::{KeyManager, KeySpec, KeyUsage, Origin};
use super::state::Lifecycle;
use super::tags::Tags;
use crate::alias::AliasName;

/// A key's row as stored. Every version that was ever written can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyRow {
    /// The first version.
    V1(KeyRecord),
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The kind of its material.
    pub spec: KeySpec,
    /// What it may be used for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// Who manages it.
    pub manager: KeyManager,
    /// When it was created.
    pub created: Timestamp,
    /// Its description; empty when there is none.
    pub description: String,
    /// Its state.
    pub lifecycle: Lifecycle,
    /// Its policy, as it was given.
    pub policy: String,
    /// Its tags.
    pub tags: Tags,
    /// The names of the aliases that point to it, in order.
    pub aliases: Vec<AliasName>,
    /// Its materials, the oldest first. One of them at most is current.
    pub materials: Vec<Material>,
}

/// One material of a key: rotation and import add further ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// Its id.
    pub id: MaterialId,
    /// What it is used for.
    pub state: MaterialState,
    /// The encrypted key token; `None` once imported material was deleted or has expired.
    pub token: Option<Vec<u8>>,
}

/// Which of a key's materials one is. The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MaterialState {
    /// New ciphertexts are made with it.
    Current,
    /// It only decrypts.
    NonCurrent,
    /// Imported, and becomes current at the next rotation.
    PendingRotation,
}

/// A material's id: 32 bytes, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MaterialId(pub [u8; 32]);

impl MaterialId {
    /// A fresh id for material that is made here.
    pub fn random(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Display for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl KeyRecord {
    /// The material that new ciphertexts and signatures are made with.
    pub fn current(&self) -> Option<&Material> {
        self.materials.iter().find(|material| material.state == MaterialState::Current)
    }

    /// The material with this id.
    pub fn material(&self, id: MaterialId) -> Option<&Material> {
        self.materials.iter().find(|material| material.id == id)
    }

    /// Whether it could be used if it were enabled.
    pub fn has_material(&self) -> bool {
        self.current().is_some_and(|material| material.token.is_some())
    }

    /// The record with its alias `name` added.
    #[must_use]
    pub fn with_alias(mut self, name: AliasName) -> Self {
        if let Err(place) = self.aliases.binary_search(&name) {
            self.aliases.insert(place, name);
        }
        self
    }

    /// The record with its alias `name` removed.
    #[must_use]
    pub fn without_alias(mut self, name: &AliasName) -> Self {
        self.aliases.retain(|alias| alias != name);
        self
    }
}

#[cfg(test)]
mod tests;
