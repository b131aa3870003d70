//! Which names and sets of a zone are its own (RFC 4035 sections 2.2 and 2.3).

use domain::base::iana::Rtype;

use crate::{Generation, Name};

/// What a name is to the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    /// The zone's own data.
    Own,
    /// A delegation: NS unsigned, DS the zone's own.
    Delegation,
    /// Below a delegation: glue or hidden.
    Occluded,
}

pub(super) fn authority(zone: &Generation, name: &Name) -> Authority {
    let is_cut = |name: &Name| name != zone.apex() && zone.node(name).is_some_and(|node| node.has(Rtype::NS));
    if zone.ancestors(name).any(|ancestor| is_cut(&ancestor)) {
        Authority::Occluded
    } else if is_cut(name) {
        Authority::Delegation
    } else {
        Authority::Own
    }
}

/// Whether the set of this name and type carries a signature in a signed zone.
pub(super) fn is_signed(zone: &Generation, name: &Name, rtype: Rtype) -> bool {
    match authority(zone, name) {
        Authority::Own => true,
        //= rfc4035#section-2.2: a delegation's NS set is not signed, its DS set is.
        Authority::Delegation => rtype == Rtype::DS,
        Authority::Occluded => false,
    }
}
