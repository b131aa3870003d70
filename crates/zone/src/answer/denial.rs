//! Proofs that something is not there, from the zone's NSEC3 chain (RFC 5155 section 7.2).
//!
//! An unsigned zone has no chain, so that each proof is then empty.

use super::{Part, Section, Writer};
use crate::{Name, SignedRrset, nsec3_hash};

impl<'z> Writer<'z, '_> {
    /// The name exists without the type (sections 7.2.3 and 7.2.4), also at an unsigned delegation (7.2.7).
    pub(super) fn deny_type(&mut self, name: &Name) {
        match self.zone.nsec3_of(name) {
            Some(matching) => self.push_proof(matching),
            // Opt-out left the name out of the chain: the span that covers it says so.
            None => {
                let encloser = self.prove_encloser(name);
                self.cover_next_closer(name, &encloser);
            }
        }
    }

    //= rfc5155#section-7.2.2
    pub(super) fn prove_name_error(&mut self, name: &Name, encloser: &Name) {
        let encloser = self.prove_encloser(encloser);
        self.cover_next_closer(name, &encloser);
        self.cover_wildcard(&encloser);
    }

    //= rfc5155#section-7.2.5
    pub(super) fn prove_wildcard_no_data(&mut self, name: &Name, encloser: &Name) {
        let encloser = self.prove_encloser(encloser);
        self.cover_next_closer(name, &encloser);
        let matching = encloser.wildcard().ok().and_then(|wildcard| self.zone.nsec3_of(&wildcard));
        if let Some(matching) = matching {
            self.push_proof(matching);
        }
    }

    //= rfc5155#section-7.2.6: the validator knows the closest encloser from the signature's labels.
    pub(super) fn prove_no_closer_name(&mut self, name: &Name, encloser: &Name) {
        if self.question.dnssec_ok {
            self.cover_next_closer(name, encloser);
        }
    }

    /// Proves the deepest name at or above `name` that the chain has, and answers it (section 7.2.1).
    fn prove_encloser(&mut self, name: &Name) -> Name {
        let mut encloser = name.clone();
        loop {
            if let Some(matching) = self.zone.nsec3_of(&encloser) {
                self.push_proof(matching);
                return encloser;
            }
            match encloser.parent() {
                Some(parent) if parent.is_at_or_below(self.zone.apex()) => encloser = parent,
                _ => return encloser,
            }
        }
    }

    /// Covers the name one label longer than `encloser` on the way to `name`.
    fn cover_next_closer(&mut self, name: &Name, encloser: &Name) {
        let next_closer = name.suffix(encloser.label_count() + 1);
        self.cover(&next_closer);
    }

    fn cover_wildcard(&mut self, encloser: &Name) {
        if let Ok(wildcard) = encloser.wildcard() {
            self.cover(&wildcard);
        }
    }

    fn cover(&mut self, name: &Name) {
        if let Some(covering) = self.zone.nsec3_covering(&nsec3_hash(name)) {
            self.push_proof(covering);
        }
    }

    fn push_proof(&mut self, nsec3: &'z SignedRrset) {
        self.push(Part::of(Section::Authority, nsec3));
    }
}
