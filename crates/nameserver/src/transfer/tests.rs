//! Whole zones as messages.

use domain::base::iana::{Class, Rtype};
use domain::base::{Message, ParsedRecord};

use super::*;
use crate::message::read;
use crate::testing::{example, name, query, set};

fn messages(zone: &Generation) -> Vec<Message<Vec<u8>>> {
    answers(zone, &query("example", Rtype::AXFR, None))
}

/// A question for what changed since `serial`.
fn ixfr(serial: u32) -> Vec<u8> {
    let mut message = query("example", Rtype::IXFR, None);
    let mut data = vec![0, 0];
    data.extend(serial.to_be_bytes());
    data.extend([0; 16]);
    message.extend([0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22]);
    message.extend(data);
    message[9] = 1;
    message
}

fn answers(zone: &Generation, message: &[u8]) -> Vec<Message<Vec<u8>>> {
    let query = read(message).unwrap();
    let mut transfer = Transfer::new(&query, zone);
    let mut buffer = vec![0; TCP_OCTETS_MAX];
    let mut messages = Vec::new();
    while let Some(length) = transfer.next_message(&mut buffer).unwrap() {
        messages.push(Message::from_octets(buffer[..length].to_vec()).unwrap());
    }
    messages
}

fn types(messages: &[Message<Vec<u8>>]) -> Vec<Rtype> {
    let rtype = |record: Result<ParsedRecord<'_, Vec<u8>>, _>| {
        let record = record.unwrap();
        assert_eq!(record.class(), Class::IN);
        record.rtype()
    };
    messages.iter().flat_map(|message| message.answer().unwrap().map(rtype).collect::<Vec<_>>()).collect()
}

#[test]
fn a_zone_begins_and_ends_with_its_soa_rfc5936_section_2_2() {
    let zone = example(7);
    let messages = messages(&zone);
    assert!(messages.len() > 1, "it takes several messages");
    let types = types(&messages);
    assert_eq!((types[0], types[types.len() - 1]), (Rtype::SOA, Rtype::SOA));
    assert_eq!(types.iter().filter(|rtype| **rtype == Rtype::SOA).count(), 2);
    let records: usize = zone.nodes().flat_map(|node| node.sets()).map(|set| set.rrset.len()).sum();
    assert_eq!(types.len(), records + 1);
}

#[test]
fn the_first_message_alone_repeats_the_question_and_all_have_authority() {
    let messages = messages(&example(7));
    for (at, message) in messages.iter().enumerate() {
        assert_eq!(message.header_counts().qdcount(), u16::from(at == 0));
        assert!(message.header().aa() && !message.header().tc());
        assert_eq!(message.header().id(), 0x2bad);
    }
}

#[test]
fn a_record_of_the_largest_size_goes_through() {
    let soa = example(1).soa().unwrap().rrset.clone();
    let big = set("big.example", Rtype::from_int(65_280), &[&vec![7; 60_000]]);
    let zone = Generation::unsigned(name("example"), example(1).number(), [soa, big]);
    assert_eq!(types(&messages(&zone)), [Rtype::SOA, Rtype::from_int(65_280), Rtype::SOA]);
}

#[test]
fn who_has_the_serial_gets_the_soa_alone_rfc1995_section_2() {
    for (known, up_to_date) in [(7, true), (8, true), (6, false), (0, false), (7 + (1 << 31) + 1, false)] {
        let types = types(&answers(&example(7), &ixfr(known)));
        assert_eq!(types == [Rtype::SOA], up_to_date, "{known}");
        assert!(up_to_date || types.len() > 2000, "{known}");
    }
}
