//! Which zone is served where several have one name.
//!
//! Anybody may make a hosted zone of any name; the parent's delegation says which of them counts.

use keyward_base::Timestamp;
use keyward_zone::publication::{PublishedZone, ZoneId, ZoneKind};
use keyward_zone::{Generation, Name, Rtype};

use crate::config::StandsFor;

/// A zone among several of its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'c> {
    pub(crate) id: &'c ZoneId,
    pub(crate) created: Timestamp,
    pub(crate) name_servers: &'c [Name],
}

impl<'c> Candidate<'c> {
    /// The candidate that a published zone is.
    pub(crate) fn of(id: &'c ZoneId, row: &'c PublishedZone) -> Self {
        Self { id, created: row.created, name_servers: &row.name_servers }
    }
}

/// The zone with most of the name servers that the parent delegates to; without a delegation, or where it
/// names none of theirs, the oldest. Of two made at the same moment, the one whose id comes first.
pub(crate) fn choose<'c>(
    candidates: impl IntoIterator<Item = Candidate<'c>>,
    delegated_to: &[Name],
) -> Option<&'c ZoneId> {
    let rank = |candidate: &Candidate<'_>| {
        let named = candidate.name_servers.iter().filter(|server| delegated_to.contains(server)).count();
        (std::cmp::Reverse(named), candidate.created.unix_millis())
    };
    let best = candidates
        .into_iter()
        .min_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.id.cmp(other.id)));
    best.map(|candidate| candidate.id)
}

/// The name servers to which `parent` delegates `name`.
pub(crate) fn delegation(parent: &Generation, name: &Name) -> Vec<Name> {
    let servers = parent.set(name, Rtype::NS);
    let data = servers.into_iter().flat_map(|set| set.rrset.rdata());
    data.filter_map(|rdata| Name::from_wire(rdata).ok()).collect()
}

impl StandsFor {
    /// Whether the zone is among those that are answered for. A private zone never is: this server is the
    /// public's.
    pub(crate) fn includes(&self, row: &PublishedZone) -> bool {
        match (self, row.kind) {
            (_, ZoneKind::HostedPrivate) => false,
            (Self::Everything, _) => true,
            (Self::Root, kind) => kind == ZoneKind::Root,
            (Self::Registry, kind) => kind == ZoneKind::TopLevel,
            (Self::Hosted, kind) => kind == ZoneKind::HostedPublic,
            (Self::Servers(names), _) => row.name_servers.iter().any(|server| names.contains(server)),
        }
    }
}

#[cfg(test)]
mod tests;
