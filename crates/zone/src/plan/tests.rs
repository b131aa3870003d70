//! Tests of planning: single changes touch little, and any road leads to the same zone.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::testing::TestSigner;
use crate::verify::{Expect, Scope, verify};
use crate::{SerialPolicy, nsec3_hash};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn apex() -> Name {
    name("example.com")
}

fn set(owner: &Name, rtype: Rtype, value: u8) -> Rrset {
    let rdata = match rtype {
        Rtype::SOA => soa_rdata(u32::from(value), 300),
        Rtype::NS | Rtype::CNAME => [b"\x02ns".as_slice(), &[1, b'a' + value % 26], b"\0"].concat(),
        _ => vec![192, 0, 2, value],
    };
    Rrset::new(owner.clone(), rtype, 300, [rdata])
}

fn soa_rdata(serial: u32, minimum: u32) -> Vec<u8> {
    let mut rdata = b"\x02ns\0\x04host\0".to_vec();
    for field in [serial, 7200, 900, 1_209_600, minimum] {
        rdata.extend(field.to_be_bytes());
    }
    rdata
}

fn base() -> Vec<Rrset> {
    vec![set(&apex(), Rtype::SOA, 1), set(&apex(), Rtype::NS, 1)]
}

fn with(extra: &[(&str, Rtype)]) -> Vec<Rrset> {
    let extra = extra.iter().map(|(owner, rtype)| set(&name(owner), *rtype, 1));
    base().into_iter().chain(extra).collect()
}

fn checked(signer: &TestSigner, zone: &Generation, scope: Scope<'_>, now: Timestamp) {
    verify(zone, scope, &Expect::Signed(&[signer.ksk.dnskey().clone()]), now).unwrap();
}

fn many(count: u32) -> Vec<Rrset> {
    let names = (0..count).map(|number| set(&name(&format!("host-{number}.example.com")), Rtype::A, 1));
    base().into_iter().chain(names).collect()
}

#[test]
fn a_new_zone_is_signed_completely() {
    let signer = TestSigner::default();
    let sets = with(&[
        ("a.b.example.com", Rtype::A),
        ("*.w.example.com", Rtype::A),
        ("sub.example.com", Rtype::NS),
        ("sub.example.com", Rtype::DS),
        ("ns.sub.example.com", Rtype::A),
        ("plain.example.com", Rtype::NS),
    ]);
    let zone = signer.sign_zone(&apex(), sets, NOW).unwrap();
    checked(&signer, &zone, Scope::Whole, NOW);
    assert!(zone.is_signed());
    assert!(zone.nsec3_of(&name("b.example.com")).is_some(), "an empty non-terminal has its record");
    assert!(zone.nsec3_of(&name("ns.sub.example.com")).is_none(), "glue has none");
    assert!(zone.set(&name("sub.example.com"), Rtype::NS).unwrap().signatures.is_empty());
    assert_eq!(zone.set(&name("sub.example.com"), Rtype::DS).unwrap().signatures.len(), 1);
}

#[test]
fn one_change_in_a_big_zone_touches_its_neighbours_only() {
    let signer = TestSigner::default();
    let zone = signer.sign_zone(&apex(), many(2000), NOW).unwrap();
    let new = name("new.example.com");
    let update = Update::Names(vec![(new.clone(), vec![set(&new, Rtype::A, 9)])]);
    let (next, delta) = signer.update(&apex(), Some(&zone), update, NOW).unwrap();
    // The DNSKEY set comes with a new signature each time in this test's signer.
    let puts: Vec<_> = delta.puts().filter(|set| set.rrset.rtype() != Rtype::DNSKEY).collect();
    assert_eq!(puts.len(), 1);
    assert_eq!(delta.nsec3_puts().len(), 2, "the new name's record and its predecessor");
    checked(&signer, &next, Scope::Touched(&delta), NOW);
    checked(&signer, &next, Scope::Whole, NOW);
    let gone = Update::Names(vec![(new.clone(), Vec::new())]);
    let (last, delta) = signer.update(&apex(), Some(&next), gone, NOW).unwrap();
    assert_eq!((delta.removals().len(), delta.nsec3_removals().len(), delta.nsec3_puts().len()), (1, 1, 1));
    checked(&signer, &last, Scope::Touched(&delta), NOW);
    assert!(last.node(&new).is_none() && last.nsec3_of(&new).is_none());
}

