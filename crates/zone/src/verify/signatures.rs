//! Checks each signature as a validator does (RFC 4035 section 5.3), and that none is missing or too many.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use domain::base::iana::Rtype;
use keyward_base::Timestamp;

use super::{Flaw, Scope};
use crate::keys::{Dnskey, ECDSAP256SHA256, PUBLIC_KEY_BYTES};
use crate::policy::dns_time;
use crate::sign::{rrsig_labels, signed_data};
use crate::{Generation, Name, Rrset, Signature, SignedRrset};

/// A zone and the keys of its DNSKEY set.
pub(super) struct Keys<'a> {
    zone: &'a Generation,
    dnskeys: &'a Arc<SignedRrset>,
    keys: Vec<Dnskey>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(zone: &'a Generation) -> Result<Self, Flaw> {
        let dnskeys = zone.set(zone.apex(), Rtype::DNSKEY).ok_or(Flaw::Dnskeys)?;
        let keys =
            dnskeys.rrset.rdata().map(Dnskey::from_rdata).collect::<Option<Vec<_>>>().ok_or(Flaw::Dnskeys)?;
        Ok(Self { zone, dnskeys, keys })
    }

    /// The DNSKEY set holds every one of `ksks` and has a valid signature by each.
    pub(super) fn check_dnskeys(&self, ksks: &[Dnskey], now: Timestamp) -> Result<(), Flaw> {
        if ksks.is_empty() {
            return Err(Flaw::Dnskeys);
        }
        for ksk in ksks {
            let held = self.keys.contains(ksk);
            let signed = self
                .dnskeys
                .signatures
                .iter()
                .any(|signature| confirmed(ksk, signature, &self.dnskeys.rrset));
            if !held || !signed {
                return Err(Flaw::KeySigningKey(ksk.tag()));
            }
        }
        self.dnskeys
            .signatures
            .iter()
            .try_for_each(|signature| self.check_signature(signature, self.dnskeys, now))
    }

    /// Every set in scope is signed as it must be, and each of its signatures is valid.
    pub(super) fn check_sets(&self, scope: Scope<'_>, now: Timestamp) -> Result<(), Flaw> {
        match scope {
            Scope::Whole => {
                self.zone
                    .nodes()
                    .flat_map(|node| node.sets())
                    .try_for_each(|set| self.check_set(set, now))?;
                self.zone.nsec3_chain().try_for_each(|(_, record)| self.check_signed(record, now))
            }
            Scope::Touched(delta) => {
                delta.puts().try_for_each(|set| self.check_set(self.current(set)?, now))?;
                delta.nsec3_puts().try_for_each(|(hash, _)| {
                    let record =
                        self.zone.nsec3_matching(hash).ok_or_else(|| Flaw::Chain(hash.to_string()))?;
                    self.check_signed(record, now)
                })
            }
        }
    }

    /// The set as it stands in the zone, not as the delta has it.
    fn current(&self, set: &SignedRrset) -> Result<&Arc<SignedRrset>, Flaw> {
        let (name, rtype) = (set.rrset.name(), set.rrset.rtype());
        self.zone.set(name, rtype).ok_or_else(|| Flaw::Unsigned(name.clone(), rtype))
    }

    fn check_set(&self, set: &SignedRrset, now: Timestamp) -> Result<(), Flaw> {
        let (name, rtype) = (set.rrset.name(), set.rrset.rtype());
        if needs_signature(self.zone, name, rtype) {
            self.check_signed(set, now)
        } else if set.signatures.is_empty() {
            Ok(())
        } else {
            Err(Flaw::SignedInVain(name.clone(), rtype))
        }
    }

    fn check_signed(&self, set: &SignedRrset, now: Timestamp) -> Result<(), Flaw> {
        if set.signatures.is_empty() {
            return Err(Flaw::Unsigned(set.rrset.name().clone(), set.rrset.rtype()));
        }
        set.signatures.iter().try_for_each(|signature| self.check_signature(signature, set, now))
    }

    fn check_signature(&self, signature: &Signature, set: &SignedRrset, now: Timestamp) -> Result<(), Flaw> {
        let (name, rtype) = (set.rrset.name(), set.rrset.rtype());
        let fits = signature.type_covered() == rtype
            && signature.algorithm() == ECDSAP256SHA256
            && signature.labels() == rrsig_labels(name)
            && signature.original_ttl() == set.rrset.ttl()
            && signature.signer() == *self.zone.apex();
        if !fits {
            return Err(Flaw::WrongFields(name.clone(), rtype));
        }
        let now = dns_time(now);
        if signature.inception() > now || signature.expiration() <= now {
            return Err(Flaw::WrongTime(name.clone(), rtype));
        }
        let mut by_tag = self.keys.iter().filter(|key| key.tag() == signature.key_tag()).peekable();
        if by_tag.peek().is_none() {
            return Err(Flaw::WrongFields(name.clone(), rtype));
        }
        if by_tag.any(|key| confirmed(key, signature, &set.rrset)) {
            Ok(())
        } else {
            Err(Flaw::WrongSignature(name.clone(), rtype))
        }
    }
}

/// Whether `key` made `signature` over `set`.
pub(super) fn confirmed(key: &Dnskey, signature: &Signature, set: &Rrset) -> bool {
    let point = key.public_key();
    if key.algorithm() != ECDSAP256SHA256 || point.len() != PUBLIC_KEY_BYTES {
        return false;
    }
    let public = [&[4], point].concat();
    let data = signed_data(signature.signed_prefix(), set);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(&data, signature.signature()).is_ok()
}

/// Whether a set must be signed: the zone's own sets and DS; not a delegation's NS, not what lies below.
fn needs_signature(zone: &Generation, name: &Name, rtype: Rtype) -> bool {
    match zone.search(name).cut {
        None => true,
        Some(cut) => cut.name() == name && rtype == Rtype::DS,
    }
}

/// An unsigned zone has no signatures and no records of DNSSEC but DS.
pub(super) fn check_none(zone: &Generation, scope: Scope<'_>) -> Result<(), Flaw> {
    if let Some((hash, _)) = zone.nsec3_chain().next() {
        return Err(Flaw::Chain(hash.to_string()));
    }
    let clean = |set: &SignedRrset| {
        let (name, rtype) = (set.rrset.name(), set.rrset.rtype());
        let trace =
            matches!(rtype, Rtype::DNSKEY | Rtype::NSEC3PARAM | Rtype::NSEC3 | Rtype::NSEC | Rtype::RRSIG);
        if trace || !set.signatures.is_empty() {
            Err(Flaw::SignedInVain(name.clone(), rtype))
        } else {
            Ok(())
        }
    };
    match scope {
        Scope::Whole => zone.nodes().flat_map(|node| node.sets()).try_for_each(|set| clean(set)),
        Scope::Touched(delta) => delta.puts().try_for_each(|set| clean(set)),
    }
}
