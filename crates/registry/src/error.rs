//! Why the registry did not do something.

use std::fmt;

use keyward_store::{StoreError, TxnError};
use keyward_vault::VaultError;
use keyward_zone::Name;

use crate::DsError;

/// Why the registry did not do something.
#[derive(Debug)]
pub enum RegistryError {
    /// No zone of ours holds names of this form, and none is made on demand; the name is the zone's.
    Unsupported(Name),
    /// The name is kept for the registry itself.
    Reserved,
    /// Somebody else sponsors the domain.
    NotSponsor,
    /// A DS record is not acceptable.
    Ds(DsError),
    /// A delegation needs one to thirteen name servers.
    NameServerCount,
    /// A name server below the domain itself needs addresses; the name is the server's.
    GlueMissing(Name),
    /// Addresses are for name servers below the domain itself only; the name is the server's.
    GlueForeign(Name),
    /// A change of the domain is not served by every name server yet.
    Unserved,
    /// The store failed.
    Store(StoreError),
    /// The vault failed.
    Vault(VaultError),
    /// A defect: a row that can't be read, a configuration that makes no zone.
    Internal(String),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(zone) => write!(f, "names below {zone} can't be registered here"),
            Self::Reserved => f.write_str("the name is reserved for the registry"),
            Self::NotSponsor => f.write_str("the domain is sponsored by somebody else"),
            Self::Ds(error) => error.fmt(f),
            Self::NameServerCount => f.write_str("a delegation needs one to thirteen name servers"),
            Self::GlueMissing(server) => write!(f, "{server} lies in the domain and needs an address"),
            Self::GlueForeign(server) => write!(f, "{server} lies outside the domain and takes no address"),
            Self::Unserved => f.write_str("a change of the domain is on its way to the name servers"),
            Self::Store(error) => error.fmt(f),
            Self::Vault(error) => write!(f, "the vault failed: {error}"),
            Self::Internal(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for RegistryError {}

impl RegistryError {
    /// A defect.
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TxnError> for RegistryError {
    fn from(error: TxnError) -> Self {
        match error {
            TxnError::Conflict => Self::Internal("a zone changed again and again meanwhile".to_owned()),
            TxnError::Store(error) => Self::Store(error),
        }
    }
}

impl From<VaultError> for RegistryError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl From<DsError> for RegistryError {
    fn from(error: DsError) -> Self {
        Self::Ds(error)
    }
}