#[test]
fn ten_thousand_names_are_signed_and_verified() {
    let signer = TestSigner::default();
    let zone = signer.sign_zone(&apex(), many(10_000), NOW).unwrap();
    checked(&signer, &zone, Scope::Whole, NOW);
    assert_eq!(zone.nsec3_chain().count(), 10_001);
}

#[test]
fn a_new_delegation_hides_what_lies_below_it() {
    let signer = TestSigner::default();
    let sets = with(&[("deep.sub.example.com", Rtype::A), ("x.deep.sub.example.com", Rtype::A)]);
    let zone = signer.sign_zone(&apex(), sets, NOW).unwrap();
    let sub = name("sub.example.com");
    let cut = Update::Names(vec![(sub.clone(), vec![set(&sub, Rtype::NS, 1)])]);
    let (hidden, delta) = signer.update(&apex(), Some(&zone), cut, NOW).unwrap();
    checked(&signer, &hidden, Scope::Touched(&delta), NOW);
    checked(&signer, &hidden, Scope::Whole, NOW);
    assert!(hidden.set(&name("deep.sub.example.com"), Rtype::A).unwrap().signatures.is_empty());
    assert!(hidden.nsec3_of(&name("deep.sub.example.com")).is_none());
    let (shown, delta) =
        signer.update(&apex(), Some(&hidden), Update::Names(vec![(sub, Vec::new())]), NOW).unwrap();
    checked(&signer, &shown, Scope::Touched(&delta), NOW);
    checked(&signer, &shown, Scope::Whole, NOW);
}

#[test]
fn signing_is_turned_on_and_off() {
    let signer = TestSigner::default();
    let sets = || with(&[("a.example.com", Rtype::A)]);
    let request = |previous, update, signing| Request {
        apex: &APEX,
        previous,
        update,
        signing,
        policy: &POLICY,
        now: NOW,
    };
    static APEX: std::sync::LazyLock<Name> = std::sync::LazyLock::new(apex);
    static POLICY: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(Policy::default);
    let (plain, _) = plan(request(None, Update::Whole(sets()), None)).unwrap().apply(&[]).unwrap();
    verify(&plain, Scope::Whole, &Expect::Unsigned, NOW).unwrap();
    let signing = signer.signing(&apex(), NOW);
    let only_names = plan(request(Some(&plain), Update::Names(Vec::new()), Some(&signing)));
    assert_eq!(only_names.unwrap_err(), PlanError::NeedsWhole);
    let signed = signer.finish(plan(request(Some(&plain), Update::Whole(sets()), Some(&signing))).unwrap()).0;
    checked(&signer, &signed, Scope::Whole, NOW);
    let (bare, delta) =
        plan(request(Some(&signed), Update::Whole(sets()), None)).unwrap().apply(&[]).unwrap();
    verify(&bare, Scope::Whole, &Expect::Unsigned, NOW).unwrap();
    assert_eq!(contents(&bare), contents(&plain));
    assert_eq!(delta.apply(Some(&signed)).map(|zone| contents(&zone)), Ok(contents(&plain)));
}

