//! What an answer consists of: whole sets, borrowed from the zones, each with its section.

use domain::base::iana::Rcode;

use crate::{Name, SignedRrset};

/// The sections that hold records, in the order of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What was asked for.
    Answer,
    /// Delegations, the SOA, denials.
    Authority,
    /// Addresses that the answer can't do without: a delegation's glue (RFC 9471).
    Glue,
    /// Addresses that spare the resolver a question.
    Additional,
}

/// Which records of a set are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// The set, and its signatures where `Part::signatures` says so.
    All,
    /// The signatures alone.
    Signatures,
}

/// One set in an answer.
#[derive(Clone, Debug)]
pub struct Part<'z> {
    /// Where it stands.
    pub section: Section,
    /// The set as the zone holds it.
    pub set: &'z SignedRrset,
    /// The owner, when it is not the set's own: a wildcard's set was asked for under this name.
    pub owner: Option<Name>,
    /// The TTL of its records and signatures.
    pub ttl: u32,
    /// Which records are given.
    pub records: Records,
    /// Whether the signatures are given with the records.
    pub signatures: bool,
}

impl<'z> Part<'z> {
    /// `set` as it is, with its signatures.
    pub(super) fn of(section: Section, set: &'z SignedRrset) -> Self {
        Self { section, set, owner: None, ttl: set.rrset.ttl(), records: Records::All, signatures: true }
    }

    /// The name under which the set is given.
    pub fn owner(&self) -> &Name {
        self.owner.as_ref().unwrap_or_else(|| self.set.rrset.name())
    }

    fn same_as(&self, other: &Self) -> bool {
        std::ptr::eq(self.set, other.set) && self.owner == other.owner
    }
}

/// An authoritative server's answer.
#[derive(Clone, Debug)]
pub struct Answer<'z> {
    /// NOERROR, NXDOMAIN (of the last name in a chain, RFC 6604) or REFUSED.
    pub rcode: Rcode,
    /// Whether the first name of the answer is ours; not so in a referral.
    pub authoritative: bool,
    /// The sets of all sections; within a section in the order in which they are to be written.
    pub parts: Vec<Part<'z>>,
}

impl<'z> Answer<'z> {
    pub(super) fn new() -> Self {
        Self { rcode: Rcode::NOERROR, authoritative: true, parts: Vec::with_capacity(8) }
    }

    pub(super) fn refused() -> Self {
        Self { rcode: Rcode::REFUSED, authoritative: false, parts: Vec::new() }
    }

    /// The sets of one section.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Part<'z>> {
        self.parts.iter().filter(move |part| part.section == section)
    }

    /// Adds `part` unless it is there already, in whatever section; whether it was added.
    pub(super) fn push_once(&mut self, part: Part<'z>) -> bool {
        let fresh = !self.parts.iter().any(|other| other.same_as(&part));
        if fresh {
            self.parts.push(part);
        }
        fresh
    }

    /// Whether a wildcard's set was given under `name`.
    pub(super) fn has_owner(&self, name: &Name) -> bool {
        self.parts.iter().any(|part| part.owner.as_ref() == Some(name))
    }
}
