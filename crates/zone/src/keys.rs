//! DNSKEY and DS records, key tags. Public keys only; algorithm 13 (RFC 6605) everywhere.

use aws_lc_rs::digest;
use domain::base::iana::{DigestAlgorithm, Rtype, SecurityAlgorithm};
use serde::{Deserialize, Serialize};

use crate::{Name, NameError, Rrset};

#[cfg(test)]
mod tests;

/// ECDSA with P-256 and SHA-256, the one algorithm that zones are signed with (RFC 6605 section 6).
pub const ECDSAP256SHA256: u8 = SecurityAlgorithm::ECDSAP256SHA256.to_int();
/// The DS digest algorithm in use (RFC 4509).
pub const DIGEST_SHA256: u8 = DigestAlgorithm::SHA256.to_int();
/// DNSKEY flags of a zone-signing key: zone key (RFC 4034 section 2.1.1).
pub const FLAGS_ZSK: u16 = 256;
/// DNSKEY flags of a key-signing key: zone key and secure entry point (RFC 4034 section 2.1.1).
pub const FLAGS_KSK: u16 = 257;
/// The only protocol number there is (RFC 4034 section 2.1.2).
const PROTOCOL: u8 = 3;
/// Bytes of an uncompressed P-256 point without its leading 4 (RFC 6605 section 4).
pub const PUBLIC_KEY_BYTES: usize = 64;
/// Bytes of a signature, r and s (RFC 6605 section 4).
pub const SIGNATURE_BYTES: usize = 64;
/// DER of a P-256 SubjectPublicKeyInfo up to and including the 4 before the point (RFC 5480).
const SPKI_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// A DNSKEY record's data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Dnskey {
    rdata: Box<[u8]>,
}

impl Dnskey {
    /// A zone-signing key with this public point (X then Y).
    pub fn zsk(point: &[u8; PUBLIC_KEY_BYTES]) -> Self {
        Self::new(FLAGS_ZSK, point)
    }

    /// A key-signing key with this public point (X then Y).
    pub fn ksk(point: &[u8; PUBLIC_KEY_BYTES]) -> Self {
        Self::new(FLAGS_KSK, point)
    }

    fn new(flags: u16, point: &[u8; PUBLIC_KEY_BYTES]) -> Self {
        let [high, low] = flags.to_be_bytes();
        let mut rdata = vec![high, low, PROTOCOL, ECDSAP256SHA256];
        rdata.extend_from_slice(point);
        Self { rdata: rdata.into() }
    }

    /// From a DNSKEY's wire data; `None` when it is too short or no zone key for DNSSEC.
    pub fn from_rdata(rdata: &[u8]) -> Option<Self> {
        let zone_key = *rdata.first()? & 1 == 1;
        let usable = rdata.len() > 4 && rdata.get(2) == Some(&PROTOCOL) && zone_key;
        usable.then(|| Self { rdata: rdata.into() })
    }

    /// The wire data.
    pub fn rdata(&self) -> &[u8] {
        &self.rdata
    }

    /// 256 or 257 as a rule.
    pub fn flags(&self) -> u16 {
        match *self.rdata {
            [high, low, ..] => u16::from_be_bytes([high, low]),
            _ => 0,
        }
    }

    /// The algorithm number.
    pub fn algorithm(&self) -> u8 {
        self.rdata.get(3).copied().unwrap_or_default()
    }

    /// The public key in the algorithm's form: for algorithm 13, X then Y.
    pub fn public_key(&self) -> &[u8] {
        self.rdata.get(4..).unwrap_or_default()
    }

    /// The key tag.
    pub fn tag(&self) -> u16 {
        key_tag(&self.rdata)
    }

    /// The SHA-256 DS for this key in the zone `owner`.
    pub fn ds(&self, owner: &Name) -> Ds {
        //= rfc4034#section-5.1.4: digest = digest_algorithm( DNSKEY owner name | DNSKEY RDATA )
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(owner.as_wire());
        context.update(&self.rdata);
        Ds { tag: self.tag(), algorithm: self.algorithm(), digest: context.finish().as_ref().into() }
    }

