//! Denials by section of RFC 5155, and random zones and questions judged by an oracle and a validator.

use keyward_base::Timestamp;
use proptest::prelude::*;

use super::oracle::{End, Expected, Oracle};
use super::validator::{Validator, Verdict};
use super::*;
use crate::testing::{TestSigner, random_question, random_sets, sets_of};
use crate::{Generation, Rrset, nsec3_hash};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn signed(apex: &str, text: &str) -> ZoneSet {
    let apex = Name::parse(apex).unwrap();
    [TestSigner::default().sign_zone(&apex, sets_of(text), NOW).unwrap()].into_iter().collect()
}

fn example() -> ZoneSet {
    signed(
        "example",
        "$ORIGIN example.
$TTL 300
@ IN SOA ns admin 1 7200 900 1209600 60
@ NS ns
ns A 192.0.2.1
host A 192.0.2.2
deep.empty A 192.0.2.3
*.wild A 192.0.2.4
*.wild TXT \"w\"
alias.wild CNAME host
secure NS ns.secure
secure DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
ns.secure A 192.0.2.5
plain NS ns.plain
ns.plain A 192.0.2.6
",
    )
}

fn ask_signed<'z>(zones: &'z ZoneSet, name: &str, rtype: Rtype) -> Answer<'z> {
    answer(zones, Question { name: &Name::parse(name).unwrap(), rtype, dnssec_ok: true })
}

/// The NSEC3 records of an answer: `m` for one that matches a name, else `c` for the names it covers.
fn proofs(zones: &ZoneSet, answer: &Answer<'_>, matched: &[&str], covered: &[&str]) {
    let zone = zones.iter().next().unwrap();
    let of = |set: Option<&'_ std::sync::Arc<SignedRrset>>| set.map(|set| set.rrset.name().to_string());
    let mut expected: Vec<String> =
        matched.iter().map(|name| of(zone.nsec3_of(&name.parse().unwrap())).unwrap()).collect();
    expected.extend(
        covered.iter().map(|name| of(zone.nsec3_covering(&nsec3_hash(&name.parse().unwrap()))).unwrap()),
    );
    expected.sort();
    expected.dedup();
    let given = answer.section(Section::Authority).filter(|part| part.set.rrset.rtype() == Rtype::NSEC3);
    let mut given: Vec<String> = given.map(|part| part.owner().to_string()).collect();
    given.sort();
    assert_eq!(given, expected);
}

#[test]
fn signatures_come_with_do_alone_rfc4035_section_3_1() {
    let zones = example();
    check(&ask_signed(&zones, "host.example", Rtype::A), "NOERROR aa\nAnswer host.example. 300 Ax1 signed");
    check(&ask(&zones, "host.example", Rtype::A), "NOERROR aa\nAnswer host.example. 300 Ax1");
    check(&ask(&zones, "no.example", Rtype::A), "NXDOMAIN aa\nAuthority example. 60 SOAx1");
}

#[test]
fn a_name_error_is_proven_rfc5155_section_7_2_2() {
    let zones = example();
    let answer = ask_signed(&zones, "a.b.c.example", Rtype::A);
    assert_eq!(answer.rcode, Rcode::NXDOMAIN);
    proofs(&zones, &answer, &["example"], &["c.example", "*.example"]);
}

#[test]
fn a_missing_type_is_proven_rfc5155_section_7_2_3() {
    let zones = example();
    proofs(&zones, &ask_signed(&zones, "host.example", Rtype::MX), &["host.example"], &[]);
    proofs(&zones, &ask_signed(&zones, "empty.example", Rtype::A), &["empty.example"], &[]);
}

#[test]
fn a_missing_ds_is_proven_rfc5155_section_7_2_4() {
    let zones = example();
    let answer = ask_signed(&zones, "plain.example", Rtype::DS);
    assert!(answer.authoritative);
    proofs(&zones, &answer, &["plain.example"], &[]);
}

