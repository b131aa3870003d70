//! Question in, answer out: what an authoritative server says (RFC 1034 section 4.3.2, 4035 section 3.1,
//! 5155 section 7.2).
//!
//! A pure function of the zones that one listener serves. It borrows from them and copies no record. It
//! knows no message: sizes, truncation and compression are the name server's.

use domain::base::iana::{Rcode, Rtype};

use crate::{Exact, Generation, Name, Node, Search, SignedRrset};

mod denial;
mod extra;
mod part;
#[cfg(test)]
mod tests;
mod zones;

pub use part::{Answer, Part, Records, Section};
pub use zones::ZoneSet;

/// The longest chain of CNAMEs that is followed in one answer; a resolver goes on from there.
pub const CHAIN_LENGTH_MAX: usize = 16;

/// What somebody asks, in class IN.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The name.
    pub name: &'q Name,
    /// The type; ANY and RRSIG get one set of the name (RFC 8482 sections 4.1 and 7).
    pub rtype: Rtype,
    /// Whether signatures and denials are wanted (the DO bit, RFC 3225).
    pub dnssec_ok: bool,
}

/// Answers `question` from `zones`: REFUSED when its name lies in none of them.
pub fn answer<'z>(zones: &'z ZoneSet, question: Question<'_>) -> Answer<'z> {
    let Some(zone) = zones.responsible(question.name, question.rtype) else {
        return Answer::refused();
    };
    let mut writer = Writer { answer: Answer::new(), question, zone, chain: 0 };
    let mut name = question.name.clone();
    while let Some(target) = writer.step(&name) {
        match writer.next_zone(zones, &target) {
            Some(zone) => writer.zone = zone,
            None => break,
        }
        name = target;
    }
    writer.answer
}

/// An answer in the making.
struct Writer<'z, 'q> {
    answer: Answer<'z>,
    question: Question<'q>,
    zone: &'z Generation,
    /// CNAMEs so far.
    chain: usize,
}

impl<'z> Writer<'z, '_> {
    /// Answers for `name` from the present zone; the target when a CNAME leads on.
    fn step(&mut self, name: &Name) -> Option<Name> {
        let search = self.zone.search(name);
        if let Some(cut) = search.cut {
            self.at_or_below_cut(cut, name);
            return None;
        }
        match search.exact {
            Exact::Node(node) => return self.take_node(node, None, |writer| writer.deny_type(name)),
            Exact::EmptyNonTerminal => self.no_data(|writer| writer.deny_type(name)),
            Exact::Absent => return self.absent(name, &search),
        }
        None
    }

    //= rfc4035#section-3.1.4.1: the parent's side answers for DS at the cut; all else is a referral.
    fn at_or_below_cut(&mut self, cut: &'z Node, name: &Name) {
        if self.question.rtype == Rtype::DS && cut.name() == name {
            match cut.get(Rtype::DS) {
                Some(set) => self.push(Part::of(Section::Answer, set)),
                None => self.no_data(|writer| writer.deny_type(name)),
            }
        } else if self.chain == 0 {
            self.referral(cut);
        }
        // At the end of a chain the resolver asks for the target anew; the chain alone is the answer.
    }

    /// Takes what `node` holds; `owner` replaces a wildcard's. A missing type is denied by `deny`.
    fn take_node(
        &mut self,
        node: &'z Node,
        owner: Option<&Name>,
        deny: impl FnOnce(&mut Self),
    ) -> Option<Name> {
        let rtype = self.question.rtype;
        let found = match rtype {
            Rtype::ANY => node.sets().next(),
            //= rfc8482#section-7: RRSIG may be answered like ANY, with one set's signatures.
            Rtype::RRSIG => node.sets().find(|set| !set.signatures.is_empty()),
            _ => node.get(rtype),
        };
        if let Some(set) = found {
            let records = if rtype == Rtype::RRSIG { Records::Signatures } else { Records::All };
            self.push(Part { records, owner: owner.cloned(), ..Part::of(Section::Answer, set) });
            self.addresses_of(set);
            return None;
        }
        let Some(cname) = node.get(Rtype::CNAME) else {
            self.no_data(deny);
            return None;
        };
        let fresh =
            self.answer.push_once(Part { owner: owner.cloned(), ..self.part(Section::Answer, cname) });
        self.chain += 1;
        let target = cname.rrset.rdata().next().and_then(|rdata| Name::from_wire(rdata).ok());
        target.filter(|_| fresh && self.chain < CHAIN_LENGTH_MAX)
    }

    /// For a name that has neither records nor descendants (RFC 4592 section 3.3.1).
    fn absent(&mut self, name: &Name, search: &Search<'z>) -> Option<Name> {
        let encloser = &search.closest_encloser;
        if let Some(wildcard) = search.wildcard {
            let target = self.take_node(wildcard, Some(name), |writer| {
                writer.prove_wildcard_no_data(name, encloser);
            });
            if self.answer.has_owner(name) {
                self.prove_no_closer_name(name, encloser);
            }
            return target;
        }
        match encloser.wildcard() {
            //= rfc4592#section-2.2.2: a `*` without records, but with names below it, exists all the same.
            Ok(wildcard) if self.zone.has_descendants(wildcard.key().as_bytes()) => {
                self.no_data(|writer| writer.prove_wildcard_no_data(name, encloser));
            }
            _ => {
                self.answer.rcode = Rcode::NXDOMAIN;
                self.no_data(|writer| writer.prove_name_error(name, encloser));
            }
        }
        None
    }

    /// Ends the answer with the SOA and, in a signed zone, a denial.
    fn no_data(&mut self, deny: impl FnOnce(&mut Self)) {
        if let Some(soa) = self.zone.soa() {
            //= rfc2308#section-3: the SOA's TTL is the lesser of its own and its minimum field.
            let ttl = soa.rrset.ttl().min(soa_minimum(soa).unwrap_or(u32::MAX));
            let part = self.part(Section::Authority, soa);
            self.answer.push_once(Part { ttl, ..part });
        }
        if self.question.dnssec_ok {
            deny(self);
        }
    }

    fn push(&mut self, part: Part<'z>) {
        let signatures = part.signatures && self.question.dnssec_ok;
        self.answer.push_once(Part { signatures, ..part });
    }

    fn part(&self, section: Section, set: &'z SignedRrset) -> Part<'z> {
        Part { signatures: self.question.dnssec_ok, ..Part::of(section, set) }
    }

    /// The zone that answers for a CNAME's target. A zone above the present one can add nothing but a
    /// delegation that the resolver knows better, so it is left to ask there itself.
    fn next_zone(&self, zones: &'z ZoneSet, target: &Name) -> Option<&'z Generation> {
        let zone = zones.responsible(target, self.question.rtype)?;
        let above = self.zone.apex().is_below(zone.apex());
        if above { None } else { Some(zone) }
    }
}

/// The last field of a SOA's data (RFC 1035 section 3.3.13).
fn soa_minimum(soa: &SignedRrset) -> Option<u32> {
    let rdata = soa.rrset.rdata().next()?;
    rdata.last_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}
