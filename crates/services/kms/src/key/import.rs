//! Imported material in a key's record: what comes in, what goes, what expires. Pure.
//!
//! A key for imported material is `PendingImport` until every material that a ciphertext may need is held, and
//! again as soon as one of them is gone. Material that waits for its rotation is no part of the key yet: it can
//! be deleted without a trace, and when it has expired, other material takes its place.

use keyward_base::Timestamp;
use keyward_vault::{Ekt, KeySpec, MaterialId};

use super::material::{Backing, Held, Material, MaterialState};
use super::record::{KeyRecord, MultiRegion};
use super::state::Lifecycle;

/// Whether imported material is new to its key (`ImportType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportKind {
    /// `NEW_KEY_MATERIAL`.
    New,
    /// `EXISTING_KEY_MATERIAL`.
    Existing,
}

/// Material that was unwrapped for a key.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    /// Its id, a function of the key's id and the material.
    pub(crate) id: MaterialId,
    /// Its token.
    pub(crate) token: Ekt,
    /// When it is to expire.
    pub(crate) valid_to: Option<Timestamp>,
    /// Its description; what was said last stays when none is given.
    pub(crate) description: Option<String>,
    /// What the caller says that it is.
    pub(crate) kind: Option<ImportKind>,
    /// The id that the caller expects.
    pub(crate) expected: Option<MaterialId>,
}

/// Why material is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportRefusal {
    /// It is not what was imported before, or not what the caller names.
    Unknown,
    /// It is said to be new and is not.
    Associated,
    /// Other material waits for its rotation.
    OtherPending(MaterialId),
    /// New material comes into the primary first.
    NewInReplica,
}

impl KeyRecord {
    /// Takes material in.
    pub(crate) fn import(&mut self, incoming: Incoming) -> Result<(), ImportRefusal> {
        let found = self.materials.iter().position(|material| material.id == incoming.id);
        let held = Some(Held { token: incoming.token, valid_to: incoming.valid_to });
        match self.kind_of(incoming.kind) {
            ImportKind::Existing => {
                let expected = incoming.expected.is_none_or(|expected| expected == incoming.id);
                let found = found.filter(|_| expected).and_then(|place| self.materials.get_mut(place));
                let material = found.ok_or(ImportRefusal::Unknown)?;
                let description = incoming.description.or_else(|| material.description().map(str::to_owned));
                material.backing = Backing::Imported { description, held };
            }
            ImportKind::New => {
                let state = self.state_of_new(incoming.id)?;
                self.materials.retain(|material| material.is_associated());
                let backing = Backing::Imported { description: incoming.description, held };
                self.materials.push(Material { id: incoming.id, state, backing });
            }
        }
        if self.lifecycle == Lifecycle::PendingImport && self.has_material() {
            self.lifecycle = Lifecycle::Enabled;
        }
        Ok(())
    }

    /// What material is that the caller says nothing of: new to a key that never had any. Only symmetric keys
    /// ever get further material.
    fn kind_of(&self, given: Option<ImportKind>) -> ImportKind {
        match given {
            _ if self.materials.is_empty() && given.is_none() => ImportKind::New,
            Some(kind) => kind,
            None => ImportKind::Existing,
        }
    }

    fn state_of_new(&self, id: MaterialId) -> Result<MaterialState, ImportRefusal> {
        if matches!(self.multi_region, MultiRegion::Replica { .. }) {
            return Err(ImportRefusal::NewInReplica);
        }
        if self.materials.is_empty() {
            return Ok(MaterialState::Current);
        }
        let mut kept = self.materials.iter().filter(|one| one.is_associated() || one.is_held());
        if kept.clone().any(|one| one.id == id) {
            return Err(ImportRefusal::Associated);
        }
        if let Some(pending) = kept.find(|one| !one.is_associated()) {
            return Err(ImportRefusal::OtherPending(pending.id));
        }
        Ok(match &self.multi_region {
            MultiRegion::Primary { replicas } if !replicas.is_empty() => {
                MaterialState::PendingMultiRegionImport
            }
            _ => MaterialState::PendingRotation,
        })
    }

    /// Lets go of the material `id`. If it waits for its rotation, nothing of it is left, unless the primary has
    /// it too.
    pub(crate) fn let_go(&mut self, id: MaterialId) {
        if !self.is_replica() {
            self.materials.retain(|material| material.is_associated() || material.id != id);
        }
        self.let_go_where(|material| material.id == id);
    }

    /// Lets go of what has expired at `now`, and answers whether there was anything.
    pub(crate) fn expire(&mut self, now: Timestamp) -> bool {
        self.let_go_where(|material| material.valid_to().is_some_and(|valid_to| valid_to <= now))
    }

    fn let_go_where(&mut self, goes: impl Fn(&Material) -> bool) -> bool {
        let any = self.materials.iter().any(|material| material.is_held() && goes(material));
        self.materials.iter_mut().filter(|material| goes(material)).for_each(Material::let_go);
        if matches!(self.lifecycle, Lifecycle::Enabled | Lifecycle::Disabled) && !self.has_material() {
            self.lifecycle = Lifecycle::PendingImport;
        }
        any
    }

    /// A replica after its primary's materials have changed: it has the same, each held or not as before.
    #[must_use]
    pub(crate) fn sharing(&self, primary: &Self) -> Self {
        let own = |material: &Material| self.materials.iter().find(|own| own.id == material.id).cloned();
        let shared = primary.materials.iter().map(|one| own(one).unwrap_or_else(|| one.replicated()));
        Self { materials: shared.collect(), ..self.clone() }
    }

    /// When the first of its materials expires.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.expiries().min()
    }

    /// When its materials expire, in the materials' order.
    pub(crate) fn expiries(&self) -> impl Iterator<Item = Timestamp> {
        self.materials.iter().filter_map(Material::valid_to)
    }

    /// When the first of the materials that it needs expires.
    pub(crate) fn associated_expiry(&self) -> Option<Timestamp> {
        let associated = self.materials.iter().filter(|material| material.is_associated());
        associated.filter_map(Material::valid_to).min()
    }

    /// Whether it can have more than one imported material, each with its id and description.
    pub(crate) fn names_materials(&self) -> bool {
        self.spec == KeySpec::SymmetricDefault
    }
}

#[cfg(test)]
mod tests;
