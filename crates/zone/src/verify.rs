//! Verifies a generation with its own public keys, before anybody serves it.
//!
//! Written apart from `plan` and from other sources on purpose: it asks what a validator would ask, so that
//! a mistake in planning, signing, storing or reading a blob is met here and not by resolvers.

use std::fmt;

use domain::base::iana::Rtype;
use keyward_base::Timestamp;

use crate::keys::Dnskey;
use crate::{Delta, Generation, Name, Rrset, Signature};

mod chain;
mod names;
mod signatures;
#[cfg(test)]
mod tests;

/// How much of a generation to look at.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// All of it.
    Whole,
    /// What this delta, which led to it, changed; its predecessor was verified.
    Touched(&'a Delta),
}

/// What a generation must be.
#[derive(Clone, Debug)]
pub enum Expect<'a> {
    /// Without any trace of DNSSEC but the DS sets of delegations.
    Unsigned,
    /// Signed, the DNSKEY set by each of these key-signing keys.
    Signed(&'a [Dnskey]),
}

/// Why a generation may not be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The zone has not exactly one SOA record, or no NS, at its apex.
    Apex,
    /// A set's owner lies outside the zone.
    OutOfZone(Name),
    /// A CNAME stands beside other sets.
    CnameNotAlone(Name),
    /// A set that needs a signature has none.
    Unsigned(Name, Rtype),
    /// A set that may have no signature has one.
    SignedInVain(Name, Rtype),
    /// A signature whose key is not in the DNSKEY set, or whose fields do not fit its set.
    WrongFields(Name, Rtype),
    /// A signature that is not valid yet, or no longer.
    WrongTime(Name, Rtype),
    /// A signature that the public key does not confirm.
    WrongSignature(Name, Rtype),
    /// There is no usable DNSKEY set.
    Dnskeys,
    /// The DNSKEY set is not signed by the key-signing key with this tag, or does not hold it.
    KeySigningKey(u16),
    /// The name's NSEC3 record is missing, superfluous, or has other types than the name.
    Denial(Name),
    /// The NSEC3 chain has a gap, a loop or a malformed record at this hash.
    Chain(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apex => f.write_str("the apex lacks its SOA or NS set"),
            Self::OutOfZone(name) => write!(f, "{name} lies outside the zone"),
            Self::CnameNotAlone(name) => write!(f, "the CNAME of {name} stands beside other sets"),
            Self::Unsigned(name, rtype) => write!(f, "{name} {rtype} is not signed"),
            Self::SignedInVain(name, rtype) => write!(f, "{name} {rtype} may not be signed"),
            Self::WrongFields(name, rtype) => write!(f, "a signature of {name} {rtype} does not fit it"),
            Self::WrongTime(name, rtype) => write!(f, "a signature of {name} {rtype} is not valid now"),
            Self::WrongSignature(name, rtype) => write!(f, "a signature of {name} {rtype} is wrong"),
            Self::Dnskeys => f.write_str("the DNSKEY set is missing or malformed"),
            Self::KeySigningKey(tag) => write!(f, "the DNSKEY set is not signed by the key {tag}"),
            Self::Denial(name) => write!(f, "the NSEC3 record of {name} is not as it must be"),
            Self::Chain(hash) => write!(f, "the NSEC3 chain is broken at {hash}"),
        }
    }
}

impl std::error::Error for Flaw {}

/// Whether `key` made `signature` over `set`, whatever the time is.
pub fn is_signed_by(set: &Rrset, signature: &Signature, key: &Dnskey) -> bool {
    signatures::confirmed(key, signature, set)
}

/// Verifies `zone`; the first flaw met is the answer.
pub fn verify(zone: &Generation, scope: Scope<'_>, expect: &Expect<'_>, now: Timestamp) -> Result<(), Flaw> {
    names::check(zone, scope)?;
    match expect {
        Expect::Unsigned => signatures::check_none(zone, scope),
        Expect::Signed(ksks) => {
            let keys = signatures::Keys::of(zone)?;
            keys.check_dnskeys(ksks, now)?;
            keys.check_sets(scope, now)?;
            chain::check(zone, scope)
        }
    }
}
