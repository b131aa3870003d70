//! What the builder remembers of a zone's signing. No name server reads it.

use keyward_base::Timestamp;
use keyward_store::Key;
use keyward_zone::dnskeys::DnskeyStock;
use keyward_zone::publication::ZoneId;
use keyward_zone::rollover::Zsk;
use serde::{Deserialize, Serialize};

use crate::BuildError;

#[cfg(test)]
mod tests;

/// A zone's zone-signing keys and the stock of DNSKEY signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SigningRow {
    /// The keys, oldest first.
    pub(crate) zsks: Vec<ZskRow>,
    /// The DNSKEY set that is served, and its signatures.
    pub(crate) stock: DnskeyStock,
    /// The version of the wish at which the key-signing keys last were asked.
    pub(crate) wish_version: u64,
    /// When to ask them again after they failed; `None` when they signed.
    pub(crate) ksk_retry: Option<Timestamp>,
}

/// A zone-signing key with its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ZskRow {
    /// The public half, and its phase.
    pub(crate) zsk: Zsk,
    /// The vault's token.
    pub(crate) ekt: Vec<u8>,
    /// The material id that the token is bound to.
    pub(crate) material: [u8; 32],
}

#[derive(Serialize, Deserialize)]
enum Stored<T> {
    V1(T),
}

impl SigningRow {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, BuildError> {
        postcard::to_stdvec(&Stored::V1(self)).map_err(|_| BuildError::BadRow)
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, BuildError> {
        let Stored::V1(row) = postcard::from_bytes(value).map_err(|_| BuildError::BadRow)?;
        Ok(row)
    }
}

/// Where a zone's signing row lies.
pub(crate) fn signing(zone: &ZoneId) -> Key {
    Key::of(&["zones", "signing", zone.as_str()])
}
