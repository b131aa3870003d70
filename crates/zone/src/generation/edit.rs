//! The only changes that a generation in the making knows. Each costs O(log n) and keeps the count of
//! expirations true; published generations are never changed, they share their parts with successors.

use std::ops::Bound;
use std::sync::Arc;

use domain::base::iana::Rtype;

use super::{Generation, GenerationNumber, Node, SignedRrset};
use crate::{Name, NameKey, Nsec3Hash};

impl Generation {
    /// The same zone under another number.
    #[must_use]
    pub fn numbered(&self, number: GenerationNumber) -> Self {
        Self { number, ..self.clone() }
    }

    /// Puts one set in, whatever its signatures are.
    pub(crate) fn put(&mut self, set: Arc<SignedRrset>) {
        let key = set.rrset.name().key();
        let mut node = match self.nodes.get(&key) {
            Some(node) => Node::clone(node),
            None => Node::new(set.rrset.name().clone()),
        };
        if let Some(old) = node.remove(set.rrset.rtype()) {
            self.forget(&old);
        }
        self.count(&set);
        node.put(set);
        self.nodes.insert_mut(key, Arc::new(node));
    }

    /// Takes one set out; a node without sets goes with it.
    pub(crate) fn remove(&mut self, key: &NameKey, rtype: Rtype) -> Option<Arc<SignedRrset>> {
        let mut node = Node::clone(self.nodes.get(key)?);
        let old = node.remove(rtype)?;
        self.forget(&old);
        if node.is_empty() {
            self.nodes.remove_mut(key);
        } else {
            self.nodes.insert_mut(key.clone(), Arc::new(node));
        }
        Some(old)
    }

    /// Puts an NSEC3 record in.
    pub(crate) fn put_nsec3(&mut self, hash: Nsec3Hash, record: Arc<SignedRrset>) {
        self.remove_nsec3(&hash);
        self.count(&record);
        self.nsec3.insert_mut(hash, record);
    }

    /// Takes an NSEC3 record out.
    pub(crate) fn remove_nsec3(&mut self, hash: &Nsec3Hash) -> Option<Arc<SignedRrset>> {
        let old = self.nsec3.get(hash)?.clone();
        self.forget(&old);
        self.nsec3.remove_mut(hash);
        Some(old)
    }

    /// The hash that follows `hash` in the chain, around its end; itself when it is alone.
    pub(crate) fn nsec3_successor(&self, hash: &Nsec3Hash) -> Option<Nsec3Hash> {
        let after = self.nsec3.range((Bound::Excluded(*hash), Bound::Unbounded)).next();
        after.or_else(|| self.nsec3.first()).map(|(next, _)| *next)
    }

    /// The hash before `hash` in the chain, around its beginning, whether or not `hash` is in it.
    pub(crate) fn nsec3_predecessor(&self, hash: &Nsec3Hash) -> Option<Nsec3Hash> {
        let before = self.nsec3.range(..*hash).next_back();
        before.or_else(|| self.nsec3.last()).map(|(previous, _)| *previous)
    }

    /// The keys of the nodes below the name with this key.
    pub(crate) fn descendants<'a>(&'a self, key: &'a [u8]) -> impl Iterator<Item = &'a Arc<Node>> {
        let after = (Bound::Excluded(key), Bound::Unbounded);
        self.nodes
            .range::<[u8], _>(after)
            .take_while(move |(next, _)| next.as_bytes().starts_with(key))
            .map(|(_, node)| node)
    }

    /// Every ancestor of `name` inside the zone, from its parent up to the apex.
    pub(crate) fn ancestors(&self, name: &Name) -> impl Iterator<Item = Name> + use<> {
        let apex = self.apex.clone();
        std::iter::successors(name.parent(), Name::parent).take_while(move |name| name.is_at_or_below(&apex))
    }

    // The DNSKEY set's signatures are made ahead on a schedule of their own and don't count here.
    fn count(&mut self, set: &SignedRrset) {
        for signature in set.signatures.iter().filter(|signature| signature.type_covered() != Rtype::DNSKEY) {
            let expiration = signature.expiration();
            let count = self.expirations.get(&expiration).copied().unwrap_or(0);
            self.expirations.insert_mut(expiration, count + 1);
        }
    }

    fn forget(&mut self, set: &SignedRrset) {
        for signature in set.signatures.iter().filter(|signature| signature.type_covered() != Rtype::DNSKEY) {
            let expiration = signature.expiration();
            match self.expirations.get(&expiration).copied().unwrap_or(0) {
                0 | 1 => _ = self.expirations.remove_mut(&expiration),
                count => self.expirations.insert_mut(expiration, count - 1),
            }
        }
    }
}