#[test]
fn a_wildcards_missing_type_is_proven_rfc5155_section_7_2_5() {
    let zones = example();
    let answer = ask_signed(&zones, "x.y.wild.example", Rtype::MX);
    assert_eq!(answer.rcode, Rcode::NOERROR);
    proofs(&zones, &answer, &["wild.example", "*.wild.example"], &["y.wild.example"]);
}

#[test]
fn a_wildcards_answer_is_proven_rfc5155_section_7_2_6() {
    let zones = example();
    let answer = ask_signed(&zones, "x.y.wild.example", Rtype::A);
    assert_eq!(answer.section(Section::Answer).next().unwrap().owner().to_string(), "x.y.wild.example.");
    proofs(&zones, &answer, &[], &["y.wild.example"]);
}

#[test]
fn referrals_are_secure_or_proven_not_to_be_rfc5155_section_7_2_7() {
    let zones = example();
    check(
        &ask_signed(&zones, "www.secure.example", Rtype::A),
        "NOERROR
         Authority secure.example. 300 NSx1
         Authority secure.example. 300 DSx1 signed
         Glue ns.secure.example. 300 Ax1",
    );
    let answer = ask_signed(&zones, "www.plain.example", Rtype::A);
    assert!(!answer.authoritative);
    proofs(&zones, &answer, &["plain.example"], &[]);
}

#[test]
fn an_nsec3_owner_is_no_name_to_ask_for_rfc5155_section_7_2_8() {
    let zones = example();
    let owner = zones
        .iter()
        .next()
        .unwrap()
        .nsec3_of(&"host.example".parse().unwrap())
        .unwrap()
        .rrset
        .name()
        .to_string();
    for rtype in [Rtype::NSEC3, Rtype::A] {
        assert_eq!(ask_signed(&zones, &owner, rtype).rcode, Rcode::NXDOMAIN);
    }
}

#[test]
fn a_wildcard_cname_is_proven_and_followed() {
    let zones = signed(
        "example",
        "$ORIGIN example.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\n* 60 CNAME host.there\nhost.there 60 A 192.0.2.1\n",
    );
    let answer = ask_signed(&zones, "x.example", Rtype::A);
    assert_eq!(answer.section(Section::Answer).count(), 2);
    proofs(&zones, &answer, &[], &["x.example"]);
}

#[test]
fn rrsig_gets_one_sets_signatures_rfc8482_section_7() {
    let zones = example();
    let answer = ask(&zones, "*.wild.example", Rtype::RRSIG);
    let parts: Vec<_> = answer.section(Section::Answer).map(|part| part.records).collect();
    assert_eq!(parts, [Records::Signatures]);
    check(
        &ask(&zones, "plain.example", Rtype::RRSIG),
        "NOERROR\nAuthority plain.example. 300 NSx1\nGlue ns.plain.example. 300 Ax1",
    );
}

#[test]
fn the_validator_sees_through_what_is_wrong() {
    let apex: Name = "example".parse().unwrap();
    let signer = TestSigner::default();
    let keys = [signer.zsk.dnskey(), signer.ksk.dnskey()];
    let other = TestSigner::default();
    let text = "$ORIGIN example.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\n*.w 60 A 192.0.2.1\n";
    let zones: ZoneSet = [signer.sign_zone(&apex, sets_of(text), NOW).unwrap()].into_iter().collect();
    let forged: ZoneSet = [other.sign_zone(&apex, sets_of(text), NOW).unwrap()].into_iter().collect();
    let judge = |answer: &Answer<'_>, name: &str, rtype| {
        Validator::new(&apex, &keys, answer).and_then(|v| v.judge(&name.parse().unwrap(), rtype))
    };
    for (name, rtype) in [
        ("no.example", Rtype::A),
        ("x.w.example", Rtype::A),
        ("x.w.example", Rtype::MX),
        ("w.example", Rtype::A),
    ] {
        let good = ask_signed(&zones, name, rtype);
        assert!(judge(&good, name, rtype).is_ok(), "{name}");
        assert!(judge(&ask_signed(&forged, name, rtype), name, rtype).is_err(), "{name} by another key");
        for at in 0..good.parts.len() {
            let mut less = good.clone();
            less.parts.remove(at);
            assert!(judge(&less, name, rtype).is_err(), "{name} {rtype} without part {at}: {}", shown(&good));
        }
    }
}

