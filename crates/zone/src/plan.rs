//! Plans a zone's next generation: which sets and NSEC3 records change and which must be signed.
//!
//! The plan is made without any key; somebody else makes the signatures in batches, and `Plan::apply` puts
//! them in. A change of one name touches that name, its neighbours in the NSEC3 chain and the SOA, whatever
//! the size of the zone. The previous generation is itself the record of what the zone holds: a persistent
//! map that shares all that does not change. Verification is not done here, on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use domain::base::iana::Rtype;
use keyward_base::Timestamp;

use crate::delta::Delta;
use crate::keys::{Dnskey, SIGNATURE_BYTES};
use crate::policy::{Policy, jitter_seed};
use crate::sign::SigningJob;
use crate::{Generation, GenerationNumber, Name, NameKey, Nsec3Hash, Rrset, Signature, SignedRrset};

mod authority;
mod changes;
mod denial;
mod refresh;
mod serial;
#[cfg(test)]
mod tests;

pub use refresh::refresh_due;

/// What the zone shall hold.
#[derive(Clone, Debug)]
pub enum Update {
    /// All its sets. What differs from the previous generation is found by comparing.
    Whole(Vec<Rrset>),
    /// For each of these names, all its sets; none for a name that goes. Other names stay as they are.
    Names(Vec<(Name, Vec<Rrset>)>),
}

/// With what a zone is signed.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The zone-signing key that makes new signatures.
    pub zsk: Dnskey,
    /// The DNSKEY set to serve.
    pub dnskeys: Rrset,
    /// Its signatures by the key-signing keys that are valid now.
    pub dnskey_signatures: Vec<Signature>,
}

/// All that a plan follows from.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The zone's name.
    pub apex: &'a Name,
    /// What is served now; `None` for a new zone.
    pub previous: Option<&'a Generation>,
    /// What changes.
    pub update: Update,
    /// `None` for a zone without DNSSEC.
    pub signing: Option<&'a Signing>,
    /// Times and TTLs.
    pub policy: &'a Policy,
    /// The moment of signing.
    pub now: Timestamp,
}

/// Why no generation can be made of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// A set's owner does not lie in the zone.
    OutOfZone(Name),
    /// A set has no record.
    EmptySet(Name, Rtype),
    /// A name was given the same type twice.
    TypeTwice(Name, Rtype),
    /// A type that only signing may add, or one that no zone holds.
    ReservedType(Name, Rtype),
    /// The zone has not exactly one SOA record, at its apex.
    Soa,
    /// There is no NS at the apex.
    Ns,
    /// A CNAME stands beside other sets (RFC 1034 section 3.6.2).
    CnameNotAlone(Name),
    /// The zone's name leaves no room for the label of an NSEC3 hash.
    NameTooLong,
    /// A new zone, or one whose signing is turned on or off, needs `Update::Whole`.
    NeedsWhole,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfZone(name) => write!(f, "{name} lies outside the zone"),
            Self::EmptySet(name, rtype) => write!(f, "the {rtype} set of {name} is empty"),
            Self::TypeTwice(name, rtype) => write!(f, "{name} has two sets of type {rtype}"),
            Self::ReservedType(name, rtype) => write!(f, "{name} may not hold type {rtype}"),
            Self::Soa => f.write_str("the zone must have exactly one SOA record, at its apex"),
            Self::Ns => f.write_str("the zone has no NS at its apex"),
            Self::CnameNotAlone(name) => write!(f, "the CNAME of {name} stands beside other records"),
            Self::NameTooLong => f.write_str("the zone's name is too long for hashed denial"),
            Self::NeedsWhole => f.write_str("the whole content of the zone is needed"),
        }
    }
}

impl std::error::Error for PlanError {}

/// The next generation but for its signatures.
#[derive(Debug)]
pub struct Plan {
    previous: Option<Generation>,
    next: Generation,
    dirty: Dirty,
    jobs: Vec<(Place, SigningJob)>,
}

/// What differs from the previous generation.
#[derive(Debug, Default)]
struct Dirty {
    sets: BTreeSet<(NameKey, u16)>,
    nsec3: BTreeSet<Nsec3Hash>,
}

/// Where a signature belongs.
#[derive(Clone, Debug)]
enum Place {
    Set(Arc<SignedRrset>),
    Nsec3(Nsec3Hash, Arc<SignedRrset>),
}

/// Why signatures could not be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyError {
    /// There are more or fewer signatures than jobs.
    WrongCount,
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of signatures is not the number that was asked for")
    }
}

impl std::error::Error for ApplyError {}

/// Plans the next generation.
pub fn plan(request: Request<'_>) -> Result<Plan, PlanError> {
    let mut draft = Draft::begin(&request)?;
    let reach = changes::apply(&mut draft, request.update)?;
    denial::follow(&mut draft, &reach)?;
    refresh::strip_due(&mut draft);
    serial::increase(&mut draft);
    let jobs = draft.jobs();
    Ok(Plan { previous: request.previous.cloned(), next: draft.next, dirty: draft.dirty, jobs })
}

