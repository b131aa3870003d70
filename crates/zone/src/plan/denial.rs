//! Keeps the NSEC3 chain and the places of signatures in step with a draft's sets (RFC 5155 section 7.1).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::base::iana::Rtype;

use super::authority::{Authority, authority, is_signed};
use super::changes::{Reach, Touched};
use super::{Draft, PlanError};
use crate::nsec3::{nsec3_bitmap, nsec3_set, type_bitmap};
use crate::{Generation, Name, NameKey, Nsec3Hash, SignedRrset, nsec3_hash};

/// Brings the chain, and the signatures that sets have or lack, to what the draft's sets ask for.
pub(super) fn follow(draft: &mut Draft<'_>, reach: &Reach) -> Result<(), PlanError> {
    let names = affected(&draft.next, reach);
    for name in names.values() {
        place_signatures(draft, name);
    }
    if draft.signing.is_none() {
        remove_chain(draft);
        return Ok(());
    }
    let moved = join_and_leave(draft, names.values())?;
    relink(draft, moved)
}

/// The names whose place in the chain may have changed: the touched ones, their ancestors (which may have
/// become or ceased to be empty non-terminals), and what lies below a new or a former delegation.
fn affected(zone: &Generation, reach: &Reach) -> BTreeMap<NameKey, Name> {
    let mut names = BTreeMap::new();
    match reach {
        Reach::Everything => zone.nodes().for_each(|node| with_ancestors(zone, node.name(), &mut names)),
        Reach::Names(touched) => {
            for Touched { name, recut } in touched {
                with_ancestors(zone, name, &mut names);
                if *recut {
                    let below = zone
                        .descendants(name.key().as_bytes())
                        .map(|node| node.name().clone())
                        .collect::<Vec<_>>();
                    below.iter().for_each(|name| with_ancestors(zone, name, &mut names));
                }
            }
        }
    }
    names
}

fn with_ancestors(zone: &Generation, name: &Name, names: &mut BTreeMap<NameKey, Name>) {
    names.insert(name.key(), name.clone());
    for ancestor in zone.ancestors(name) {
        if names.insert(ancestor.key(), ancestor).is_some() {
            // The ancestors above were entered together with this one.
            break;
        }
    }
}

/// Takes signatures from sets that may have none, and marks sets that lack theirs.
fn place_signatures(draft: &mut Draft<'_>, name: &Name) {
    let Some(node) = draft.next.node(name).cloned() else {
        return;
    };
    for set in node.sets() {
        let wanted = draft.signing.is_some() && is_signed(&draft.next, name, set.rrset.rtype());
        if wanted && set.signatures.is_empty() {
            draft.dirty.sets.insert((name.key(), set.rrset.rtype().to_int()));
        } else if !wanted && !set.signatures.is_empty() {
            draft.put(SignedRrset::unsigned(set.rrset.clone()));
        }
    }
}

fn remove_chain(draft: &mut Draft<'_>) {
    let hashes: Vec<Nsec3Hash> = draft.next.nsec3_chain().map(|(hash, _)| *hash).collect();
    for hash in hashes {
        draft.next.remove_nsec3(&hash);
        draft.dirty.nsec3.insert(hash);
    }
}

/// The type bitmap of a name in the chain; `None` when it is not in it.
fn chain_entry(zone: &Generation, name: &Name) -> Option<Box<[u8]>> {
    let place = authority(zone, name);
    match (place, zone.node(name)) {
        (Authority::Occluded, _) => None,
        (Authority::Delegation, Some(node)) => {
            let types = [Rtype::NS]
                .into_iter()
                .chain(node.has(Rtype::DS).then_some([Rtype::DS, Rtype::RRSIG]).into_iter().flatten());
            Some(type_bitmap(types))
        }
        (_, Some(node)) => Some(type_bitmap(node.sets().map(|set| set.rrset.rtype()).chain([Rtype::RRSIG]))),
        //= rfc5155#section-7.1: empty non-terminals have NSEC3 records without types.
        (_, None) => has_own_descendants(zone, name).then(|| type_bitmap([])),
    }
}

