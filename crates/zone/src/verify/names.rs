//! Checks that hold for signed and unsigned zones alike.

use domain::base::iana::Rtype;

use super::{Flaw, Scope};
use crate::{Generation, Node};

pub(super) fn check(zone: &Generation, scope: Scope<'_>) -> Result<(), Flaw> {
    let soa = zone.soa().ok_or(Flaw::Apex)?;
    if soa.rrset.len() != 1 || zone.serial().is_none() || zone.set(zone.apex(), Rtype::NS).is_none() {
        return Err(Flaw::Apex);
    }
    match scope {
        Scope::Whole => zone.nodes().try_for_each(|node| check_node(zone, node)),
        Scope::Touched(delta) => delta
            .puts()
            .filter_map(|set| zone.node(set.rrset.name()))
            .try_for_each(|node| check_node(zone, node)),
    }
}

fn check_node(zone: &Generation, node: &Node) -> Result<(), Flaw> {
    let name = node.name();
    if !name.is_at_or_below(zone.apex()) {
        return Err(Flaw::OutOfZone(name.clone()));
    }
    if node.has(Rtype::CNAME) && node.sets().len() > 1 {
        return Err(Flaw::CnameNotAlone(name.clone()));
    }
    Ok(())
}
