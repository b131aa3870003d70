//! RRSIG record data (RFC 4034 section 3) as the zone keeps it: wire bytes with typed views.

use domain::base::iana::Rtype;
use serde::{Deserialize, Serialize};

use crate::{Name, NameError};

/// Bytes of an RRSIG's data before the signer's name.
const FIXED_BYTES: usize = 18;

/// One RRSIG's data in wire form, known to be well formed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Signature {
    rdata: Box<[u8]>,
}

impl Signature {
    /// From an RRSIG's wire data; `None` when it is too short or its signer is no name.
    pub fn from_rdata(rdata: impl Into<Box<[u8]>>) -> Option<Self> {
        let rdata = rdata.into();
        let (_, signature) = Name::split_wire(rdata.get(FIXED_BYTES..)?).ok()?;
        if signature.is_empty() { None } else { Some(Self { rdata }) }
    }

    /// The whole record data, ready for an answer.
    pub fn rdata(&self) -> &[u8] {
        &self.rdata
    }

    /// The type of the set that it covers.
    pub fn type_covered(&self) -> Rtype {
        Rtype::from_int(self.u16_at(0))
    }

    /// The number of the signing algorithm.
    pub fn algorithm(&self) -> u8 {
        self.rdata.get(2).copied().unwrap_or_default()
    }

    /// Labels of the owner that was signed, without root and leading `*`.
    pub fn labels(&self) -> u8 {
        self.rdata.get(3).copied().unwrap_or_default()
    }

    /// The set's TTL when it was signed.
    pub fn original_ttl(&self) -> u32 {
        self.u32_at(4)
    }

    /// Seconds since the epoch after which it is invalid (serial arithmetic, RFC 4034 section 3.1.5).
    pub fn expiration(&self) -> u32 {
        self.u32_at(8)
    }

    /// Seconds since the epoch before which it is invalid.
    pub fn inception(&self) -> u32 {
        self.u32_at(12)
    }

    /// The signing key's tag.
    pub fn key_tag(&self) -> u16 {
        self.u16_at(16)
    }

    /// The zone that signed.
    pub fn signer(&self) -> Name {
        let split = self.rdata.get(FIXED_BYTES..).and_then(|rest| Name::split_wire(rest).ok());
        split.map_or_else(Name::root, |(name, _)| name)
    }

    /// The record data before the signature, which the signature covers.
    pub fn signed_prefix(&self) -> &[u8] {
        self.rdata.get(..self.rdata.len() - self.signature().len()).unwrap_or_default()
    }

    /// The signature itself.
    pub fn signature(&self) -> &[u8] {
        let split = self.rdata.get(FIXED_BYTES..).and_then(|rest| Name::split_wire(rest).ok());
        split.map_or(&[], |(_, signature)| signature)
    }

    fn u16_at(&self, at: usize) -> u16 {
        self.rdata.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_be_bytes)
    }

    fn u32_at(&self, at: usize) -> u32 {
        self.rdata.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
    }
}

impl TryFrom<Vec<u8>> for Signature {
    type Error = NameError;

    fn try_from(rdata: Vec<u8>) -> Result<Self, NameError> {
        Self::from_rdata(rdata).ok_or(NameError::BadWire)
    }
}

impl From<Signature> for Vec<u8> {
    fn from(signature: Signature) -> Self {
        signature.rdata.into()
    }
}
