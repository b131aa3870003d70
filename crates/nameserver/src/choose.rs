//! Which zone is served where several have one name, and whether one counts below another.
//!
//! Anybody may make a hosted zone of any name, also of a name inside somebody else's zone; the parent's
//! delegation says which of them counts.

use keyward_base::Timestamp;
use keyward_zone::publication::{PublishedZone, ZoneId, ZoneKind};
use keyward_zone::{Exact, Generation, Name, Rtype};

use crate::config::StandsFor;

/// A zone among several of its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'c> {
    pub(crate) id: &'c ZoneId,
    pub(crate) kind: ZoneKind,
    pub(crate) created: Timestamp,
    pub(crate) name_servers: &'c [Name],
}

impl<'c> Candidate<'c> {
    /// The candidate that a published zone is.
    pub(crate) fn of(id: &'c ZoneId, row: &'c PublishedZone) -> Self {
        Self { id, kind: row.kind, created: row.created, name_servers: &row.name_servers }
    }
}

/// The registry's zone before any hosted one; then the zone with most of the name servers that the parent
/// delegates to; without a delegation, or where it names none of theirs, the oldest. Of two made at the same
/// moment, the one whose id comes first.
pub(crate) fn choose<'c>(
    candidates: impl IntoIterator<Item = Candidate<'c>>,
    delegated_to: &[Name],
) -> Option<&'c ZoneId> {
    let rank = |candidate: &Candidate<'_>| {
        let named = candidate.name_servers.iter().filter(|server| delegated_to.contains(server)).count();
        let hosted = matches!(candidate.kind, ZoneKind::HostedPublic | ZoneKind::HostedPrivate);
        (hosted, std::cmp::Reverse(named), candidate.created.unix_millis())
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

/// Whether a zone counts below `parent`, the next zone above it that the same listener serves. Where the
/// parent has delegated the name, or one above it, the parent does not speak for it. Otherwise a hosted zone
/// speaks for all its names, and the registry for those that it has; a name that nobody has registered is
/// free to be tried out.
pub(crate) fn counts_below(parent: &Generation, kind: ZoneKind, name: &Name) -> bool {
    let search = parent.search(name);
    let registry = matches!(kind, ZoneKind::Root | ZoneKind::TopLevel);
    search.cut.is_some() || registry && matches!(search.exact, Exact::Absent)
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