#[test]
fn old_signatures_are_made_again_before_they_expire() {
    let signer = TestSigner::default();
    let mut zone = signer.sign_zone(&apex(), many(200), NOW).unwrap();
    let mut remade = Vec::new();
    for hour in 1..24 * 40 {
        let now = NOW.plus(std::time::Duration::from_secs(3600 * hour));
        if refresh_due(&zone, &signer.policy).is_some_and(|due| due <= now) {
            let (next, delta) = signer.update(&apex(), Some(&zone), Update::Names(Vec::new()), now).unwrap();
            checked(&signer, &next, Scope::Touched(&delta), now);
            remade.push(delta.len());
            zone = next;
        }
        let left = i64::from(zone.earliest_zsk_expiration().unwrap()) - now.unix_seconds();
        assert!(left >= 7 * 86_400 - 7200, "only {left} seconds are left at hour {hour}");
    }
    // Spread out: never all of the 403 signatures at once.
    assert!(remade.len() > 50 && remade.iter().all(|count| *count < 200), "{remade:?}");
}

#[test]
fn ttls_are_capped_while_signing_only() {
    let signer = TestSigner::default();
    let owner = name("long.example.com");
    let mut sets = base();
    sets.push(Rrset::new(owner.clone(), Rtype::A, 700_000, [vec![192, 0, 2, 1]]));
    let signed = signer.sign_zone(&apex(), sets.clone(), NOW).unwrap();
    assert_eq!(signed.set(&owner, Rtype::A).unwrap().rrset.ttl(), 604_800);
    let policy = Policy::default();
    let request = Request {
        apex: &apex(),
        previous: None,
        update: Update::Whole(sets),
        signing: None,
        policy: &policy,
        now: NOW,
    };
    let (plain, _) = plan(request).unwrap().apply(&[]).unwrap();
    assert_eq!(plain.set(&owner, Rtype::A).unwrap().rrset.ttl(), 700_000);
}

#[test]
fn serials_stay_or_grow_as_the_policy_says() {
    let mut signer = TestSigner::default();
    let a = name("a.example.com");
    let change = |value| Update::Names(vec![(a.clone(), vec![set(&a, Rtype::A, value)])]);
    let zone = signer.sign_zone(&apex(), base(), NOW).unwrap();
    let (next, _) = signer.update(&apex(), Some(&zone), change(1), NOW).unwrap();
    assert_eq!(next.serial(), Some(1));
    signer.policy.serial = SerialPolicy::Increase;
    let (next, delta) = signer.update(&apex(), Some(&next), change(2), NOW).unwrap();
    assert_eq!(next.serial(), Some(2));
    checked(&signer, &next, Scope::Touched(&delta), NOW);
    // The stored SOA, read again, does not throw the serial back; a higher one is taken over.
    let soa = |value| {
        Update::Names(vec![(apex(), vec![set(&apex(), Rtype::SOA, value), set(&apex(), Rtype::NS, 1)])])
    };
    let (next, _) = signer.update(&apex(), Some(&next), soa(1), NOW).unwrap();
    assert_eq!(next.serial(), Some(3), "the DNSKEY signature is new");
    let (next, _) = signer.update(&apex(), Some(&next), soa(200), NOW).unwrap();
    assert_eq!(next.serial(), Some(200));
}

#[test]
fn a_changed_negative_ttl_changes_every_denial_record() {
    let signer = TestSigner::default();
    let zone = signer.sign_zone(&apex(), many(20), NOW).unwrap();
    let soa = Rrset::new(apex(), Rtype::SOA, 300, [soa_rdata(1, 60)]);
    let update = Update::Names(vec![(apex(), vec![soa, set(&apex(), Rtype::NS, 1)])]);
    let (next, delta) = signer.update(&apex(), Some(&zone), update, NOW).unwrap();
    assert_eq!(delta.nsec3_puts().len(), 21);
    checked(&signer, &next, Scope::Whole, NOW);
}