fn verdict(oracle: &Oracle, expected: &Expected) -> Verdict {
    match &expected.end {
        End::Data(_) => Verdict::Data,
        End::NoData => Verdict::NoData,
        End::NameError => Verdict::NameError,
        End::Left => Verdict::Chain,
        End::Referral(cut) => {
            let secure = oracle.sets.iter().any(|set| set.name() == cut && set.rtype() == Rtype::DS);
            if secure { Verdict::SecureReferral(cut.clone()) } else { Verdict::InsecureReferral(cut.clone()) }
        }
    }
}

fn compare(
    zone: &Generation,
    oracle: &Oracle,
    keys: &[&crate::keys::Dnskey],
    name: &Name,
    rtype: Rtype,
) -> Result<(), String> {
    let zones: ZoneSet = [zone.clone()].into_iter().collect();
    let answer = answer(&zones, Question { name, rtype, dnssec_ok: true });
    let expected = oracle.expect(name, rtype);
    let given: Vec<Name> = answer.section(Section::Answer).map(|part| part.owner().clone()).collect();
    if given.get(..expected.chain.len()) != Some(&expected.chain[..]) {
        return Err(format!("another chain: {expected:?}"));
    }
    if let End::Data(source) = &expected.end {
        let last = answer.section(Section::Answer).last().ok_or("no data")?;
        let right: Vec<&Rrset> =
            oracle.sets.iter().filter(|s| s.name() == source && s.rtype() == rtype).collect();
        if right != [&last.set.rrset] || given.len() != expected.chain.len() + 1 {
            return Err(format!("other data: {expected:?}"));
        }
    } else if given.len() != expected.chain.len() {
        return Err(format!("too much in the answer: {expected:?}"));
    }
    if answer.authoritative == matches!(expected.end, End::Referral(_)) {
        return Err("wrong AA".to_owned());
    }
    let name_error = expected.end == End::NameError;
    if (answer.rcode == Rcode::NXDOMAIN) != name_error || !name_error && answer.rcode != Rcode::NOERROR {
        return Err(format!("wrong code {}: {expected:?}", answer.rcode));
    }
    let judged = Validator::new(zone.apex(), keys, &answer)?.judge(name, rtype)?;
    let wanted = verdict(oracle, &expected);
    if judged == wanted { Ok(()) } else { Err(format!("{judged:?} instead of {wanted:?}")) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_answer_is_what_the_oracle_says_and_a_validator_accepts(seed: u64) {
        let apex: Name = if seed % 5 == 0 { Name::root() } else { "z.example".parse().unwrap() };
        let signer = TestSigner::default();
        let content = random_sets(&apex, seed);
        let zone = signer.sign_zone(&apex, content, NOW).unwrap();
        let sets = zone.nodes().flat_map(|node| node.sets()).map(|set| set.rrset.clone()).collect();
        let oracle = Oracle { apex: apex.clone(), sets };
        let keys = [signer.zsk.dnskey(), signer.ksk.dnskey()];
        for at in 0..40u64 {
            let (name, rtype) = random_question(&apex, seed.wrapping_add(at));
            if !name.is_at_or_below(&apex) { continue }
            let compared = compare(&zone, &oracle, &keys, &name, rtype);
            prop_assert!(compared.is_ok(), "{} {}: {}", name, rtype, compared.unwrap_err());
        }
    }
}
