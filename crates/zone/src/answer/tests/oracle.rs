//! What an answer must say, found out the slow and plain way from a list of sets.

use domain::base::iana::Rtype;

use crate::{Name, Rrset};

/// What the last name of a chain comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The set of this owner in the zone (a wildcard's when synthesized).
    Data(Name),
    /// The name exists, or a wildcard stands for it, without the type.
    NoData,
    /// There is no such name.
    NameError,
    /// It lies in the zone delegated here.
    Referral(Name),
    /// The chain leads out of what can be answered, or in a circle.
    Left,
}

/// The CNAMEs on the way (as owners in the answer), and the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) chain: Vec<Name>,
    pub(super) end: End,
}

pub(super) struct Oracle {
    pub(super) apex: Name,
    pub(super) sets: Vec<Rrset>,
}

impl Oracle {
    fn has(&self, name: &Name, rtype: Rtype) -> bool {
        self.sets.iter().any(|set| set.name() == name && set.rtype() == rtype)
    }

    fn has_any(&self, name: &Name) -> bool {
        self.sets.iter().any(|set| set.name() == name)
    }

    /// With records or something below (RFC 4592 section 2.2.2).
    fn exists(&self, name: &Name) -> bool {
        self.sets.iter().any(|set| set.name().is_at_or_below(name))
    }

    fn cut(&self, name: &Name) -> Option<Name> {
        let first = self.apex.label_count() + 1;
        (first..=name.label_count())
            .map(|labels| name.suffix(labels))
            .find(|above| self.has(above, Rtype::NS))
    }

    pub(super) fn expect(&self, question: &Name, rtype: Rtype) -> Expected {
        let mut chain = Vec::new();
        let mut name = question.clone();
        loop {
            let inside = name.is_at_or_below(&self.apex);
            if !inside || chain.contains(&name) || chain.len() == super::CHAIN_LENGTH_MAX {
                return Expected { chain, end: End::Left };
            }
            match self.look(&name, rtype) {
                Ok(End::Referral(_)) if !chain.is_empty() => return Expected { chain, end: End::Left },
                Ok(end) => return Expected { chain, end },
                Err(target) => chain.push(std::mem::replace(&mut name, target)),
            }
        }
    }

    /// The end, or where a CNAME leads.
    fn look(&self, name: &Name, rtype: Rtype) -> Result<End, Name> {
        if let Some(cut) = self.cut(name) {
            let parents = rtype == Rtype::DS && cut == *name;
            return Ok(match (parents, self.has(name, Rtype::DS)) {
                (true, true) => End::Data(cut),
                (true, false) => End::NoData,
                (false, _) => End::Referral(cut),
            });
        }
        if self.exists(name) {
            return self.at(name, rtype);
        }
        let encloser =
            (0..name.label_count()).rev().map(|labels| name.suffix(labels)).find(|up| self.exists(up));
        let source = encloser.and_then(|encloser| encloser.wildcard().ok()).filter(|star| self.exists(star));
        source.map_or(Ok(End::NameError), |source| self.at(&source, rtype))
    }

    fn at(&self, source: &Name, rtype: Rtype) -> Result<End, Name> {
        let cname = self.sets.iter().find(|set| set.name() == source && set.rtype() == Rtype::CNAME);
        match cname {
            _ if self.has(source, rtype) => Ok(End::Data(source.clone())),
            Some(cname) => Err(Name::from_wire(cname.rdata().next().unwrap()).unwrap()),
            None => {
                assert!(self.has_any(source) || self.exists(source));
                Ok(End::NoData)
            }
        }
    }
}
