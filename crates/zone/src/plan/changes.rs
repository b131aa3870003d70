//! Brings a draft's sets to what the zone shall hold, and tells how far that reaches.

use std::collections::BTreeMap;

use domain::base::iana::Rtype;

use super::{Draft, PlanError, Sets, Update};
use crate::nsec3::nsec3param_set;
use crate::{Name, NameKey, Rrset, SignedRrset};

/// The names whose denial and signatures must be looked at again.
pub(super) enum Reach {
    /// Every name: the zone is new, or was signed or unsigned just now.
    Everything,
    /// These, with all that they hide or stop hiding.
    Names(Vec<Touched>),
}

/// A name whose sets changed.
pub(super) struct Touched {
    pub(super) name: Name,
    /// It became a delegation or ceased to be one.
    pub(super) recut: bool,
}

pub(super) fn apply(draft: &mut Draft<'_>, update: Update) -> Result<Reach, PlanError> {
    let wanted = wanted(draft, update)?;
    let mut touched = Vec::new();
    for (key, (name, sets)) in wanted {
        if change_name(draft, &key, sets)? {
            touched.push(name);
        }
    }
    check_apex(draft)?;
    if put_keys(draft) {
        touched.push(draft.next.apex().clone());
    }
    let was_signed = draft.previous.is_some_and(crate::Generation::is_signed);
    if draft.previous.is_none() || was_signed != draft.signing.is_some() {
        return Ok(Reach::Everything);
    }
    let with_cut = |name: Name| Touched { recut: was_cut(draft, &name) != is_cut(draft, &name), name };
    Ok(Reach::Names(touched.into_iter().map(with_cut).collect()))
}

fn is_cut(draft: &Draft<'_>, name: &Name) -> bool {
    name != draft.next.apex() && draft.next.set(name, Rtype::NS).is_some()
}

fn was_cut(draft: &Draft<'_>, name: &Name) -> bool {
    name != draft.next.apex() && draft.previous.is_some_and(|old| old.set(name, Rtype::NS).is_some())
}

/// The sets that each touched name shall have.
fn wanted(draft: &Draft<'_>, update: Update) -> Result<BTreeMap<NameKey, (Name, Sets)>, PlanError> {
    let mut wanted = BTreeMap::new();
    let sets = match update {
        Update::Whole(sets) => {
            let present =
                draft.next.nodes().map(|node| (node.name().key(), (node.name().clone(), Sets::new())));
            wanted.extend(present);
            sets
        }
        Update::Names(names) => {
            for (name, _) in &names {
                in_zone(draft, name)?;
                wanted.insert(name.key(), (name.clone(), Sets::new()));
            }
            names.into_iter().flat_map(|(_, sets)| sets).collect()
        }
    };
    for set in sets {
        add(draft, &mut wanted, set)?;
    }
    Ok(wanted)
}

fn add(draft: &Draft<'_>, wanted: &mut BTreeMap<NameKey, (Name, Sets)>, set: Rrset) -> Result<(), PlanError> {
    in_zone(draft, set.name())?;
    let (name, rtype) = (set.name().clone(), set.rtype());
    if set.is_empty() {
        return Err(PlanError::EmptySet(name, rtype));
    }
    if is_reserved(rtype) {
        return Err(PlanError::ReservedType(name, rtype));
    }
    if rtype == Rtype::SOA && (name != *draft.next.apex() || set.len() != 1) {
        return Err(PlanError::Soa);
    }
    let set = if rtype == Rtype::SOA { super::serial::kept(draft, set) } else { set };
    let set = match draft.signing {
        Some(_) if set.ttl() > draft.policy.ttl_seconds_max => set.with_ttl(draft.policy.ttl_seconds_max),
        _ => set,
    };
    let (_, sets) = wanted.entry(name.key()).or_insert_with(|| (name.clone(), Sets::new()));
    match sets.insert(rtype.to_int(), set) {
        None => Ok(()),
        Some(_) => Err(PlanError::TypeTwice(name, rtype)),
    }
}

fn in_zone(draft: &Draft<'_>, name: &Name) -> Result<(), PlanError> {
    if name.is_at_or_below(draft.next.apex()) { Ok(()) } else { Err(PlanError::OutOfZone(name.clone())) }
}

/// Types that only signing may add, and meta types, which no zone holds (RFC 6895 section 3.1).
fn is_reserved(rtype: Rtype) -> bool {
    let number = rtype.to_int();
    added_by_signing(rtype)
        || rtype == Rtype::RRSIG
        || rtype == Rtype::NSEC
        || number == 0
        || rtype == Rtype::OPT
        || (128..=255).contains(&number)
}

fn added_by_signing(rtype: Rtype) -> bool {
    matches!(rtype, Rtype::DNSKEY | Rtype::NSEC3PARAM | Rtype::NSEC3)
}

/// Gives one name these sets and no others; answers whether that changed anything.
fn change_name(draft: &mut Draft<'_>, key: &NameKey, sets: Sets) -> Result<bool, PlanError> {
    if let Some(cname) = sets.get(&Rtype::CNAME.to_int())
        && sets.len() > 1
    {
        return Err(PlanError::CnameNotAlone(cname.name().clone()));
    }
    let before = draft.dirty.sets.len();
    let node = draft.next.node_at(key.as_bytes()).cloned();
    for old in node.iter().flat_map(|node| node.sets()) {
        let rtype = old.rrset.rtype();
        if !sets.contains_key(&rtype.to_int()) && !added_by_signing(rtype) {
            draft.remove(key, rtype);
        }
    }
    for set in sets.into_values() {
        let old = node.as_ref().and_then(|node| node.get(set.rtype()));
        if old.is_none_or(|old| old.rrset != set) {
            draft.put(SignedRrset::unsigned(set));
        }
    }
    Ok(draft.dirty.sets.len() > before)
}

fn check_apex(draft: &Draft<'_>) -> Result<(), PlanError> {
    draft.next.soa().ok_or(PlanError::Soa)?;
    draft.next.set(draft.next.apex(), Rtype::NS).map(|_| ()).ok_or(PlanError::Ns)
}

/// Brings DNSKEY and NSEC3PARAM to what signing wants; answers whether that changed anything.
fn put_keys(draft: &mut Draft<'_>) -> bool {
    let apex = draft.next.apex().clone();
    let Some(signing) = draft.signing else {
        let key = apex.key();
        draft.remove(&key, Rtype::DNSKEY);
        draft.remove(&key, Rtype::NSEC3PARAM);
        return false;
    };
    let keys = SignedRrset { rrset: signing.dnskeys.clone(), signatures: signing.dnskey_signatures.clone() };
    let changed = draft.put(keys);
    if draft.next.set(&apex, Rtype::NSEC3PARAM).is_some() {
        return changed;
    }
    draft.put(SignedRrset::unsigned(nsec3param_set(&apex)))
}
