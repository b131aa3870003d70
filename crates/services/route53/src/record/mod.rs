//! Record sets as Route 53 knows them, and the octets that give their list order.
//!
//! Values stay as the caller wrote them. What they mean is told by `keyward_zone`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::RecordName;

/// A record type that Route 53 hosts (`RRType`). The order is that of lists: by mnemonic. Stored by mnemonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub(crate) enum RecordType {
    A,
    Aaaa,
    Caa,
    Cname,
    Ds,
    Https,
    Mx,
    Naptr,
    Ns,
    Ptr,
    Soa,
    Spf,
    Srv,
    Sshfp,
    Svcb,
    Tlsa,
    Txt,
}

impl RecordType {
    /// Every type, in list order.
    pub(crate) const ALL: [Self; 17] = [
        Self::A,
        Self::Aaaa,
        Self::Caa,
        Self::Cname,
        Self::Ds,
        Self::Https,
        Self::Mx,
        Self::Naptr,
        Self::Ns,
        Self::Ptr,
        Self::Soa,
        Self::Spf,
        Self::Srv,
        Self::Sshfp,
        Self::Svcb,
        Self::Tlsa,
        Self::Txt,
    ];

    /// Its mnemonic.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Caa => "CAA",
            Self::Cname => "CNAME",
            Self::Ds => "DS",
            Self::Https => "HTTPS",
            Self::Mx => "MX",
            Self::Naptr => "NAPTR",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Soa => "SOA",
            Self::Spf => "SPF",
            Self::Srv => "SRV",
            Self::Sshfp => "SSHFP",
            Self::Svcb => "SVCB",
            Self::Tlsa => "TLSA",
            Self::Txt => "TXT",
        }
    }

    /// Whether a set of this type may hold one value only.
    pub(crate) fn is_single(self) -> bool {
        matches!(self, Self::Cname | Self::Soa)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not a type that Route 53 hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownType;

impl fmt::Display for UnknownType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a record type that Route 53 hosts")
    }
}

impl std::error::Error for UnknownType {}

impl From<RecordType> for &'static str {
    fn from(kind: RecordType) -> Self {
        kind.as_str()
    }
}

impl TryFrom<String> for RecordType {
    type Error = UnknownType;

    fn try_from(text: String) -> Result<Self, UnknownType> {
        text.parse()
    }
}

impl FromStr for RecordType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownType)
    }
}

/// A record set of simple routing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordSet {
    /// The owner name.
    pub(crate) name: RecordName,
    /// The type.
    pub(crate) kind: RecordType,
    /// Time to live, seconds.
    pub(crate) ttl_seconds: u32,
    /// The values as given.
    pub(crate) values: Vec<String>,
}

impl RecordSet {
    /// What names this set among those of its zone.
    pub(crate) fn key(&self) -> SetKey {
        SetKey::new(&self.name, self.kind, None)
    }
}

/// Names a record set within its zone: name, type and set identifier. Ordered as Route 53 lists them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SetKey(Vec<u8>);

/// Ends a part of a key; sorts before every octet that can follow it in a longer part.
const END: u8 = 0;

impl SetKey {
    /// The key of this name, type and set identifier.
    pub(crate) fn new(name: &RecordName, kind: RecordType, set_identifier: Option<&str>) -> Self {
        let mut key = Self::name_prefix(name);
        key.extend(kind.as_str().as_bytes());
        key.push(END);
        key.extend(set_identifier.unwrap_or_default().as_bytes());
        Self(key)
    }

    /// What the keys of all sets of this very name begin with.
    pub(crate) fn name_prefix(name: &RecordName) -> Vec<u8> {
        let mut prefix = name.sort_key();
        prefix.push(END);
        prefix
    }

    /// The key that `octets` of a row's key stand for.
    pub(crate) fn from_octets(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }

    /// The key's octets.
    pub(crate) fn as_octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_listed_in_the_order_of_their_mnemonics() {
        let mnemonics: Vec<&str> = RecordType::ALL.iter().map(|kind| kind.as_str()).collect();
        assert!(mnemonics.is_sorted());
        assert!(RecordType::ALL.is_sorted());
        assert_eq!("SVCB".parse(), Ok(RecordType::Svcb));
        assert_eq!("ANY".parse::<RecordType>(), Err(UnknownType));
    }

    #[test]
    fn keys_order_by_name_then_type_then_identifier() {
        let key = |name: &str, kind, id| SetKey::new(&RecordName::parse(name).unwrap(), kind, id);
        let keys = [
            key("example.com", RecordType::A, None),
            key("example.com", RecordType::Aaaa, None),
            key("example.com", RecordType::Ns, None),
            key("-.example.com", RecordType::A, None),
            key("a-b.example.com", RecordType::Txt, None),
            key("a.example.com", RecordType::A, Some("1")),
            key("a.example.com", RecordType::A, Some("10")),
            key("a.example.com", RecordType::A, Some("2")),
        ];
        assert!(keys.is_sorted());
    }
}