impl Plan {
    /// Whether the next generation would be as the previous one.
    pub fn is_empty(&self) -> bool {
        self.previous.is_some() && self.dirty.sets.is_empty() && self.dirty.nsec3.is_empty()
    }

    /// What has to be signed, in the order in which `apply` wants the signatures.
    pub fn jobs(&self) -> impl ExactSizeIterator<Item = &SigningJob> {
        self.jobs.iter().map(|(_, job)| job)
    }

    /// The generation with these signatures, and what it differs in from the previous one.
    pub fn apply(self, signatures: &[[u8; SIGNATURE_BYTES]]) -> Result<(Generation, Delta), ApplyError> {
        if signatures.len() != self.jobs.len() {
            return Err(ApplyError::WrongCount);
        }
        let mut next = self.next;
        for ((place, job), signature) in self.jobs.iter().zip(signatures) {
            let signature = job.finish(signature).ok_or(ApplyError::WrongCount)?;
            match place {
                Place::Set(set) => next.put(with_signature(set, signature)),
                Place::Nsec3(hash, record) => next.put_nsec3(*hash, with_signature(record, signature)),
            }
        }
        let delta = Delta::between(self.previous.as_ref(), &next, &self.dirty.sets, &self.dirty.nsec3);
        Ok((next, delta))
    }
}

fn with_signature(set: &SignedRrset, signature: Signature) -> Arc<SignedRrset> {
    Arc::new(SignedRrset { rrset: set.rrset.clone(), signatures: vec![signature] })
}

/// A generation in the making. A set that must be signed and has no signature gets a job at the end.
struct Draft<'a> {
    next: Generation,
    previous: Option<&'a Generation>,
    dirty: Dirty,
    signing: Option<&'a Signing>,
    policy: &'a Policy,
    now: Timestamp,
}

impl<'a> Draft<'a> {
    fn begin(request: &Request<'a>) -> Result<Self, PlanError> {
        let number = request.previous.map_or(GenerationNumber(1), |old| GenerationNumber(old.number().0 + 1));
        let same_road = request.previous.is_some_and(|old| old.is_signed() == request.signing.is_some());
        if matches!(request.update, Update::Names(_)) && !same_road {
            return Err(PlanError::NeedsWhole);
        }
        let next = match request.previous {
            Some(previous) => previous.numbered(number),
            None => Generation::empty(request.apex.clone(), number),
        };
        let Request { previous, signing, policy, now, .. } = *request;
        Ok(Self { next, previous, dirty: Dirty::default(), signing, policy, now })
    }

    /// Puts a set in unless the same is there; answers whether it was new.
    fn put(&mut self, set: SignedRrset) -> bool {
        let key = set.rrset.name().key();
        let rtype = set.rrset.rtype();
        let old = self.next.node_at(key.as_bytes()).and_then(|node| node.get(rtype));
        if old.is_some_and(|old| **old == set) {
            return false;
        }
        self.dirty.sets.insert((key, rtype.to_int()));
        self.next.put(Arc::new(set));
        true
    }

    fn remove(&mut self, key: &NameKey, rtype: Rtype) {
        if self.next.remove(key, rtype).is_some() {
            self.dirty.sets.insert((key.clone(), rtype.to_int()));
        }
    }

    /// One job for each set and NSEC3 record that was changed, must be signed and is not.
    fn jobs(&self) -> Vec<(Place, SigningJob)> {
        let Some(signing) = self.signing else {
            return Vec::new();
        };
        let sets = self.dirty.sets.iter().filter_map(|(key, rtype)| {
            let node = self.next.node_at(key.as_bytes())?;
            let set = node.get(Rtype::from_int(*rtype))?;
            let wanted = set.signatures.is_empty()
                && authority::is_signed(&self.next, set.rrset.name(), set.rrset.rtype());
            wanted.then(|| (Place::Set(set.clone()), self.job(set, signing)))
        });
        let records = self.dirty.nsec3.iter().filter_map(|hash| {
            let record = self.next.nsec3_matching(hash)?;
            let wanted = record.signatures.is_empty();
            wanted.then(|| (Place::Nsec3(*hash, record.clone()), self.job(record, signing)))
        });
        sets.chain(records).collect()
    }

    fn job(&self, set: &SignedRrset, signing: &Signing) -> SigningJob {
        let window = self.policy.window(jitter_seed(set.rrset.name()), self.now);
        SigningJob::new(&set.rrset, &signing.zsk, self.next.apex(), window)
    }
}

/// Sets by type, for one name.
type Sets = BTreeMap<u16, Rrset>;
