//! An immutable, complete state of a zone as it is served: sets, signatures, denial chain.
//!
//! A clone costs nothing and a successor shares all that did not change. Only `Plan::apply` and the blob
//! reader make generations with content; whoever publishes one verifies it first.

use std::ops::Bound;
use std::sync::Arc;

use domain::base::iana::Rtype;
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::{Name, NameKey, Nsec3Hash, Rrset, Signature, nsec3_hash};

mod edit;
mod search;
#[cfg(test)]
mod tests;

pub use search::{Exact, Search};

/// Counts a zone's generations; only moves forward, the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GenerationNumber(pub u64);

/// A set with the signatures that go with it; none where the zone or the set is unsigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRrset {
    /// The records.
    pub rrset: Rrset,
    /// Their RRSIGs.
    pub signatures: Vec<Signature>,
}

impl SignedRrset {
    /// `rrset` without signatures: unsigned zones, delegations, glue.
    pub fn unsigned(rrset: Rrset) -> Self {
        Self { rrset, signatures: Vec::new() }
    }
}

/// All sets of one name. A name without sets (an empty non-terminal) has no node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    name: Name,
    sets: Vec<Arc<SignedRrset>>,
}

impl Node {
    /// The node of `name`, so far without sets.
    pub fn new(name: Name) -> Self {
        Self { name, sets: Vec::new() }
    }

    /// The owner.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The set of this type.
    pub fn get(&self, rtype: Rtype) -> Option<&Arc<SignedRrset>> {
        let at = self.position(rtype).ok()?;
        self.sets.get(at)
    }

    /// Every set, ordered by type number.
    pub fn sets(&self) -> impl ExactSizeIterator<Item = &Arc<SignedRrset>> {
        self.sets.iter()
    }

    /// Whether a set of this type is here.
    pub fn has(&self, rtype: Rtype) -> bool {
        self.position(rtype).is_ok()
    }

    /// Whether there is no set.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Puts `set` in, in place of what there was of its type.
    pub fn put(&mut self, set: Arc<SignedRrset>) {
        match self.position(set.rrset.rtype()) {
            Ok(at) => {
                if let Some(slot) = self.sets.get_mut(at) {
                    *slot = set;
                }
            }
            Err(at) => self.sets.insert(at, set),
        }
    }

    /// Takes the set of this type out.
    pub fn remove(&mut self, rtype: Rtype) -> Option<Arc<SignedRrset>> {
        self.position(rtype).ok().map(|at| self.sets.remove(at))
    }

    fn position(&self, rtype: Rtype) -> Result<usize, usize> {
        self.sets.binary_search_by_key(&rtype.to_int(), |set| set.rrset.rtype().to_int())
    }
}

/// A zone as served. NSEC3 records stand apart from the nodes, under their hashes.
#[derive(Clone, Debug)]
pub struct Generation {
    apex: Name,
    number: GenerationNumber,
    nodes: RedBlackTreeMapSync<NameKey, Arc<Node>>,
    nsec3: RedBlackTreeMapSync<Nsec3Hash, Arc<SignedRrset>>,
    /// How many signatures expire at each moment.
    expirations: RedBlackTreeMapSync<u32, u32>,
}

impl Generation {
    /// A zone without records.
    pub fn empty(apex: Name, number: GenerationNumber) -> Self {
        Self {
            apex,
            number,
            nodes: RedBlackTreeMapSync::new_sync(),
            nsec3: RedBlackTreeMapSync::new_sync(),
            expirations: RedBlackTreeMapSync::new_sync(),
        }
    }

    /// A zone of these sets without any signature.
    pub fn unsigned(apex: Name, number: GenerationNumber, sets: impl IntoIterator<Item = Rrset>) -> Self {
        let mut zone = Self::empty(apex, number);
        for rrset in sets {
            zone.put(Arc::new(SignedRrset::unsigned(rrset)));
        }
        zone
    }

