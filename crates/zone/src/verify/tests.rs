//! Each flaw is made once and must be found.

use std::sync::Arc;

use super::*;
use crate::testing::TestSigner;
use crate::{Nsec3Hash, Rrset, Signature, SignedRrset, nsec3_hash};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn signed() -> (TestSigner, Generation) {
    let signer = TestSigner::default();
    let apex = name("example.com");
    let mut soa = b"\x02ns\0\x04host\0".to_vec();
    soa.extend([0; 20]);
    let a = |owner: &str| Rrset::new(name(owner), Rtype::A, 60, [[192, 0, 2, 1]]);
    let sets = vec![
        Rrset::new(apex.clone(), Rtype::SOA, 900, [soa]),
        Rrset::new(apex.clone(), Rtype::NS, 900, [b"\x02ns\0".to_vec()]),
        Rrset::new(name("sub.example.com"), Rtype::NS, 900, [b"\x02ns\0".to_vec()]),
        a("a.example.com"),
        a("b.c.example.com"),
        a("ns.sub.example.com"),
    ];
    let zone = signer.sign_zone(&apex, sets, NOW).unwrap();
    (signer, zone)
}

fn flaw_of(signer: &TestSigner, zone: &Generation, now: Timestamp) -> Option<Flaw> {
    verify(zone, Scope::Whole, &Expect::Signed(&[signer.ksk.dnskey().clone()]), now).err()
}

/// The zone with one set changed by `change`, and the flaw that is found in it.
fn spoiled(owner: &str, rtype: Rtype, change: impl Fn(&mut SignedRrset)) -> Option<Flaw> {
    let (signer, mut zone) = signed();
    let mut set = SignedRrset::clone(zone.set(&name(owner), rtype).unwrap());
    change(&mut set);
    zone.put(Arc::new(set));
    flaw_of(&signer, &zone, NOW)
}

fn flip(signature: &mut Signature, at: usize) {
    let mut rdata = signature.rdata().to_vec();
    rdata[at] ^= 1;
    *signature = Signature::from_rdata(rdata).unwrap();
}

#[test]
fn a_sound_zone_has_no_flaw() {
    let (signer, zone) = signed();
    assert_eq!(flaw_of(&signer, &zone, NOW), None);
}

#[test]
fn finds_missing_wrong_and_superfluous_signatures() {
    let a = || name("a.example.com");
    assert_eq!(
        spoiled("a.example.com", Rtype::A, |set| set.signatures.clear()),
        Some(Flaw::Unsigned(a(), Rtype::A))
    );
    let last = |set: &mut SignedRrset| {
        let at = set.signatures[0].rdata().len() - 1;
        flip(&mut set.signatures[0], at);
    };
    assert_eq!(spoiled("a.example.com", Rtype::A, last), Some(Flaw::WrongSignature(a(), Rtype::A)));
    // A changed record under an unchanged signature.
    let changed = |set: &mut SignedRrset| set.rrset = Rrset::new(a(), Rtype::A, 60, [[192, 0, 2, 9]]);
    assert_eq!(spoiled("a.example.com", Rtype::A, changed), Some(Flaw::WrongSignature(a(), Rtype::A)));
    for at in [1, 2, 3, 7, 17, 20] {
        let found = spoiled("a.example.com", Rtype::A, |set| flip(&mut set.signatures[0], at));
        assert_eq!(found, Some(Flaw::WrongFields(a(), Rtype::A)), "byte {at}");
    }
    let (_, zone) = signed();
    let soa = zone.soa().unwrap().signatures.clone();
    let glue = spoiled("ns.sub.example.com", Rtype::A, |set| set.signatures = soa.clone());
    assert_eq!(glue, Some(Flaw::SignedInVain(name("ns.sub.example.com"), Rtype::A)));
    let cut = spoiled("sub.example.com", Rtype::NS, |set| set.signatures = soa.clone());
    assert_eq!(cut, Some(Flaw::SignedInVain(name("sub.example.com"), Rtype::NS)));
}

