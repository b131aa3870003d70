//! How a row is laid out in the file. Changing it takes a new `VERSION` and a conversion.

use crate::Revision;

/// The layout that this binary reads and writes.
pub(super) const VERSION: u64 = 1;

/// A stored row is its revision (eight bytes, big-endian) and then its value.
pub(super) fn encode(revision: Revision, value: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(8 + value.len());
    stored.extend_from_slice(&revision.0.to_be_bytes());
    stored.extend_from_slice(value);
    stored
}

/// The revision and the value of a stored row.
pub(super) fn decode(stored: &[u8]) -> Result<(Revision, &[u8]), redb::Error> {
    match stored.split_first_chunk() {
        Some((revision, value)) => Ok((Revision(u64::from_be_bytes(*revision)), value)),
        None => Err(redb::Error::Corrupted("a row is too short to hold its revision".to_owned())),
    }
}

/// The revision of a stored row.
pub(super) fn revision(stored: &[u8]) -> Result<Revision, redb::Error> {
    Ok(decode(stored)?.0)
}
