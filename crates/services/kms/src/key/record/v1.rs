//! The first version of a key's row. Nothing writes it any more; it is read, and becomes the last version with
//! the next change of the key.

use keyward_base::{Fault, Timestamp};
use keyward_vault::{Ekt, KeyOrigin, KeySpec, KeyUsage, MaterialId};
use serde::{Deserialize, Serialize};

use super::MultiRegion;
use crate::alias::AliasName;
use crate::fault;
use crate::key::material::{Material, MaterialState};
use crate::key::source::Source;
use crate::key::spec::KeyManager;
use crate::key::state::Lifecycle;
use crate::key::tags::Tags;

/// A key as version 1 knew it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(super) spec: KeySpec,
    pub(super) usage: KeyUsage,
    pub(super) origin: KeyOrigin,
    pub(super) manager: KeyManager,
    pub(super) created: Timestamp,
    pub(super) description: String,
    pub(super) lifecycle: Lifecycle,
    pub(super) policy: String,
    pub(super) tags: Tags,
    pub(super) aliases: Vec<AliasName>,
    pub(super) materials: Vec<KeyMaterial>,
}

/// A material as version 1 knew it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyMaterial {
    pub(super) id: MaterialId,
    pub(super) state: MaterialState,
    pub(super) token: Option<Ekt>,
}

impl KeyRecord {
    /// The same key in the last version. Version 1 only ever held keys whose material the vault had made.
    pub(super) fn migrate(self) -> Result<super::KeyRecord, Fault> {
        let materials: Option<Vec<_>> = self.materials.into_iter().map(KeyMaterial::migrate).collect();
        let (KeyOrigin::AwsKms, Some(materials)) = (self.origin, materials) else {
            return Err(fault::internal("a key row of version 1 without material of the vault's"));
        };
        Ok(super::KeyRecord {
            spec: self.spec,
            usage: self.usage,
            source: Source::Vault,
            manager: self.manager,
            created: self.created,
            description: self.description,
            lifecycle: self.lifecycle,
            multi_region: MultiRegion::No,
            policy: self.policy,
            bound_principals: Vec::new(),
            tags: self.tags,
            aliases: self.aliases,
            materials,
        })
    }
}

impl KeyMaterial {
    fn migrate(self) -> Option<Material> {
        self.token.map(|token| Material::made(self.id, self.state, token))
    }
}
