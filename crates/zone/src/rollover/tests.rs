//! One roll, step by step, and what holds it up.

use std::time::Duration;

use super::*;
use crate::testing::{TestKey, TestSigner};
use crate::{Name, Rrset, records};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn zone(signer: &TestSigner) -> Generation {
    let apex: Name = "example.com".parse().unwrap();
    let soa = records::parse(Rtype::SOA, "ns.example.com. host.example.com. 1 2 3 4 300").unwrap();
    let sets = vec![
        Rrset::new(apex.clone(), Rtype::SOA, 900, [soa]),
        Rrset::new(apex.clone(), Rtype::NS, 900, [records::parse(Rtype::NS, "ns.example.com").unwrap()]),
    ];
    signer.sign_zone(&apex, sets, NOW).unwrap()
}

fn facts<'a>(served: &'a Generation, policy: &'a Policy, now: Timestamp) -> Facts<'a> {
    Facts { served: Some(served), settled: true, ksks_sign: true, policy, now }
}

#[test]
fn the_first_key_signs_at_once() {
    let (signer, policy) = (TestSigner::default(), Policy::default());
    let first = step(&[], &facts(&zone(&signer), &policy, NOW));
    assert_eq!(first.make_key, Some(ZskPhase::Active { since: NOW }));
}

#[test]
fn a_key_is_rolled_in_all_its_phases() {
    let (old, new, policy) = (TestSigner::default(), TestSigner::default(), Policy::default());
    let before = zone(&old);
    let mut zsks = vec![Zsk { key: old.zsk.dnskey().clone(), phase: ZskPhase::Active { since: NOW } }];
    let early = step(&zsks, &facts(&before, &policy, NOW.plus(DAY * 30).minus(Duration::from_secs(1))));
    assert_eq!(early, Step { zsks: zsks.clone(), make_key: None });
    let start = NOW.plus(DAY * 30);
    let begun = step(&zsks, &facts(&before, &policy, start));
    assert_eq!(begun.make_key, Some(ZskPhase::Published { visible_since: None }));
    zsks.push(Zsk { key: new.zsk.dnskey().clone(), phase: ZskPhase::Published { visible_since: None } });
    // Not shown yet: nothing moves, and no third key is made.
    assert_eq!(step(&zsks, &facts(&before, &policy, start)), Step { zsks: zsks.clone(), make_key: None });
    let shown = zone(&new);
    let unsettled = Facts { settled: false, ..facts(&shown, &policy, start) };
    assert_eq!(step(&zsks, &unsettled).zsks, zsks);
    zsks = step(&zsks, &facts(&shown, &policy, start)).zsks;
    let hour = Duration::from_secs(3600);
    assert_eq!(
        step(&zsks, &facts(&shown, &policy, start.plus(hour))).zsks,
        zsks,
        "TTL and margin are two hours"
    );
    zsks = step(&zsks, &facts(&shown, &policy, start.plus(hour * 2))).zsks;
    assert_eq!(active(&zsks).unwrap().key, *new.zsk.dnskey());
    assert_eq!(zsks[0].phase, ZskPhase::Retired { unused_since: None });
    // `before` still has its signatures; `shown` has none.
    assert_eq!(step(&zsks, &facts(&before, &policy, start.plus(DAY))).zsks, zsks);
    zsks = step(&zsks, &facts(&shown, &policy, start.plus(DAY))).zsks;
    assert_eq!(step(&zsks, &facts(&shown, &policy, start.plus(DAY * 8))).zsks.len(), 2);
    let gone = start.plus(DAY * 8).plus(hour);
    let without_ksks = Facts { ksks_sign: false, ..facts(&shown, &policy, gone) };
    assert_eq!(step(&zsks, &without_ksks).zsks.len(), 2);
    assert_eq!(step(&zsks, &facts(&shown, &policy, gone)).zsks.len(), 1);
}

#[test]
fn no_roll_begins_while_a_key_signing_key_is_in_trouble() {
    let (signer, policy) = (TestSigner::default(), Policy::default());
    let served = zone(&signer);
    let zsks = [Zsk { key: TestKey::zsk().dnskey().clone(), phase: ZskPhase::Active { since: NOW } }];
    let late = Facts { ksks_sign: false, ..facts(&served, &policy, NOW.plus(DAY * 40)) };
    assert_eq!(step(&zsks, &late).make_key, None);
}
