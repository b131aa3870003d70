//! The served SOA's serial under `SerialPolicy::Increase`.

use super::Draft;
use crate::policy::SerialPolicy;
use crate::{Name, Rrset, SignedRrset};

/// The SOA to serve for the stored one: with the serial that is served already, unless the stored one is
/// ahead of it.
pub(super) fn kept(draft: &Draft<'_>, stored: Rrset) -> Rrset {
    let served = draft.previous.and_then(crate::Generation::serial);
    match (draft.policy.serial, served, serial_of(&stored)) {
        (SerialPolicy::Increase, Some(served), Some(wanted)) if !is_after(wanted, served) => {
            with_serial(&stored, served)
        }
        _ => stored,
    }
}

/// Lets the serial grow if anything changed and it did not grow yet.
pub(super) fn increase(draft: &mut Draft<'_>) {
    let changed = !draft.dirty.sets.is_empty() || !draft.dirty.nsec3.is_empty();
    let served = draft.previous.and_then(crate::Generation::serial);
    if draft.policy.serial != SerialPolicy::Increase
        || !changed
        || served.is_none()
        || draft.next.serial() != served
    {
        return;
    }
    if let (Some(soa), Some(served)) = (draft.next.soa().cloned(), served) {
        draft.put(SignedRrset::unsigned(with_serial(&soa.rrset, served.wrapping_add(1))));
    }
}

/// Whether `left` comes after `right` (RFC 1982 section 3.2).
fn is_after(left: u32, right: u32) -> bool {
    left != right && left.wrapping_sub(right) < 1 << 31
}

/// Where the serial stands in a SOA's data: behind two names.
fn serial_at(rdata: &[u8]) -> Option<usize> {
    let (_, rest) = Name::split_wire(rdata).ok()?;
    let (_, rest) = Name::split_wire(rest).ok()?;
    Some(rdata.len() - rest.len())
}

fn serial_of(soa: &Rrset) -> Option<u32> {
    let rdata = soa.rdata().next()?;
    let at = serial_at(rdata)?;
    rdata.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn with_serial(soa: &Rrset, serial: u32) -> Rrset {
    let mut rdata: Vec<u8> = soa.rdata().next().unwrap_or_default().to_vec();
    if let Some(bytes) = serial_at(&rdata).and_then(|at| rdata.get_mut(at..at + 4)) {
        bytes.copy_from_slice(&serial.to_be_bytes());
    }
    Rrset::new(soa.name().clone(), soa.rtype(), soa.ttl(), [rdata])
}
