//! NSEC3 and NSEC3PARAM records (RFC 5155 sections 3 and 4).

use domain::base::iana::Rtype;
use domain::rdata::dnssec::RtypeBitmap;

use super::{NSEC3_HASH_BYTES, Nsec3Hash};
use crate::{Name, NameError, Rrset, SignedRrset};

/// SHA-1, no flags (no opt-out), no iterations, no salt.
const PARAMETERS: [u8; 5] = [1, 0, 0, 0, 0];
/// Where the next hash begins: parameters and hash length.
const NEXT_AT: usize = PARAMETERS.len() + 1;

/// The NSEC3 record of `hash`.
pub(crate) fn nsec3_set(
    apex: &Name,
    hash: &Nsec3Hash,
    next: &Nsec3Hash,
    bitmap: &[u8],
    ttl: u32,
) -> Result<Rrset, NameError> {
    let mut rdata = PARAMETERS.to_vec();
    rdata.push(20);
    rdata.extend_from_slice(&next.0);
    rdata.extend_from_slice(bitmap);
    Ok(Rrset::new(hash.owner(apex)?, Rtype::NSEC3, ttl, [rdata]))
}

/// The NSEC3PARAM set of a signed zone; TTL 0, as it is for servers only.
pub(crate) fn nsec3param_set(apex: &Name) -> Rrset {
    Rrset::new(apex.clone(), Rtype::NSEC3PARAM, 0, [PARAMETERS.to_vec()])
}

/// The next hash of an NSEC3 record; `None` when the data is not as `nsec3_set` makes it.
pub fn nsec3_next(record: &SignedRrset) -> Option<Nsec3Hash> {
    let rdata = record.rrset.rdata().next()?;
    let known = rdata.starts_with(&PARAMETERS) && rdata.get(PARAMETERS.len()) == Some(&20);
    let next = rdata.get(NEXT_AT..NEXT_AT + NSEC3_HASH_BYTES)?.try_into().ok()?;
    known.then_some(Nsec3Hash(next))
}

/// The type bitmap of an NSEC3 record.
pub fn nsec3_bitmap(record: &SignedRrset) -> Option<&[u8]> {
    record.rrset.rdata().next()?.get(NEXT_AT + NSEC3_HASH_BYTES..)
}

/// The bitmap of `types` in wire form: windows ascending, no trailing zeros (RFC 4034 section 4.1.2).
pub(crate) fn type_bitmap(types: impl IntoIterator<Item = Rtype>) -> Box<[u8]> {
    let mut builder = RtypeBitmap::<Vec<u8>>::builder();
    for rtype in types {
        // Appending to a vector can't fail.
        let _ = builder.add(rtype);
    }
    builder.finalize().as_slice().into()
}