/// Whether an empty name has something below it. Nothing there can be hidden: a delegation that hides
/// names stands above them and is itself a descendant.
fn has_own_descendants(zone: &Generation, name: &Name) -> bool {
    zone.has_descendants(name.key().as_bytes())
}

/// Lets names enter and leave the chain; answers the hashes whose records or neighbours changed.
fn join_and_leave<'n>(
    draft: &mut Draft<'_>,
    names: impl Iterator<Item = &'n Name>,
) -> Result<BTreeSet<Nsec3Hash>, PlanError> {
    let mut moved = BTreeSet::new();
    for name in names {
        let hash = nsec3_hash(name);
        let entry = chain_entry(&draft.next, name);
        let old = draft.next.nsec3_matching(&hash);
        if old.and_then(|record| nsec3_bitmap(record)) == entry.as_deref() {
            continue;
        }
        moved.insert(hash);
        match entry {
            None => _ = draft.next.remove_nsec3(&hash),
            Some(bitmap) => {
                let record = nsec3_set(draft.next.apex(), &hash, &hash, &bitmap, 0)
                    .map_err(|_| PlanError::NameTooLong)?;
                draft.next.put_nsec3(hash, Arc::new(SignedRrset::unsigned(record)));
            }
        }
    }
    Ok(moved)
}

/// Writes the records of the moved hashes and of their predecessors anew, all of them if the TTL changed.
fn relink(draft: &mut Draft<'_>, moved: BTreeSet<Nsec3Hash>) -> Result<(), PlanError> {
    let ttl = negative_ttl(&draft.next);
    let old_ttl = draft.previous.map(negative_ttl);
    draft.dirty.nsec3.extend(moved.iter().filter(|hash| draft.next.nsec3_matching(hash).is_none()));
    let mut stale: BTreeSet<Nsec3Hash> =
        moved.iter().filter_map(|hash| draft.next.nsec3_predecessor(hash)).collect();
    stale.extend(moved);
    if old_ttl.is_some_and(|old| old != ttl) {
        stale.extend(draft.next.nsec3_chain().map(|(hash, _)| *hash));
    }
    for hash in stale {
        write_record(draft, &hash, ttl)?;
    }
    Ok(())
}

fn write_record(draft: &mut Draft<'_>, hash: &Nsec3Hash, ttl: u32) -> Result<(), PlanError> {
    let Some(old) = draft.next.nsec3_matching(hash) else {
        return Ok(());
    };
    let next = draft.next.nsec3_successor(hash).unwrap_or(*hash);
    let bitmap = nsec3_bitmap(old).unwrap_or_default();
    let rrset = nsec3_set(draft.next.apex(), hash, &next, bitmap, ttl).map_err(|_| PlanError::NameTooLong)?;
    let served = draft.previous.and_then(|previous| previous.nsec3_matching(hash));
    let record = match served {
        // A record that came back to what is served keeps its signature.
        Some(served) if served.rrset == rrset => served.clone(),
        _ => {
            draft.dirty.nsec3.insert(*hash);
            Arc::new(SignedRrset::unsigned(rrset))
        }
    };
    draft.next.put_nsec3(*hash, record);
    Ok(())
}

/// The lesser of the SOA's TTL and its last field (RFC 2308 section 5, RFC 9077 section 3).
pub(super) fn negative_ttl(zone: &Generation) -> u32 {
    let Some(soa) = zone.soa() else {
        return 0;
    };
    let minimum = soa
        .rrset
        .rdata()
        .next()
        .and_then(|rdata| rdata.last_chunk::<4>())
        .map_or(0, |last| u32::from_be_bytes(*last));
    soa.rrset.ttl().min(minimum)
}