    /// `257 3 13 <base64>`, as Route 53 and zone files write it.
    pub fn to_text(&self) -> String {
        let key = data_encoding::BASE64.encode(self.public_key());
        format!("{} {PROTOCOL} {} {key}", self.flags(), self.algorithm())
    }
}

impl TryFrom<Vec<u8>> for Dnskey {
    type Error = NameError;

    fn try_from(rdata: Vec<u8>) -> Result<Self, NameError> {
        Self::from_rdata(&rdata).ok_or(NameError::BadWire)
    }
}

impl From<Dnskey> for Vec<u8> {
    fn from(key: Dnskey) -> Self {
        key.rdata.into()
    }
}

/// A DS record's data with a SHA-256 digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ds {
    /// The key's tag.
    pub tag: u16,
    /// The key's algorithm.
    pub algorithm: u8,
    /// SHA-256 of owner and key.
    pub digest: Box<[u8]>,
}

impl Ds {
    /// The wire data.
    pub fn rdata(&self) -> Vec<u8> {
        let [high, low] = self.tag.to_be_bytes();
        let mut rdata = vec![high, low, self.algorithm, DIGEST_SHA256];
        rdata.extend_from_slice(&self.digest);
        rdata
    }

    /// 64 upper-case hex digits.
    pub fn digest_text(&self) -> String {
        data_encoding::HEXUPPER.encode(&self.digest)
    }

    /// `<tag> 13 2 <digest>`, as Route 53 and zone files write it.
    pub fn to_text(&self) -> String {
        format!("{} {} {DIGEST_SHA256} {}", self.tag, self.algorithm, self.digest_text())
    }
}

/// The key tag of a DNSKEY's data for every algorithm but 1 (RFC 4034 appendix B).
pub fn key_tag(rdata: &[u8]) -> u16 {
    let sum: u32 = rdata
        .iter()
        .enumerate()
        .map(|(at, byte)| if at % 2 == 0 { u32::from(*byte) << 8 } else { u32::from(*byte) })
        .sum();
    let folded = sum + (sum >> 16);
    u16::try_from(folded & 0xffff).unwrap_or_default()
}

/// The public point (X then Y) inside a P-256 SubjectPublicKeyInfo, as KMS's GetPublicKey gives it.
pub fn point_of_spki(spki: &[u8]) -> Option<[u8; PUBLIC_KEY_BYTES]> {
    spki.strip_prefix(&SPKI_PREFIX)?.try_into().ok()
}

/// Turns an ECDSA signature in DER, as KMS's Sign gives it, into r and s of 32 bytes each (RFC 6605).
pub fn signature_of_der(der: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
    let (length, body) = der.strip_prefix(&[0x30])?.split_first()?;
    if usize::from(*length) != body.len() {
        return None;
    }
    let (r, rest) = der_integer(body)?;
    let (s, rest) = der_integer(rest)?;
    let mut signature = [0; SIGNATURE_BYTES];
    signature.get_mut(32 - r.len()..32)?.copy_from_slice(r);
    signature.get_mut(64 - s.len()..)?.copy_from_slice(s);
    rest.is_empty().then_some(signature)
}

fn der_integer(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.strip_prefix(&[0x02])?.split_first()?;
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    let number = number.strip_prefix(&[0]).unwrap_or(number);
    (number.len() <= 32).then_some((number, rest))
}

/// The DNSKEY set of `keys` at `apex`.
pub fn dnskey_set<'a>(apex: &Name, ttl: u32, keys: impl IntoIterator<Item = &'a Dnskey>) -> Rrset {
    Rrset::new(apex.clone(), Rtype::DNSKEY, ttl, keys.into_iter().map(|key| key.rdata.clone()))
}
