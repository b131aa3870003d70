//! What is stored of a custom key store, and how its connection moves from state to state.
//!
//! ```text
//!                 Connect                  logged in
//!  DISCONNECTED ───────────▶ CONNECTING ─────────────▶ CONNECTED
//!       ▲                        │  │                      │
//!       │                 failed ▼  │ Disconnect           │ Disconnect
//!       │      Disconnect     FAILED └────────┐            │
//!       └──────────────── DISCONNECTING ◀─────┴────────────┘
//! ```
//!
//! The moves are pure: each takes the state and answers the next one or the refusal.

use keyward_base::Timestamp;
use keyward_schema::kms::{ConnectionErrorCodeType, ConnectionStateType};
use keyward_vault::{Ekt, MaterialId};
use serde::{Deserialize, Serialize};

/// A key store's row as stored. Every version that was ever written can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyStoreRow {
    /// The first version.
    V1(KeyStoreRecord),
}

/// A custom key store that an AWS CloudHSM cluster backs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyStoreRecord {
    /// Its name.
    pub(crate) name: String,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// The cluster's id.
    pub(crate) cluster_id: String,
    /// What all clusters that share the cluster's backup history have in common.
    pub(crate) certificate: CertificateFingerprint,
    /// The customer's certificate with which the cluster was initialized, PEM.
    pub(crate) trust_anchor: String,
    /// How this service logs in to the cluster.
    pub(crate) credentials: Credentials,
    /// Whether it is logged in.
    pub(crate) connection: Connection,
}

/// The SHA-256 digest of a cluster's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CertificateFingerprint(pub(crate) [u8; 32]);

/// The password of the crypto user `kmsuser`, sealed by the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// The token of the key that seals it.
    pub(crate) key: Ekt,
    /// The material id under which the token is bound.
    pub(crate) material_id: MaterialId,
    /// The password that the customer gave, or that this service set later.
    pub(crate) password: Vec<u8>,
    /// The password that is being set in its place: a crash may have come before or after the HSMs took it.
    pub(crate) next: Option<Vec<u8>>,
}

/// The connection's state as stored. The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Connection {
    /// Never connected, or disconnected by a caller.
    Disconnected,
    /// Being connected.
    Connecting,
    /// Logged in, however the cluster fares.
    Connected,
    /// Connecting failed; disconnecting is the way out.
    Failed(FailureCode),
    /// Being disconnected.
    Disconnecting,
}

/// Why connecting failed (`ConnectionErrorCode`). The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FailureCode {
    /// The stored password is not the one of `kmsuser`.
    InvalidCredentials,
    /// The cluster is gone.
    ClusterNotFound,
    /// The HSMs can not be reached.
    NetworkErrors,
    /// A fault of ours; another attempt may help.
    InternalError,
    /// The cluster has no active HSM.
    InsufficientHsms,
    /// Too many failed log-ins.
    UserLockedOut,
    /// The cluster has no crypto user `kmsuser`.
    UserNotFound,
    /// Somebody is logged in as `kmsuser`.
    UserLoggedIn,
}

impl FailureCode {
    /// Whether trying again does no good, and harm: a wrong password locks the user.
    pub(crate) const fn is_lasting(self) -> bool {
        matches!(self, Self::InvalidCredentials | Self::UserLockedOut | Self::UserNotFound)
    }

    /// The code as the API shows it.
    pub(crate) const fn shown(self) -> ConnectionErrorCodeType {
        match self {
            Self::InvalidCredentials => ConnectionErrorCodeType::InvalidCredentials,
            Self::ClusterNotFound => ConnectionErrorCodeType::ClusterNotFound,
            Self::NetworkErrors => ConnectionErrorCodeType::NetworkErrors,
            Self::InternalError => ConnectionErrorCodeType::InternalError,
            Self::InsufficientHsms => ConnectionErrorCodeType::InsufficientCloudhsmHsms,
            Self::UserLockedOut => ConnectionErrorCodeType::UserLockedOut,
            Self::UserNotFound => ConnectionErrorCodeType::UserNotFound,
            Self::UserLoggedIn => ConnectionErrorCodeType::UserLoggedIn,
        }
    }
}

/// The connection's state does not allow the operation (`CustomKeyStoreInvalidStateException`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Connection);

impl Connection {
    /// The state as the API shows it.
    pub(crate) const fn shown(self) -> ConnectionStateType {
        match self {
            Self::Disconnected => ConnectionStateType::Disconnected,
            Self::Connecting => ConnectionStateType::Connecting,
            Self::Connected => ConnectionStateType::Connected,
            Self::Failed(_) => ConnectionStateType::Failed,
            Self::Disconnecting => ConnectionStateType::Disconnecting,
        }
    }

    /// Why the last attempt to connect failed, if it did.
    pub(crate) const fn failure(self) -> Option<FailureCode> {
        match self {
            Self::Failed(code) => Some(code),
            _ => None,
        }
    }

    /// `ConnectCustomKeyStore`. A store that is connected, or on its way, stays so.
    pub(crate) const fn connect(self) -> Result<Self, Refusal> {
        match self {
            Self::Disconnected | Self::Connecting => Ok(Self::Connecting),
            Self::Connected => Ok(Self::Connected),
            Self::Failed(_) | Self::Disconnecting => Err(Refusal(self)),
        }
    }

    /// `DisconnectCustomKeyStore`; also the way out of a failure.
    pub(crate) const fn disconnect(self) -> Result<Self, Refusal> {
        match self {
            Self::Connecting | Self::Connected | Self::Failed(_) => Ok(Self::Disconnecting),
            Self::Disconnected | Self::Disconnecting => Err(Refusal(self)),
        }
    }

    /// What only a disconnected store allows: deletion, another cluster, another password.
    pub(crate) const fn require_disconnected(self) -> Result<(), Refusal> {
        match self {
            Self::Disconnected => Ok(()),
            _ => Err(Refusal(self)),
        }
    }

    /// `UpdateCustomKeyStore` with nothing but a new name.
    pub(crate) const fn require_renamable(self) -> Result<(), Refusal> {
        match self {
            Self::Disconnected | Self::Connected => Ok(()),
            _ => Err(Refusal(self)),
        }
    }

    /// What only a connected store allows: making keys, and using them.
    pub(crate) const fn require_connected(self) -> Result<(), Refusal> {
        match self {
            Self::Connected => Ok(()),
            _ => Err(Refusal(self)),
        }
    }
}

#[cfg(test)]
mod tests;
