//! Referrals with their glue, and the addresses that spare a resolver its next question.

use domain::base::iana::Rtype;

use super::{Part, Section, Writer};
use crate::{Name, Node, SignedRrset};

impl<'z> Writer<'z, '_> {
    //= rfc4035#section-3.1.4: NS without signature, DS with one or the proof that there is none, glue.
    pub(super) fn referral(&mut self, cut: &'z Node) {
        self.answer.authoritative = false;
        let Some(servers) = cut.get(Rtype::NS) else { return };
        self.push(Part::of(Section::Authority, servers));
        if self.question.dnssec_ok {
            match cut.get(Rtype::DS) {
                Some(ds) => self.push(Part::of(Section::Authority, ds)),
                None => self.deny_type(cut.name()),
            }
        }
        for target in targets(servers) {
            //= rfc9471#section-3: glue of servers inside the delegated zone may not be left out.
            let inside = target.is_at_or_below(cut.name());
            self.addresses(&target, if inside { Section::Glue } else { Section::Additional });
        }
    }

    /// The addresses of the names that `set` leads to (RFC 1035 section 3.3.9, RFC 2782).
    pub(super) fn addresses_of(&mut self, set: &SignedRrset) {
        for target in targets(set) {
            self.addresses(&target, Section::Additional);
        }
    }

    fn addresses(&mut self, target: &Name, section: Section) {
        if !target.is_at_or_below(self.zone.apex()) {
            return;
        }
        let Some(node) = self.zone.node(target) else { return };
        for rtype in [Rtype::A, Rtype::AAAA] {
            if let Some(set) = node.get(rtype) {
                self.push(Part::of(section, set));
            }
        }
    }
}

/// The host names in a set's data whose addresses are worth adding.
fn targets(set: &SignedRrset) -> impl Iterator<Item = Name> {
    let fixed_octets = match set.rrset.rtype() {
        Rtype::NS => Some(0),
        Rtype::MX => Some(2),
        Rtype::SRV => Some(6),
        _ => None,
    };
    let data = fixed_octets.map(|octets| set.rrset.rdata().filter_map(move |rdata| rdata.get(octets..)));
    data.into_iter().flatten().filter_map(|name| Name::from_wire(name).ok())
}
