//! Key states, the moves between them, and which operation works in which state.
//!
//! ```text
//!              CreateKey            CreateKey(EXTERNAL)      ReplicateKey
//!                  │                        │                     │
//!                  ▼     DisableKey         ▼                     ▼
//!   Updating ⇄ Enabled ──────────▶ Disabled   PendingImport    Creating
//!                  ▲  ◀──────────     ▲  │          │
//!                  │    EnableKey     │  │          │   ScheduleKeyDeletion from any of them
//!                  │                  │  ▼          ▼
//!                  │     CancelKeyDeletion ◀── PendingDeletion ──▶ destroyed (waiting period over)
//!                  │                                ▲
//!                  └── a primary with replicas ──▶ PendingReplicaDeletion
//! ```
//!
//! All of it is pure: a move takes the state and answers the next one or the refusal. `Unavailable` is not
//! stored: it is what a key of a disconnected key store shows.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_schema::kms::KeyState;
use serde::{Deserialize, Serialize};

/// A key's state as stored. The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lifecycle {
    /// A replica that is being made.
    Creating,
    /// Usable.
    Enabled,
    /// Switched off.
    Disabled,
    /// Its material will be destroyed at `deletion_at`.
    PendingDeletion {
        /// When the waiting period is over.
        deletion_at: Timestamp,
    },
    /// Without material: never imported, deleted, or expired.
    PendingImport,
    /// A primary that waits until its replicas are gone; then the waiting period begins.
    PendingReplicaDeletion {
        /// The waiting period that was asked for.
        window_days: u16,
    },
    /// Its primary Region is being changed.
    Updating,
}

/// Why an operation does not work in a key's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `DisabledException`.
    Disabled,
    /// `KMSInvalidStateException`: the state that the key is in.
    InvalidState(KeyState),
    /// `KMSInvalidStateException`: `CancelKeyDeletion` of a key that is not pending deletion.
    NotPendingDeletion,
}

/// Operations that behave alike in every key state (developer guide, "Key states of AWS KMS keys"). Those
/// that work in every state (reading, `PutKeyPolicy`, `DeleteAlias`) ask nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Every cryptographic operation, and `GetPublicKey`.
    Cryptographic,
    /// `CreateAlias`, and the new target of `UpdateAlias`.
    Alias,
    /// `TagResource`, `UntagResource`, `UpdateKeyDescription`.
    Edit,
    /// `EnableKey`, `DisableKey`.
    Manage,
    /// `CancelKeyDeletion`.
    CancelDeletion,
    /// `ScheduleKeyDeletion`.
    ScheduleDeletion,
    /// `CreateGrant`.
    Grant,
    /// `EnableKeyRotation`, `DisableKeyRotation`.
    Rotation,
    /// `RotateKeyOnDemand`.
    RotationOnDemand,
    /// `ReplicateKey`.
    Replicate,
    /// `UpdatePrimaryRegion`, of the present and of the next primary.
    UpdatePrimary,
    /// `GetParametersForImport`.
    ImportParameters,
    /// `ImportKeyMaterial`.
    Import,
    /// `DeleteImportedKeyMaterial`.
    DeleteImported,
}

impl Profile {
    /// Whether the operations of this profile work on a key in `state`.
    pub(crate) const fn admit(self, state: KeyState) -> Result<(), Refusal> {
        use KeyState as K;
        let refused = match self {
            Self::Cryptographic | Self::Rotation | Self::UpdatePrimary => {
                !matches!(state, K::Enabled | K::Updating)
            }
            Self::Grant => !matches!(state, K::Enabled | K::Unavailable | K::Updating),
            Self::RotationOnDemand | Self::Replicate => !matches!(state, K::Enabled),
            Self::Alias | Self::Edit => pending_deletion(state),
            Self::ImportParameters => {
                pending_deletion(state) || matches!(state, K::Creating | K::Unavailable | K::Updating)
            }
            Self::Import => pending_deletion(state) || matches!(state, K::Creating | K::Unavailable),
            Self::DeleteImported => matches!(state, K::Creating | K::Unavailable | K::Updating),
            Self::Manage => !matches!(state, K::Enabled | K::Disabled | K::Unavailable),
            Self::ScheduleDeletion => pending_deletion(state) || matches!(state, K::Updating),
            Self::CancelDeletion => {
                return if pending_deletion(state) { Ok(()) } else { Err(Refusal::NotPendingDeletion) };
            }
        };
        match (refused, state) {
            (false, _) => Ok(()),
            (true, K::Disabled) => Err(Refusal::Disabled),
            (true, _) => Err(Refusal::InvalidState(state)),
        }
    }
}

