//! Sizes, sections and flags of replies, read back by `domain`'s own parser.

use std::net::Ipv4Addr;

use domain::base::iana::{Class, Rcode, Rtype};
use domain::base::{Message, Name, Ttl};
use domain::rdata::A;

use super::*;

fn name(text: &str) -> Name<Vec<u8>> {
    Name::vec_from_str(text).unwrap()
}

fn head(edns: Option<bool>) -> Head<'static> {
    let mut query = Header::new();
    query.set_id(0x1234);
    query.set_rd(true);
    query.set_cd(true);
    Head { query, rcode: OptRcode::NOERROR, authoritative: true, truncated: false, edns, nsid: None }
}

fn addresses(count: u8) -> Vec<(Name<Vec<u8>>, Class, Ttl, A)> {
    (0..count)
        .map(|last| {
            (name("www.example.org"), Class::IN, Ttl::from_secs(300), A::new(Ipv4Addr::new(192, 0, 2, last)))
        })
        .collect()
}

#[test]
fn echoes_the_case_and_compresses_the_owner_to_it() {
    let mut buffer = [0; 512];
    let head = head(None);
    let mut reply = Reply::begin(&mut buffer, 512, &head).unwrap();
    reply.question(&Question::new(name("WWW.example.ORG"), Rtype::A, Class::IN)).unwrap();
    reply.records(Section::Answer, addresses(1)).unwrap();
    let length = reply.finish(&head);
    assert_eq!(&buffer[12..29], b"\x03WWW\x07example\x03ORG\x00");
    assert_eq!(&buffer[33..35], [0xc0, 12]);
    assert_eq!(length, 12 + 21 + 16);
}

#[test]
fn copies_rd_and_cd_and_never_claims_ra_or_ad() {
    let mut buffer = [0; 512];
    let head = head(None);
    let length = Reply::begin(&mut buffer, 512, &head).unwrap().finish(&head);
    let message = Message::from_octets(&buffer[..length]).unwrap();
    let header = message.header();
    assert_eq!(header.id(), 0x1234);
    assert!(header.qr() && header.rd() && header.cd() && header.aa());
    assert!(!header.ra() && !header.ad() && !header.tc() && !header.z());
}

#[test]
fn an_rrset_goes_whole_or_not_at_all() {
    let mut buffer = [0; 512];
    let head = head(Some(true));
    let mut reply = Reply::begin(&mut buffer, 12 + 21 + 11 + 3 * 16, &head).unwrap();
    reply.question(&Question::new(name("www.example.org"), Rtype::A, Class::IN)).unwrap();
    assert_eq!(reply.records(Section::Answer, addresses(4)), Err(Full));
    assert_eq!(reply.records(Section::Answer, addresses(3)), Ok(()));
    assert_eq!(reply.records(Section::Additional, addresses(1)), Err(Full));
    let length = reply.finish(&head);
    let message = Message::from_octets(&buffer[..length]).unwrap();
    let counts = message.header_counts();
    assert_eq!((counts.qdcount(), counts.ancount(), counts.nscount(), counts.arcount()), (1, 3, 0, 1));
    assert!(message.opt().unwrap().dnssec_ok());
    assert_eq!(length, 12 + 21 + 11 + 3 * 16);
}

#[test]
fn writes_extended_codes_and_the_identifier() {
    let mut buffer = [0; 512];
    let head = Head { rcode: OptRcode::BADVERS, nsid: Some(b"ns-1"), ..head(Some(false)) };
    let length = Reply::begin(&mut buffer, 512, &head).unwrap().finish(&head);
    let message = Message::from_octets(&buffer[..length]).unwrap();
    assert_eq!(message.header().rcode(), Rcode::NOERROR);
    assert_eq!(message.opt_rcode(), OptRcode::BADVERS);
    let opt = message.opt().unwrap();
    assert_eq!((opt.version(), opt.dnssec_ok()), (0, false));
    let nsid = opt.opt().first::<domain::base::opt::UnknownOptData<_>>().unwrap();
    assert_eq!(nsid.as_slice(), b"ns-1");
}

#[test]
fn a_reply_that_cannot_even_hold_its_header_is_refused() {
    let mut buffer = [0; 512];
    assert!(Reply::begin(&mut buffer, 20, &head(Some(true))).is_err());
    assert!(Reply::begin(&mut buffer[..5], 512, &head(None)).is_err());
}