#[test]
fn finds_signatures_out_of_their_time() {
    let (signer, zone) = signed();
    let late = NOW.plus(std::time::Duration::from_secs(86_400 * 14));
    let early = NOW.minus(std::time::Duration::from_secs(7200));
    assert!(matches!(flaw_of(&signer, &zone, late), Some(Flaw::WrongTime(..))));
    assert!(matches!(flaw_of(&signer, &zone, early), Some(Flaw::WrongTime(..))));
    let expiry = Timestamp::from_unix_seconds(i64::from(zone.earliest_expiration().unwrap()));
    assert!(flaw_of(&signer, &zone, expiry).is_some(), "the moment of expiry is too late");
}

#[test]
fn finds_missing_key_signing_keys() {
    let (signer, zone) = signed();
    let other = TestSigner::default();
    let both = [signer.ksk.dnskey().clone(), other.ksk.dnskey().clone()];
    let found = verify(&zone, Scope::Whole, &Expect::Signed(&both), NOW);
    assert_eq!(found, Err(Flaw::KeySigningKey(both[1].tag())));
    assert_eq!(verify(&zone, Scope::Whole, &Expect::Signed(&[]), NOW), Err(Flaw::Dnskeys));
    let apex = name("example.com");
    let by_zsk =
        spoiled("example.com", Rtype::DNSKEY, |set| set.signatures = zone.soa().unwrap().signatures.clone());
    assert!(matches!(by_zsk, Some(Flaw::KeySigningKey(_))), "{by_zsk:?} {apex}");
}

#[test]
fn finds_a_broken_chain() {
    let (signer, zone) = signed();
    let victim = nsec3_hash(&name("c.example.com"));
    let mut gap = zone.clone();
    gap.remove_nsec3(&victim);
    assert_eq!(flaw_of(&signer, &gap, NOW), Some(Flaw::Denial(name("c.example.com"))));
    let mut loose = zone.clone();
    let record = zone.nsec3_matching(&victim).unwrap();
    loose.put_nsec3(Nsec3Hash([0; 20]), record.clone());
    assert!(matches!(flaw_of(&signer, &loose, NOW), Some(Flaw::Chain(_))));
    let mut types = zone.clone();
    let other = zone.nsec3_of(&name("a.example.com")).unwrap();
    types.put_nsec3(victim, other.clone());
    assert!(flaw_of(&signer, &types, NOW).is_some());
}

#[test]
fn finds_traces_of_signing_in_an_unsigned_zone() {
    let (_, zone) = signed();
    assert!(verify(&zone, Scope::Whole, &Expect::Unsigned, NOW).is_err());
    let bare = Generation::unsigned(
        name("example.com"),
        zone.number(),
        zone.nodes().flat_map(|node| node.sets()).map(|set| set.rrset.clone()),
    );
    let found = verify(&bare, Scope::Whole, &Expect::Unsigned, NOW);
    assert_eq!(found, Err(Flaw::SignedInVain(name("example.com"), Rtype::DNSKEY)));
}

#[test]
fn finds_a_zone_without_apex() {
    let zone = Generation::unsigned(name("example.com"), crate::GenerationNumber(1), []);
    assert_eq!(verify(&zone, Scope::Whole, &Expect::Unsigned, NOW), Err(Flaw::Apex));
}

#[test]
fn confirms_the_signature_of_rfc_6605_section_6_1() {
    let base64 = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).unwrap();
    let point =
        base64("GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==");
    let key = Dnskey::ksk(&point.try_into().unwrap());
    let set = Rrset::new(name("www.example.net"), Rtype::A, 3600, [[192, 0, 2, 1]]);
    let seconds = |text: &str| {
        let moment = Timestamp::parse_basic(text).unwrap();
        u32::try_from(moment.unix_seconds()).unwrap()
    };
    let mut rdata = vec![0, 1, 13, 3];
    rdata.extend(3600u32.to_be_bytes());
    rdata.extend(seconds("20100909T100439Z").to_be_bytes());
    rdata.extend(seconds("20100812T100439Z").to_be_bytes());
    rdata.extend(55648u16.to_be_bytes());
    rdata.extend_from_slice(name("example.net").as_wire());
    rdata.extend(base64(
        "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
    ));
    let signature = Signature::from_rdata(rdata).unwrap();
    assert!(is_signed_by(&set, &signature, &key));
    assert!(!is_signed_by(&set.with_ttl(3601), &signature, &key));
}
