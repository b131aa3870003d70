//! Sizes, truncation and codes of whole replies.

use std::sync::LazyLock;

use domain::base::iana::Rcode;
use domain::base::rdata::ComposeRecordData;
use domain::base::{Message, ToName};
use keyward_base::Timestamp;
use keyward_zone::answer::Part;
use keyward_zone::testing::{TestSigner, random_question, random_sets};
use proptest::prelude::*;

use super::*;
use crate::testing::{example, query};

const UDP: Transport = Transport::Udp { octets_max: 1232 };

static ZONES: LazyLock<ZoneSet> = LazyLock::new(|| [example(1)].into_iter().collect());

fn zones() -> ZoneSet {
    ZONES.clone()
}

fn reply(message: &[u8], transport: Transport) -> Message<Vec<u8>> {
    let mut buffer = vec![0; TCP_OCTETS_MAX];
    let Outcome::Reply { length, rcode, truncated } =
        respond(Some(&zones()), message, transport, Some(b"n1"), &mut buffer)
    else {
        panic!("no reply");
    };
    buffer.truncate(length);
    let message = Message::from_octets(buffer).unwrap();
    assert_eq!(message.opt_rcode(), rcode);
    assert_eq!(message.header().tc(), truncated);
    message
}

fn counts(message: &Message<Vec<u8>>) -> [u16; 4] {
    let counts = message.header_counts();
    [counts.qdcount(), counts.ancount(), counts.nscount(), counts.arcount()]
}

#[test]
fn answers_with_authority() {
    let reply = reply(&query("wWw.example", Rtype::A, None), UDP);
    assert!(reply.header().aa() && !reply.header().tc());
    assert_eq!(reply.header().rcode(), Rcode::NOERROR);
    assert_eq!(counts(&reply), [1, 2, 0, 0]);
    assert_eq!(reply.first_question().unwrap().qname().to_string(), "wWw.example");
}

#[test]
fn without_edns_a_reply_has_at_most_512_octets_rfc1035_section_4_2_1() {
    let reply = reply(&query("kilo.example", Rtype::TXT, None), UDP);
    assert!(reply.header().tc());
    assert!(reply.as_slice().len() <= 512);
    assert_eq!(counts(&reply), [1, 0, 0, 0]);
}

#[test]
fn the_clients_size_counts_up_to_ours_rfc6891_section_6_2_3() {
    for (octets, rtype_owner, truncated) in [
        (1232, "kilo.example", false),
        (1000, "kilo.example", true),
        (100, "www.example", false),
        (65_535, "four.example", true),
    ] {
        let rtype = if rtype_owner == "www.example" { Rtype::A } else { Rtype::TXT };
        let reply = reply(&query(rtype_owner, rtype, Some((octets, false))), UDP);
        assert_eq!(reply.header().tc(), truncated, "{octets} {rtype_owner}");
        assert!(reply.opt().is_some());
        assert!(reply.as_slice().len() <= usize::from(octets.clamp(512, 1232)));
    }
}

#[test]
fn tcp_takes_what_udp_can_not() {
    let reply = reply(&query("four.example", Rtype::TXT, None), Transport::Tcp);
    assert!(!reply.header().tc());
    assert_eq!(counts(&reply), [1, 40, 0, 0]);
}

#[test]
fn says_no_where_it_has_nothing_to_say() {
    let rcode = |message: &[u8]| reply(message, UDP).opt_rcode();
    assert_eq!(rcode(&query("other.test", Rtype::A, None)), OptRcode::REFUSED);
    assert_eq!(rcode(&query("example", Rtype::AXFR, None)), OptRcode::REFUSED);
    let mut chaos = query("version.bind", Rtype::TXT, None);
    let end = chaos.len();
    chaos[end - 1] = 3;
    assert_eq!(rcode(&chaos), OptRcode::REFUSED);
    let mut newer = query("www.example", Rtype::A, Some((1232, false)));
    let end = newer.len();
    newer[end - 5] = 1;
    let reply = reply(&newer, UDP);
    assert_eq!((reply.opt_rcode(), reply.opt().unwrap().version()), (OptRcode::BADVERS, 0));
    assert_eq!(counts(&reply), [1, 0, 0, 1]);
}

#[test]
fn fails_as_long_as_nothing_is_loaded() {
    let mut buffer = [0; 512];
    let outcome = respond(None, &query("www.example", Rtype::A, None), UDP, None, &mut buffer);
    assert!(matches!(outcome, Outcome::Reply { rcode: OptRcode::SERVFAIL, .. }), "{outcome:?}");
}

