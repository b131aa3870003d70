//! What a registry holds of a domain: name servers, their addresses, DS records. Pure.

use std::fmt;
use std::net::IpAddr;

use keyward_zone::Name;
use keyward_zone::keys::Ds;
use serde::{Deserialize, Serialize};

use crate::RegistryError;

/// Most name servers of a domain (RFC 5731 allows any number; registries allow 13).
const NAME_SERVERS_MAX: usize = 13;

/// A name server of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameServer {
    /// Its name.
    pub name: Name,
    /// Its addresses, given exactly when it lies at or below the domain (glue).
    pub glue: Vec<IpAddr>,
}

/// A DS record (RFC 4034 section 5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DsRecord {
    /// The tag of the key.
    pub tag: u16,
    /// The key's algorithm.
    pub algorithm: u8,
    /// How the digest was made.
    pub digest_type: u8,
    /// The digest.
    pub digest: Vec<u8>,
}

/// Why a DS record is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DsError {
    /// The algorithm is unknown, or must not be used for signing (RFC 8624 section 3.1).
    Algorithm(u8),
    /// The digest type is unknown, or must not be used for delegation (RFC 8624 section 3.3).
    DigestType(u8),
    /// The digest has not the length of its type.
    DigestLength,
    /// The same record is there twice.
    Twice,
}

impl fmt::Display for DsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(number) => write!(f, "DNSSEC algorithm {number} is not supported"),
            Self::DigestType(number) => write!(f, "DS digest type {number} is not supported"),
            Self::DigestLength => f.write_str("the digest of the DS record has a wrong length"),
            Self::Twice => f.write_str("the DS record is there already"),
        }
    }
}

impl std::error::Error for DsError {}

impl DsRecord {
    /// Whether DNSKEYs of this algorithm may be pointed at (RFC 8624 section 3.1: not MUST NOT for signing).
    pub fn is_supported_algorithm(algorithm: u8) -> bool {
        //= rfc8624#section-3.1: 5 and 7 are NOT RECOMMENDED; 1, 3, 6 and 12 MUST NOT be used.
        matches!(algorithm, 8 | 10 | 13 | 14 | 15 | 16)
    }

    fn check(&self) -> Result<(), DsError> {
        if !Self::is_supported_algorithm(self.algorithm) {
            return Err(DsError::Algorithm(self.algorithm));
        }
        //= rfc8624#section-3.3: SHA-1 MUST NOT be used for delegation.
        let length = match self.digest_type {
            2 => 32,
            4 => 48,
            other => return Err(DsError::DigestType(other)),
        };
        if self.digest.len() == length { Ok(()) } else { Err(DsError::DigestLength) }
    }

    /// The wire data.
    pub fn rdata(&self) -> Vec<u8> {
        let [high, low] = self.tag.to_be_bytes();
        let mut rdata = vec![high, low, self.algorithm, self.digest_type];
        rdata.extend_from_slice(&self.digest);
        rdata
    }
}

impl From<&Ds> for DsRecord {
    fn from(ds: &Ds) -> Self {
        let digest_type = keyward_zone::keys::DIGEST_SHA256;
        Self { tag: ds.tag, algorithm: ds.algorithm, digest_type, digest: ds.digest.to_vec() }
    }
}

/// What the parent says of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Its name servers.
    pub name_servers: Vec<NameServer>,
    /// Its DS records; none for a domain that is not signed.
    pub ds: Vec<DsRecord>,
}

impl Delegation {
    /// Refuses what no registry zone could hold for `domain`.
    pub(crate) fn check(&self, domain: &Name) -> Result<(), RegistryError> {
        if !(1..=NAME_SERVERS_MAX).contains(&self.name_servers.len()) {
            return Err(RegistryError::NameServerCount);
        }
        for server in &self.name_servers {
            match (server.name.is_at_or_below(domain), server.glue.is_empty()) {
                (true, true) => return Err(RegistryError::GlueMissing(server.name.clone())),
                (false, false) => return Err(RegistryError::GlueForeign(server.name.clone())),
                _ => {}
            }
        }
        for (at, ds) in self.ds.iter().enumerate() {
            ds.check()?;
            if self.ds.iter().take(at).any(|other| other == ds) {
                return Err(DsError::Twice.into());
            }
        }
        Ok(())
    }
}
