//! What a stranger may send, by RFC section.

use domain::base::iana::{Class, Opcode, OptRcode, Rtype};
use domain::base::message_builder::MessageBuilder;
use domain::base::opt::nsid::Nsid;
use proptest::prelude::*;

use super::*;

fn query(rtype: Rtype) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec().question();
    builder.header_mut().set_id(7);
    builder.push((Name::<Vec<u8>>::vec_from_str("wWw.Example.org").unwrap(), rtype)).unwrap();
    builder.finish()
}

fn with_opt(rtype: Rtype, version: u8) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec().question();
    builder.push((Name::<Vec<u8>>::vec_from_str("example.org").unwrap(), rtype)).unwrap();
    let mut builder = builder.additional();
    builder
        .opt(|opt| {
            opt.set_udp_payload_size(4096);
            opt.set_dnssec_ok(true);
            opt.set_version(version);
            opt.push(Nsid::from_slice(b"").unwrap())
        })
        .unwrap();
    builder.finish()
}

fn rejection(message: &[u8]) -> Option<OptRcode> {
    match read(message) {
        Err(Unanswerable::Rejected { rcode, .. }) => Some(rcode),
        _ => None,
    }
}

#[test]
fn reads_a_question_with_its_case() {
    let message = query(Rtype::A);
    let read = read(&message).unwrap();
    assert_eq!(read.question.qname().as_slice(), b"\x03wWw\x07Example\x03org\x00");
    assert_eq!((read.question.qtype(), read.question.qclass()), (Rtype::A, Class::IN));
    assert_eq!(read.edns, None);
}

#[test]
fn reads_edns_rfc6891_section_6() {
    let message = with_opt(Rtype::A, 0);
    let edns = read(&message).unwrap().edns;
    assert_eq!(edns, Some(Edns { payload_octets: 4096, dnssec_ok: true, nsid: true }));
}

#[test]
fn refuses_other_edns_versions_rfc6891_section_6_1_3() {
    let message = with_opt(Rtype::A, 1);
    let Err(Unanswerable::Rejected { rcode, edns, question, .. }) = read(&message) else { panic!() };
    assert_eq!((rcode, edns, question.is_some()), (OptRcode::BADVERS, true, true));
}

#[test]
fn ignores_responses_and_fragments_of_a_header() {
    let mut message = query(Rtype::A);
    message[2] |= 0x80;
    assert!(matches!(read(&message), Err(Unanswerable::Ignored)));
    assert!(matches!(read(&[0; 11]), Err(Unanswerable::Ignored)));
    assert!(matches!(read(&[]), Err(Unanswerable::Ignored)));
}

#[test]
fn refuses_opcodes_it_does_not_implement() {
    for opcode in [Opcode::IQUERY, Opcode::STATUS, Opcode::NOTIFY, Opcode::UPDATE, Opcode::DSO] {
        let mut message = query(Rtype::A);
        domain::base::Header::for_message_slice_mut(&mut message).set_opcode(opcode);
        assert_eq!(rejection(&message), Some(OptRcode::NOTIMP));
    }
}

#[test]
fn refuses_messages_that_are_not_one_question() {
    let mut none = query(Rtype::A);
    none[5] = 0;
    let mut two = query(Rtype::A);
    two[5] = 2;
    let mut answers = query(Rtype::A);
    answers[7] = 1;
    let mut trailing = query(Rtype::A);
    trailing.push(0);
    let mut cut = query(Rtype::A);
    cut.pop();
    let mut absent_records = query(Rtype::A);
    absent_records[11] = 1;
    for message in [none, two, answers, trailing, cut, absent_records] {
        assert_eq!(rejection(&message), Some(OptRcode::FORMERR), "{message:?}");
    }
}

#[test]
fn refuses_a_compressed_question() {
    let mut message = vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend([0xc0, 0x04, 0, 1, 0, 1]);
    assert_eq!(rejection(&message), Some(OptRcode::FORMERR));
}

#[test]
fn refuses_two_opt_records_rfc6891_section_6_1_1() {
    let mut message = with_opt(Rtype::A, 0);
    let opt = message[message.len() - 15..].to_vec();
    message.extend(opt);
    message[11] = 2;
    assert_eq!(rejection(&message), Some(OptRcode::FORMERR));
}

#[test]
fn refuses_broken_options() {
    let mut message = with_opt(Rtype::A, 0);
    let end = message.len();
    message[end - 1] = 9;
    assert_eq!(rejection(&message), Some(OptRcode::FORMERR));
}

#[test]
fn refuses_types_that_are_no_data() {
    assert_eq!(rejection(&query(Rtype::OPT)), Some(OptRcode::FORMERR));
    assert_eq!(rejection(&query(Rtype::from_int(0))), Some(OptRcode::FORMERR));
    assert_eq!(rejection(&query(NXNAME)), Some(OptRcode::FORMERR));
    assert_eq!(rejection(&query(Rtype::MAILA)), Some(OptRcode::NOTIMP));
    assert_eq!(rejection(&query(Rtype::from_int(0xff00))), None);
    assert_eq!(rejection(&query(Rtype::ANY)), None);
}

proptest! {
    #[test]
    fn never_panics(message in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&message);
    }

    #[test]
    fn never_panics_on_a_spoiled_query(at in 0usize..60, octet: u8, cut in 0usize..60) {
        let mut message = with_opt(Rtype::A, 0);
        if let Some(place) = message.get_mut(at) { *place = octet; }
        message.truncate(message.len().saturating_sub(cut));
        let _ = read(&message);
    }
}