#[test]
fn silence_for_what_is_no_query() {
    let mut buffer = [0; 512];
    let mut message = query("www.example", Rtype::A, None);
    message[2] |= 0x80;
    assert_eq!(respond(Some(&zones()), &message, UDP, None, &mut buffer), Outcome::Silence);
}

proptest! {
    /// Whatever comes, there is silence or a well-formed reply of the right size.
    #[test]
    fn a_spoiled_query_never_breaks_it(
        spoil in proptest::collection::vec((0usize..60, any::<u8>()), 0..4),
        cut in 0usize..20,
        owner in prop::sample::select(vec!["www.example", "four.example", "no.example", "."]),
        octets: u16,
    ) {
        let mut message = query(owner, Rtype::TXT, Some((octets, true)));
        for (at, octet) in spoil {
            if let Some(place) = message.get_mut(at) { *place = octet; }
        }
        message.truncate(message.len() - cut);
        crate::fuzzing::answer(&zones(), &message);
    }
}

/// The records of one section of a reply, as owner, type and uncompressed data.
fn records(message: &Message<Vec<u8>>, section: usize) -> Vec<(Name, u16, u32, Vec<u8>)> {
    let (_, answer, authority, additional) = message.sections().unwrap();
    let section = [answer, authority, additional].into_iter().nth(section).unwrap();
    let records = section.map(|record| record.unwrap()).filter(|record| record.rtype() != Rtype::OPT);
    records
        .map(|record| {
            let owner = record.owner().to_vec();
            let (rtype, ttl) = (record.rtype().to_int(), record.ttl().as_secs());
            let record = record.into_any_record::<domain::rdata::AllRecordData<_, _>>().unwrap();
            let mut data = Vec::new();
            record.data().compose_canonical_rdata(&mut data).unwrap();
            (Name::from_wire(owner.as_slice()).unwrap(), rtype, ttl, data)
        })
        .collect()
}

/// What a part of an answer must look like on the wire.
fn wire(part: &Part<'_>) -> Vec<(Name, u16, u32, Vec<u8>)> {
    let record = |rtype: Rtype, data: &[u8]| (part.owner().clone(), rtype.to_int(), part.ttl, data.to_vec());
    let data = part.set.rrset.rdata().map(|data| record(part.set.rrset.rtype(), data));
    let signatures = part.set.signatures.iter().filter(|_| part.signatures);
    data.chain(signatures.map(|signature| record(Rtype::RRSIG, signature.rdata()))).collect()
}

proptest! {
    /// What comes out of the message is what the answer says: whole sets, in order, nothing else; and only
    /// what is not needed is missing without TC.
    #[test]
    fn a_reply_says_what_the_answer_says(seed: u64, octets in 400u16..1400, edns: bool, dnssec_ok: bool, tcp: bool) {
        let apex: Name = "z.example".parse().unwrap();
        let signer = TestSigner::default();
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let zone = signer.sign_zone(&apex, random_sets(&apex, seed), now).unwrap();
        let zones: ZoneSet = [zone].into_iter().collect();
        for at in 0..8u64 {
            let (name, rtype) = random_question(&apex, seed.wrapping_add(at));
            let message = query(&name.to_string(), rtype, edns.then_some((octets, dnssec_ok)));
            let transport = if tcp { Transport::Tcp } else { UDP };
            let mut buffer = vec![0; TCP_OCTETS_MAX];
            let outcome = respond(Some(&zones), &message, transport, None, &mut buffer);
            let Outcome::Reply { length, truncated, .. } = outcome else { panic!("no reply") };
            buffer.truncate(length);
            let reply = Message::from_octets(buffer).unwrap();
            let taken = if edns { usize::from(octets).clamp(512, 1232) } else { 512 };
            prop_assert!(if tcp { !truncated } else { length <= taken }, "{} octets", length);

            let answer = answer(&zones, Question { name: &name, rtype, dnssec_ok: edns && dnssec_ok });
            for (at, places) in [&[Place::Answer][..], &[Place::Authority], &[Place::Glue, Place::Additional]].iter().enumerate() {
                let mut left = &records(&reply, at)[..];
                for part in places.iter().flat_map(|place| answer.section(*place)) {
                    let wanted = wire(part);
                    if left.starts_with(&wanted) {
                        left = &left[wanted.len()..];
                    } else {
                        prop_assert!(truncated || part.section == Place::Additional, "{} {:?}", name, part.section);
                    }
                }
                prop_assert!(left.is_empty(), "more than the answer says: {:?}", left);
            }
        }
    }
}