const fn pending_deletion(state: KeyState) -> bool {
    matches!(state, KeyState::PendingDeletion | KeyState::PendingReplicaDeletion)
}

impl Lifecycle {
    /// The state as the API shows it, while the key's store (if it has one) is connected.
    pub(crate) const fn shown(self) -> KeyState {
        match self {
            Self::Creating => KeyState::Creating,
            Self::Enabled => KeyState::Enabled,
            Self::Disabled => KeyState::Disabled,
            Self::PendingDeletion { .. } => KeyState::PendingDeletion,
            Self::PendingImport => KeyState::PendingImport,
            Self::PendingReplicaDeletion { .. } => KeyState::PendingReplicaDeletion,
            Self::Updating => KeyState::Updating,
        }
    }

    /// The waiting period that begins when the last replica is gone, in days.
    pub(crate) const fn pending_window_days(self) -> Option<u16> {
        match self {
            Self::PendingReplicaDeletion { window_days } => Some(window_days),
            _ => None,
        }
    }

    /// The state as the API shows it, while the key's store is connected or not. A deletion that is planned shows
    /// through; what the key was before shows again when its store is connected.
    pub(crate) const fn shown_in_store(self, connected: bool) -> KeyState {
        match self {
            Self::Enabled | Self::Disabled if !connected => KeyState::Unavailable,
            _ => self.shown(),
        }
    }

    /// When the key is destroyed, if that is planned.
    pub(crate) const fn deletion_at(self) -> Option<Timestamp> {
        match self {
            Self::PendingDeletion { deletion_at } => Some(deletion_at),
            _ => None,
        }
    }

    /// `EnableKey`; repeating it changes nothing.
    pub(crate) fn enable(self) -> Result<Self, Refusal> {
        Profile::Manage.admit(self.shown()).map(|()| Self::Enabled)
    }

    /// `DisableKey`; repeating it changes nothing.
    pub(crate) fn disable(self) -> Result<Self, Refusal> {
        Profile::Manage.admit(self.shown()).map(|()| Self::Disabled)
    }

    /// `ScheduleKeyDeletion`: the waiting period of `window_days` begins at `now`; for a primary that has
    /// replicas, when the last of them is gone.
    pub(crate) fn schedule_deletion(
        self,
        now: Timestamp,
        window_days: u16,
        has_replicas: bool,
    ) -> Result<Self, Refusal> {
        Profile::ScheduleDeletion.admit(self.shown())?;
        let waiting = Self::PendingReplicaDeletion { window_days };
        Ok(if has_replicas { waiting } else { waiting.replicas_gone(now) })
    }

    /// The last replica of a primary was destroyed at `now`: where the primary waited for that, its waiting
    /// period begins.
    #[must_use]
    pub(crate) fn replicas_gone(self, now: Timestamp) -> Self {
        match self {
            Self::PendingReplicaDeletion { window_days } => {
                let window = Duration::from_secs(u64::from(window_days) * 86_400);
                Self::PendingDeletion { deletion_at: now.plus(window) }
            }
            other => other,
        }
    }

    /// `UpdatePrimaryRegion`, for the primary that was and the one that will be.
    pub(crate) fn update_primary(self) -> Result<Self, Refusal> {
        Profile::UpdatePrimary.admit(self.shown()).map(|()| Self::Updating)
    }

    /// A replica is there, or a change of the primary Region is done; `None` when neither is under way.
    pub(crate) const fn settle(self, has_material: bool) -> Option<Self> {
        match self {
            Self::Updating => Some(Self::Enabled),
            Self::Creating if has_material => Some(Self::Enabled),
            Self::Creating => Some(Self::PendingImport),
            _ => None,
        }
    }

    /// `CancelKeyDeletion`: the key is `Disabled` again, or waits for its material as before.
    pub(crate) fn cancel_deletion(self, has_material: bool) -> Result<Self, Refusal> {
        Profile::CancelDeletion.admit(self.shown())?;
        Ok(if has_material { Self::Disabled } else { Self::PendingImport })
    }
}

#[cfg(test)]
mod tests;