    /// The zone's name.
    pub fn apex(&self) -> &Name {
        &self.apex
    }

    /// Which generation this is.
    pub fn number(&self) -> GenerationNumber {
        self.number
    }

    /// The serial of the SOA that is served; `None` as long as there is no SOA.
    pub fn serial(&self) -> Option<u32> {
        let soa = self.soa()?;
        let rdata = soa.rrset.rdata().next()?;
        let (_, rest) = Name::split_wire(rdata).ok()?;
        let (_, rest) = Name::split_wire(rest).ok()?;
        rest.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes)
    }

    /// Whether the zone is signed: it has a denial chain.
    pub fn is_signed(&self) -> bool {
        !self.nsec3.is_empty()
    }

    /// Seconds since the epoch at which the first of its signatures expires; `None` when unsigned.
    pub fn earliest_expiration(&self) -> Option<u32> {
        let dnskeys = self.set(&self.apex, Rtype::DNSKEY);
        let of_dnskeys = dnskeys.and_then(|set| set.signatures.iter().map(Signature::expiration).min());
        self.earliest_zsk_expiration().into_iter().chain(of_dnskeys).min()
    }

    /// The same without the signatures of the DNSKEY set.
    pub(crate) fn earliest_zsk_expiration(&self) -> Option<u32> {
        self.expirations.first().map(|(moment, _)| *moment)
    }

    /// The zone's SOA set.
    pub fn soa(&self) -> Option<&Arc<SignedRrset>> {
        self.set(&self.apex, Rtype::SOA)
    }

    /// The node of `name`; `None` for absent names and empty non-terminals.
    pub fn node(&self, name: &Name) -> Option<&Arc<Node>> {
        self.node_at(name.key().as_bytes())
    }

    /// The node whose key has these bytes.
    pub fn node_at(&self, key: &[u8]) -> Option<&Arc<Node>> {
        self.nodes.get(key)
    }

    /// The set of this name and type.
    pub fn set(&self, name: &Name, rtype: Rtype) -> Option<&Arc<SignedRrset>> {
        self.node(name)?.get(rtype)
    }

    /// Whether a name with records lies below the name with this key.
    pub fn has_descendants(&self, key: &[u8]) -> bool {
        let after = (Bound::Excluded(key), Bound::Unbounded);
        self.nodes.range::<[u8], _>(after).next().is_some_and(|(next, _)| next.as_bytes().starts_with(key))
    }

    /// Every node in canonical order.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    /// How many names have records.
    pub fn node_count(&self) -> usize {
        self.nodes.size()
    }

    /// Walks from the apex to `name`, which must lie in the zone: cuts, closest encloser, wildcard.
    pub fn search(&self, name: &Name) -> Search<'_> {
        search::search(self, name)
    }

    /// The NSEC3 record whose owner is this hash (RFC 5155 section 1.3, "matches").
    pub fn nsec3_matching(&self, hash: &Nsec3Hash) -> Option<&Arc<SignedRrset>> {
        self.nsec3.get(hash)
    }

    /// The NSEC3 record that covers this hash: the last one before it, around the end of the chain.
    /// `None` when the zone is unsigned or a record matches the hash.
    pub fn nsec3_covering(&self, hash: &Nsec3Hash) -> Option<&Arc<SignedRrset>> {
        if self.nsec3.contains_key(hash) {
            return None;
        }
        let before = self.nsec3.range(..*hash).next_back();
        before.or_else(|| self.nsec3.last()).map(|(_, record)| record)
    }

    /// The NSEC3 record that matches `name`.
    pub fn nsec3_of(&self, name: &Name) -> Option<&Arc<SignedRrset>> {
        self.nsec3_matching(&nsec3_hash(name))
    }

    /// The NSEC3 chain in hash order.
    pub fn nsec3_chain(&self) -> impl Iterator<Item = (&Nsec3Hash, &Arc<SignedRrset>)> {
        self.nsec3.iter()
    }
}
