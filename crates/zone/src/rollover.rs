//! Zone-signing keys and their rolling: pre-publish (RFC 6781 section 4.1.1.1, RFC 7583 section 3.2.1).
//!
//! ```text
//!   (none) ── first key of the zone ─────────────────────────────┐
//!                                                                v
//!   MakeKey ──> Published ── seen everywhere, DNSKEY TTL ──> Active ── lifetime, next is ready ──> Retired
//!                                                                                                     │
//!                  gone <── no signature served anywhere, highest TTL ────────────────────────────────┘
//! ```
//!
//! A pure function of states and facts. Whoever calls it makes the key, and adopts a step that changes the
//! DNSKEY set only if the key-signing keys signed the new set. Signatures move to the new key as they grow
//! old, never all at once.

use keyward_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::Dnskey;
use crate::{Generation, Policy, Rtype};

#[cfg(test)]
mod tests;

/// A zone-signing key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zsk {
    /// The key.
    pub key: Dnskey,
    /// Its phase.
    pub phase: ZskPhase,
}

/// Where a zone-signing key stands. Every key of the list is in the DNSKEY set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZskPhase {
    /// It does not sign yet.
    Published {
        /// Since when every name server shows it.
        visible_since: Option<Timestamp>,
    },
    /// It makes all new signatures.
    Active {
        /// Since when.
        since: Timestamp,
    },
    /// It makes no new signatures.
    Retired {
        /// Since when no name server serves a signature by it.
        unused_since: Option<Timestamp>,
    },
}

/// What a step follows from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The generation that is served.
    pub served: Option<&'a Generation>,
    /// Whether every name server that may still answer serves exactly this one.
    pub settled: bool,
    /// Whether the key-signing keys can sign; without them no key enters or leaves.
    pub ksks_sign: bool,
    /// Times and TTLs.
    pub policy: &'a Policy,
    /// The moment.
    pub now: Timestamp,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The keys in their new phases, without those that are gone.
    pub zsks: Vec<Zsk>,
    /// Make a key and add it in this phase.
    pub make_key: Option<ZskPhase>,
}

/// The next step for `zsks`. Repeatable: without new facts nothing changes.
pub fn step(zsks: &[Zsk], facts: &Facts<'_>) -> Step {
    let now = facts.now;
    if zsks.is_empty() {
        return Step { zsks: Vec::new(), make_key: Some(ZskPhase::Active { since: now }) };
    }
    let mut zsks: Vec<Zsk> = zsks.iter().map(|zsk| observe(zsk, facts)).collect();
    zsks.retain(|zsk| !is_gone(zsk, facts));
    if lifetime_is_over(&zsks, facts) && zsks.iter().any(|zsk| is_ready(zsk, facts)) {
        hand_over(&mut zsks, facts);
    }
    let in_a_roll = zsks.iter().any(|zsk| !matches!(zsk.phase, ZskPhase::Active { .. }));
    let start = lifetime_is_over(&zsks, facts) && !in_a_roll && facts.ksks_sign;
    let make_key = start.then_some(ZskPhase::Published { visible_since: None });
    Step { zsks, make_key }
}

/// Notes what can be seen from now on.
fn observe(zsk: &Zsk, facts: &Facts<'_>) -> Zsk {
    let seen = facts.settled && facts.served.is_some();
    let phase = match zsk.phase {
        ZskPhase::Published { visible_since: None } if seen && is_shown(zsk, facts) => {
            ZskPhase::Published { visible_since: Some(facts.now) }
        }
        ZskPhase::Retired { unused_since: None } if seen && !is_used(zsk, facts) => {
            ZskPhase::Retired { unused_since: Some(facts.now) }
        }
        phase => phase,
    };
    Zsk { phase, ..zsk.clone() }
}

fn is_shown(zsk: &Zsk, facts: &Facts<'_>) -> bool {
    let set = facts.served.and_then(|zone| zone.set(zone.apex(), Rtype::DNSKEY));
    set.is_some_and(|set| set.rrset.rdata().any(|rdata| rdata == zsk.key.rdata()))
}

fn is_used(zsk: &Zsk, facts: &Facts<'_>) -> bool {
    let tag = zsk.key.tag();
    facts.served.is_none_or(|zone| {
        let sets = zone.nodes().flat_map(|node| node.sets()).filter(|set| set.rrset.rtype() != Rtype::DNSKEY);
        let records = zone.nsec3_chain().map(|(_, record)| record);
        sets.chain(records).any(|set| set.signatures.iter().any(|signature| signature.key_tag() == tag))
    })
}

/// Whether nobody can hold a signature by it any longer. Sets live in caches for the highest TTL at most.
fn is_gone(zsk: &Zsk, facts: &Facts<'_>) -> bool {
    let ZskPhase::Retired { unused_since: Some(since) } = zsk.phase else {
        return false;
    };
    let ttl = std::time::Duration::from_secs(u64::from(facts.policy.ttl_seconds_max));
    facts.ksks_sign && facts.now >= since.plus(ttl).plus(facts.policy.safety_margin)
}

/// Whether everybody who holds a DNSKEY set holds one with this key.
fn is_ready(zsk: &Zsk, facts: &Facts<'_>) -> bool {
    let ZskPhase::Published { visible_since: Some(since) } = zsk.phase else {
        return false;
    };
    let ttl = std::time::Duration::from_secs(u64::from(facts.policy.dnskey_ttl_seconds));
    facts.now >= since.plus(ttl).plus(facts.policy.safety_margin)
}

fn lifetime_is_over(zsks: &[Zsk], facts: &Facts<'_>) -> bool {
    zsks.iter().any(|zsk| match zsk.phase {
        ZskPhase::Active { since } => facts.now >= since.plus(facts.policy.zsk_lifetime),
        _ => false,
    })
}

fn hand_over(zsks: &mut [Zsk], facts: &Facts<'_>) {
    for zsk in zsks {
        if matches!(zsk.phase, ZskPhase::Active { .. }) {
            zsk.phase = ZskPhase::Retired { unused_since: None };
        } else if is_ready(zsk, facts) {
            zsk.phase = ZskPhase::Active { since: facts.now };
        }
    }
}

/// The key that makes new signatures.
pub fn active(zsks: &[Zsk]) -> Option<&Zsk> {
    zsks.iter().find(|zsk| matches!(zsk.phase, ZskPhase::Active { .. }))
}