#[test]
fn refuses_what_no_zone_may_hold() {
    let signer = TestSigner::default();
    let refused = |sets| signer.sign_zone(&apex(), sets, NOW).unwrap_err();
    assert_eq!(refused(Vec::new()), PlanError::Soa);
    assert_eq!(refused(vec![set(&apex(), Rtype::SOA, 1)]), PlanError::Ns);
    assert_eq!(refused(with(&[("a.example.org", Rtype::A)])), PlanError::OutOfZone(name("a.example.org")));
    assert_eq!(refused(with(&[("a.example.com", Rtype::SOA)])), PlanError::Soa);
    let a = name("a.example.com");
    assert_eq!(refused(with(&[("a.example.com", Rtype::A); 2])), PlanError::TypeTwice(a.clone(), Rtype::A));
    let beside = with(&[("a.example.com", Rtype::A), ("a.example.com", Rtype::CNAME)]);
    assert_eq!(refused(beside), PlanError::CnameNotAlone(a.clone()));
    assert_eq!(refused(with(&[("a.example.com", Rtype::DNSKEY)])), PlanError::ReservedType(a, Rtype::DNSKEY));
}

/// Sets and denial records without signatures, to compare zones.
fn contents(zone: &Generation) -> Vec<Rrset> {
    let sets = zone.nodes().flat_map(|node| node.sets()).map(|set| set.rrset.clone());
    sets.chain(zone.nsec3_chain().map(|(_, record)| record.rrset.clone())).collect()
}

type Model = BTreeMap<Name, BTreeMap<u16, Rrset>>;

fn any_change() -> impl Strategy<Value = (Name, Vec<Rrset>)> {
    let label = prop_oneof![Just("a"), Just("b"), Just("*"), Just("c")];
    let owner = proptest::collection::vec(label, 1..4)
        .prop_map(|labels| labels.iter().fold(apex(), |name, label| name.child(label.as_bytes()).unwrap()));
    let types = prop_oneof![
        3 => Just(vec![Rtype::A]),
        1 => Just(vec![Rtype::A, Rtype::TXT]),
        2 => Just(vec![Rtype::NS]),
        1 => Just(vec![Rtype::NS, Rtype::DS]),
        1 => Just(vec![Rtype::CNAME]),
        3 => Just(vec![]),
    ];
    (owner, types, any::<u8>()).prop_map(|(owner, types, value)| {
        let sets = types.into_iter().map(|rtype| set(&owner, rtype, value)).collect();
        (owner, sets)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_road_of_changes_leads_to_the_same_verified_zone(
        batches in proptest::collection::vec(proptest::collection::vec(any_change(), 1..4), 1..8)
    ) {
        let signer = TestSigner::default();
        let mut model = Model::new();
        let mut zone = signer.sign_zone(&apex(), base(), NOW).unwrap();
        for batch in batches {
            let batch: BTreeMap<Name, Vec<Rrset>> = batch.into_iter().collect();
            for (owner, sets) in &batch {
                model.insert(owner.clone(), sets.iter().map(|set| (set.rtype().to_int(), set.clone())).collect());
            }
            let (next, delta) =
                signer.update(&apex(), Some(&zone), Update::Names(batch.into_iter().collect()), NOW).unwrap();
            checked(&signer, &next, Scope::Touched(&delta), NOW);
            let blob = Delta::decode(&delta.encode()).unwrap();
            prop_assert_eq!(&blob, &delta);
            let rebuilt = blob.apply(Some(&zone)).unwrap();
            prop_assert_eq!(Delta::whole(&rebuilt), Delta::whole(&next));
            prop_assert_eq!(rebuilt.earliest_expiration(), next.earliest_expiration());
            zone = next;
        }
        checked(&signer, &zone, Scope::Whole, NOW);
        let sets = base().into_iter().chain(model.into_values().flat_map(BTreeMap::into_values)).collect();
        let mut at_once = signer.sign_zone(&apex(), sets, NOW).unwrap();
        at_once.put(zone.set(&apex(), Rtype::DNSKEY).unwrap().clone());
        prop_assert_eq!(contents(&zone), contents(&at_once));
        let _ = nsec3_hash(&apex());
    }
}
