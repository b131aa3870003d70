//! Why a pass over a zone did not succeed. The last good generation stays in every case.

use std::fmt;

use keyward_store::{BlobError, StoreError, TxnError};
use keyward_vault::VaultError;
use keyward_zone::plan::PlanError;
use keyward_zone::verify::Flaw;

use crate::{KskTrouble, SourceError};

/// Why a zone could not be built.
#[derive(Debug)]
pub enum BuildError {
    /// The source could not tell what the zone is or holds.
    Source(SourceError),
    /// What the source tells makes no zone.
    Plan(PlanError),
    /// A key-signing key did not sign, and there are no signatures in stock that would do.
    Ksk(KskTrouble),
    /// The DNSKEY signatures in stock have ended.
    DnskeysExpired,
    /// The vault did not make or use a zone-signing key.
    Vault(VaultError),
    /// What came out is not fit to be served.
    Unfit(Flaw),
    /// The store failed.
    Store(StoreError),
    /// Somebody else wrote the zone's rows, or holds the lease.
    Overtaken,
    /// A blob could not be written or read.
    Blob(BlobError),
    /// A row is malformed or was written by a newer version.
    BadRow,
    /// The pass was broken off.
    Broken(&'static str),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Plan(error) => write!(f, "the zone's content is wrong: {error}"),
            Self::Ksk(KskTrouble::Refused(message)) => write!(f, "a key-signing key refused: {message}"),
            Self::Ksk(KskTrouble::Away(message)) => write!(f, "a key-signing key is away: {message}"),
            Self::DnskeysExpired => f.write_str("the DNSKEY signatures made ahead have ended"),
            Self::Vault(error) => write!(f, "the vault failed: {error}"),
            Self::Unfit(flaw) => write!(f, "the new generation is not fit to be served: {flaw}"),
            Self::Store(error) => error.fmt(f),
            Self::Overtaken => f.write_str("another builder wrote the zone first"),
            Self::Blob(error) => error.fmt(f),
            Self::BadRow => f.write_str("a row of the zone is malformed or from a newer version"),
            Self::Broken(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for BuildError {}

impl From<SourceError> for BuildError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<PlanError> for BuildError {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl From<VaultError> for BuildError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl From<StoreError> for BuildError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<BlobError> for BuildError {
    fn from(error: BlobError) -> Self {
        Self::Blob(error)
    }
}

impl From<TxnError> for BuildError {
    fn from(error: TxnError) -> Self {
        match error {
            TxnError::Conflict => Self::Overtaken,
            TxnError::Store(error) => Self::Store(error),
        }
    }
}
