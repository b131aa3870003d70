//! A key's materials: which of them is used for what, and what stands behind each.

use keyward_base::Timestamp;
use keyward_vault::{Ekt, MaterialId};
use serde::{Deserialize, Serialize};

/// One material of a key: rotation and import add further ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Material {
    /// Its id.
    pub(crate) id: MaterialId,
    /// What it is used for.
    pub(crate) state: MaterialState,
    /// The thing itself.
    pub(crate) backing: Backing,
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
    /// Imported into a multi-Region primary, and waits until every replica has it too.
    PendingMultiRegionImport,
}

/// What a material is. The order of variants is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Backing {
    /// Made by the vault, which alone can open the token.
    Vault(Ekt),
    /// Imported. Deleting it, or its expiry, leaves the name and the description.
    Imported {
        /// `KeyMaterialDescription`, as last given.
        description: Option<String>,
        /// The material, unless it is gone (`PENDING_IMPORT`).
        held: Option<Held>,
    },
    /// A key in a CloudHSM cluster.
    CloudHsm(ClusterKey),
}

/// Imported material that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Its token.
    pub(crate) token: Ekt,
    /// When it expires (`ValidTo`); never where there is none.
    pub(crate) valid_to: Option<Timestamp>,
}

/// What a CloudHSM cluster calls a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClusterKey {
    /// The cluster's key reference.
    pub(crate) reference: u64,
}

impl Material {
    /// Material that the vault has made.
    pub(crate) const fn made(id: MaterialId, state: MaterialState, token: Ekt) -> Self {
        Self { id, state, backing: Backing::Vault(token) }
    }

    /// A replica's share in it: what the vault has made is there at once, what was imported must be imported
    /// once more.
    #[must_use]
    pub(crate) fn replicated(&self) -> Self {
        let backing = match &self.backing {
            Backing::Imported { .. } => Backing::Imported { description: None, held: None },
            shared => shared.clone(),
        };
        let state = match self.state {
            // Only the primary knows whether all have it.
            MaterialState::PendingMultiRegionImport => MaterialState::PendingRotation,
            state => state,
        };
        Self { id: self.id, state, backing }
    }

    /// The encrypted key token, where the vault has the material.
    pub(crate) const fn token(&self) -> Option<&Ekt> {
        match &self.backing {
            Backing::Vault(token) | Backing::Imported { held: Some(Held { token, .. }), .. } => Some(token),
            Backing::Imported { held: None, .. } | Backing::CloudHsm(_) => None,
        }
    }

    /// Whether it is there: imported material can be gone.
    pub(crate) const fn is_held(&self) -> bool {
        !matches!(self.backing, Backing::Imported { held: None, .. })
    }

    /// Its description, where it has one.
    pub(crate) fn description(&self) -> Option<&str> {
        match &self.backing {
            Backing::Imported { description, .. } => description.as_deref(),
            Backing::Vault(_) | Backing::CloudHsm(_) => None,
        }
    }

    /// When it expires.
    pub(crate) const fn valid_to(&self) -> Option<Timestamp> {
        match &self.backing {
            Backing::Imported { held: Some(held), .. } => held.valid_to,
            _ => None,
        }
    }

    /// Whether ciphertexts may have been made with it: the key needs it in order to work.
    pub(crate) const fn is_associated(&self) -> bool {
        matches!(self.state, MaterialState::Current | MaterialState::NonCurrent)
    }

    /// Lets go of imported material; what the vault or a cluster has made stays.
    pub(crate) fn let_go(&mut self) {
        if let Backing::Imported { held, .. } = &mut self.backing {
            *held = None;
        }
    }
}
