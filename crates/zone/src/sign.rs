//! What a signature covers: RRSIG data without the signature, then the set in canonical form
//! (RFC 4034 section 3.1.8.1). Makes no signatures.

use crate::keys::{Dnskey, ECDSAP256SHA256, SIGNATURE_BYTES};
use crate::{Name, Rrset, Signature};

/// A signature to be made: which bytes, and what they become together with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningJob {
    prefix: Vec<u8>,
    data: Vec<u8>,
    tag: u16,
}

impl SigningJob {
    /// The signature of `set` by `key`, in the zone `signer`, valid from `inception` to `expiration`.
    pub fn new(set: &Rrset, key: &Dnskey, signer: &Name, (inception, expiration): (u32, u32)) -> Self {
        let mut prefix = Vec::with_capacity(18 + signer.as_wire().len());
        prefix.extend(set.rtype().to_int().to_be_bytes());
        prefix.extend([ECDSAP256SHA256, rrsig_labels(set.name())]);
        prefix.extend(set.ttl().to_be_bytes());
        prefix.extend(expiration.to_be_bytes());
        prefix.extend(inception.to_be_bytes());
        prefix.extend(key.tag().to_be_bytes());
        prefix.extend_from_slice(signer.as_wire());
        let data = signed_data(&prefix, set);
        Self { prefix, data, tag: key.tag() }
    }

    /// The bytes to sign with ECDSA and SHA-256.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The tag of the key that must sign.
    pub fn key_tag(&self) -> u16 {
        self.tag
    }

    /// The RRSIG, once the signature (r and s) is there.
    pub fn finish(&self, signature: &[u8; SIGNATURE_BYTES]) -> Option<Signature> {
        let mut rdata = self.prefix.clone();
        rdata.extend_from_slice(signature);
        Signature::from_rdata(rdata)
    }
}

/// What the signature with this `prefix` covers when it is for `set`.
pub(crate) fn signed_data(prefix: &[u8], set: &Rrset) -> Vec<u8> {
    let mut data = prefix.to_vec();
    for rdata in set.rdata() {
        data.extend_from_slice(set.name().as_wire());
        data.extend(set.rtype().to_int().to_be_bytes());
        data.extend([0, 1]);
        data.extend(set.ttl().to_be_bytes());
        data.extend(u16::try_from(rdata.len()).unwrap_or(u16::MAX).to_be_bytes());
        data.extend_from_slice(rdata);
    }
    data
}

/// The Labels field for sets of `name`: without the root and without a leading `*`.
pub(crate) fn rrsig_labels(name: &Name) -> u8 {
    //= rfc4034#section-3.1.3
    let labels = name.label_count() - usize::from(name.is_wildcard());
    u8::try_from(labels).unwrap_or(u8::MAX)
}
