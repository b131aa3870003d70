//! A set of records of one name and type, in canonical wire form.
//!
//! Nothing here knows what the record data means; `records` reads and prints it.

use domain::base::iana::Rtype;
use serde::{Deserialize, Serialize};

use crate::Name;

/// Records of one owner and type, with one TTL (RFC 2181 section 5.2), class IN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct Rrset {
    name: Name,
    rtype: Rtype,
    ttl: u32,
    rdata: Vec<Box<[u8]>>,
}

impl Rrset {
    /// The set of `rdata`, which must be in canonical uncompressed wire form; sorts it and drops doubles.
    pub fn new(
        name: Name,
        rtype: Rtype,
        ttl: u32,
        rdata: impl IntoIterator<Item = impl Into<Box<[u8]>>>,
    ) -> Self {
        let mut rdata: Vec<Box<[u8]>> = rdata.into_iter().map(Into::into).collect();
        //= rfc4034#section-6.3: record data as left-justified octet strings, without doubles.
        rdata.sort();
        rdata.dedup();
        Self { name, rtype, ttl, rdata }
    }

    /// The owner.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The type.
    pub fn rtype(&self) -> Rtype {
        self.rtype
    }

    /// Seconds for which resolvers may keep the set.
    pub fn ttl(&self) -> u32 {
        self.ttl
    }

    /// Each record's data in canonical order, uncompressed.
    pub fn rdata(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.rdata.iter().map(AsRef::as_ref)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.rdata.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.rdata.is_empty()
    }

    /// The same set with another TTL.
    #[must_use]
    pub fn with_ttl(&self, ttl: u32) -> Self {
        Self { ttl, ..self.clone() }
    }
}

/// An `Rrset` as rows hold it.
#[derive(Serialize, Deserialize)]
struct Parts {
    name: Name,
    rtype: u16,
    ttl: u32,
    rdata: Vec<Box<[u8]>>,
}

impl From<Parts> for Rrset {
    fn from(parts: Parts) -> Self {
        Self::new(parts.name, Rtype::from_int(parts.rtype), parts.ttl, parts.rdata)
    }
}

impl From<Rrset> for Parts {
    fn from(set: Rrset) -> Self {
        Self { name: set.name, rtype: set.rtype.to_int(), ttl: set.ttl, rdata: set.rdata }
    }
}
