//! Checks the NSEC3 chain: closed, complete, with the right types (RFC 5155 section 7.1).

use std::collections::BTreeMap;

use domain::base::iana::Rtype;

use super::{Flaw, Scope};
use crate::nsec3::{nsec3_bitmap, nsec3_next, type_bitmap};
use crate::{Delta, Exact, Generation, Name, NameKey, Node, Nsec3Hash, nsec3_hash};

pub(super) fn check(zone: &Generation, scope: Scope<'_>) -> Result<(), Flaw> {
    match scope {
        Scope::Whole => check_whole(zone),
        Scope::Touched(delta) => check_touched(zone, delta),
    }
}

/// Walks all names in canonical order, as a validator that holds the whole zone would.
fn check_whole(zone: &Generation) -> Result<(), Flaw> {
    let mut expected: BTreeMap<Nsec3Hash, (Name, Box<[u8]>)> = BTreeMap::new();
    let mut cut: Option<Name> = None;
    for node in zone.nodes() {
        let name = node.name();
        if cut.as_ref().is_some_and(|cut| name.is_below(cut)) {
            continue;
        }
        let delegation = name != zone.apex() && node.has(Rtype::NS);
        cut = delegation.then(|| name.clone()).or(cut);
        expected.insert(nsec3_hash(name), (name.clone(), bitmap_of(node, delegation)));
        for ancestor in
            std::iter::successors(name.parent(), Name::parent).take_while(|name| name.is_below(zone.apex()))
        {
            expected.entry(nsec3_hash(&ancestor)).or_insert_with(|| (ancestor, type_bitmap([])));
        }
    }
    for (hash, record) in zone.nsec3_chain() {
        let (name, bitmap) = expected.remove(hash).ok_or_else(|| Flaw::Chain(hash.to_string()))?;
        if nsec3_bitmap(record) != Some(&*bitmap) {
            return Err(Flaw::Denial(name));
        }
    }
    match expected.into_values().next() {
        Some((name, _)) => Err(Flaw::Denial(name)),
        None => zone.nsec3_chain().try_for_each(|(hash, _)| check_link(zone, hash)),
    }
}

/// Looks at the touched names and all that their change can have moved, and at the links around them.
fn check_touched(zone: &Generation, delta: &Delta) -> Result<(), Flaw> {
    let mut names = BTreeMap::new();
    let touched = delta.puts().map(|set| (set.rrset.name(), set.rrset.rtype()));
    for (name, rtype) in touched.chain(delta.removals()) {
        if rtype == Rtype::NS && name != zone.apex() {
            for node in zone.descendants(name.key().as_bytes()) {
                add_with_ancestors(zone, node.name(), &mut names);
            }
        }
        add_with_ancestors(zone, name, &mut names);
    }
    names.values().try_for_each(|name| check_name(zone, name))?;
    for hash in delta.nsec3_puts().map(|(hash, _)| hash) {
        check_link(zone, hash)?;
        zone.nsec3_predecessor(hash).map_or(Ok(()), |before| check_link(zone, &before))?;
    }
    delta.nsec3_removals().try_for_each(|hash| {
        let before = zone.nsec3_predecessor(hash).ok_or_else(|| Flaw::Chain(hash.to_string()))?;
        check_link(zone, &before)
    })
}

fn add_with_ancestors(zone: &Generation, name: &Name, names: &mut BTreeMap<NameKey, Name>) {
    let chain = std::iter::successors(Some(name.clone()), Name::parent);
    for name in chain.take_while(|name| name.is_at_or_below(zone.apex())) {
        names.insert(name.key(), name);
    }
}

/// The name's record is there exactly when the name is in the chain, and has its types.
fn check_name(zone: &Generation, name: &Name) -> Result<(), Flaw> {
    let search = zone.search(name);
    let hidden = search.cut.is_some_and(|cut| cut.name() != name);
    let expected = match search.exact {
        _ if hidden => None,
        Exact::Node(node) => Some(bitmap_of(node, search.cut.is_some())),
        Exact::EmptyNonTerminal => Some(type_bitmap([])),
        Exact::Absent => None,
    };
    let record = zone.nsec3_of(name);
    if record.and_then(|record| nsec3_bitmap(record)) == expected.as_deref() {
        Ok(())
    } else {
        Err(Flaw::Denial(name.clone()))
    }
}

fn bitmap_of(node: &Node, delegation: bool) -> Box<[u8]> {
    let shown = |rtype: &Rtype| !delegation || matches!(*rtype, Rtype::NS | Rtype::DS);
    let signed = !delegation || node.has(Rtype::DS);
    let types = node.sets().map(|set| set.rrset.rtype()).filter(shown);
    type_bitmap(types.chain(signed.then_some(Rtype::RRSIG)))
}

/// The record at `hash` leads to the hash that follows it, has the right owner and the negative TTL.
fn check_link(zone: &Generation, hash: &Nsec3Hash) -> Result<(), Flaw> {
    let flaw = || Flaw::Chain(hash.to_string());
    let record = zone.nsec3_matching(hash).ok_or_else(flaw)?;
    let owner = hash.owner(zone.apex()).map_err(|_| flaw())?;
    let linked = nsec3_next(record) == zone.nsec3_successor(hash) && record.rrset.len() == 1;
    let ttl = negative_ttl(zone).ok_or(Flaw::Apex)?;
    if linked && *record.rrset.name() == owner && record.rrset.ttl() == ttl { Ok(()) } else { Err(flaw()) }
}

//= rfc9077#section-3: the lesser of the MINIMUM field of the SOA record and the TTL of the SOA itself.
fn negative_ttl(zone: &Generation) -> Option<u32> {
    let soa = zone.soa()?;
    let minimum = soa.rrset.rdata().next()?.last_chunk::<4>().map(|last| u32::from_be_bytes(*last))?;
    Some(minimum.min(soa.rrset.ttl()))
}
