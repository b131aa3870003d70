//! What a codec writes, the same codec reads.

use http::request::Parts;
use keyward_schema::{
    Kind, Location, OperationFacts, OperationShape, Protocol, ShapeFacts, Value, iam, kms, route53,
    route53domains, sts,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::samples::{Ways, any_value};
use crate::testing::{form_head, head, json_head};
use crate::xml::{Style, Writer};
use crate::{Target, base64, codec};

/// Sends values of the operation's input through `there_and_back`.
fn round_trip<Op: OperationShape>(
    ways: Ways,
    there_and_back: impl Fn(&'static OperationFacts, &Value) -> Value,
) {
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&any_value(Op::FACTS.input, ways), |value| {
        prop_assert!(there_and_back(Op::FACTS, &value) == value);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{}: {error}", Op::NAME));
}

fn read(operation: &'static OperationFacts, protocol: Protocol, head: &Parts, body: &[u8]) -> Value {
    let labels = crate::path::labels(operation.uri, head.uri.path()).unwrap_or_default();
    codec::codec(protocol).read(&Target { operation, labels }, head, body).unwrap()
}

const ANY: Ways = Ways { millis_step: 1, any_text: true, empty_lists: true };

#[test]
fn json_reads_what_it_writes() {
    let way = |operation: &'static OperationFacts, value: &Value| {
        let body = crate::json::write(operation.input, value).unwrap();
        read(operation, Protocol::Json, &json_head("x.y"), &body)
    };
    round_trip::<kms::CreateKey>(ANY, way);
    round_trip::<kms::Encrypt>(ANY, way);
    round_trip::<route53domains::ListOperations>(ANY, way);
    round_trip::<route53domains::RegisterDomain>(ANY, way);
    round_trip::<route53domains::ListDomains>(ANY, way);
}

#[test]
fn cbor_reads_what_it_writes() {
    let way = |operation: &'static OperationFacts, value: &Value| {
        let mut body = Vec::new();
        crate::cbor::write(&mut body, operation.input, value).unwrap();
        read(operation, Protocol::Cbor, &head("POST", "/", &[]), &body)
    };
    round_trip::<kms::CreateKey>(ANY, way);
    round_trip::<kms::Encrypt>(ANY, way);
    round_trip::<route53domains::ListOperations>(ANY, way);
    round_trip::<route53domains::RegisterDomain>(ANY, way);
}

#[test]
fn query_reads_what_a_client_writes() {
    let ways = Ways { millis_step: 1000, any_text: true, empty_lists: false };
    let way = |operation: &'static OperationFacts, value: &Value| {
        let mut pairs = Vec::new();
        form(&mut pairs, "", operation.input, value);
        read(operation, Protocol::Query, &form_head(), pairs.join("&").as_bytes())
    };
    round_trip::<iam::CreateUser>(ways, way);
    round_trip::<iam::CreateRole>(ways, way);
    round_trip::<sts::AssumeRole>(ways, way);
    round_trip::<kms::CreateKey>(ways, way);
}

/// A form as a client writes it.
fn form(pairs: &mut Vec<String>, name: &str, shape: &ShapeFacts, value: &Value) {
    let below = |word: &str| if name.is_empty() { word.to_owned() } else { format!("{name}.{word}") };
    match (&shape.kind, value) {
        (Kind::Structure { members }, Value::Structure(slots)) => {
            // An empty structure has no parameter; its name alone says that it is there.
            if slots.iter().all(Option::is_none) && !name.is_empty() {
                pairs.push(format!("{name}="));
            }
            for (member, value) in
                members.iter().zip(slots).filter_map(|(member, slot)| Some((member, slot.as_ref()?)))
            {
                form(pairs, &below(member.wire_name), member.shape, value);
            }
        }
        (Kind::List { item, item_name, .. }, Value::List(items)) => {
            for (index, value) in items.iter().enumerate() {
                form(pairs, &below(&format!("{item_name}.{}", index + 1)), item, value);
            }
        }
        (Kind::Map { .. }, _) => unreachable!("no map in these inputs"),
        _ => {
            let text = crate::xml::scalar(shape, value, Style::Seconds).unwrap();
            pairs.push(format!("{name}={}", utf8_percent_encode(&text, NON_ALPHANUMERIC)));
        }
    }
}

#[test]
fn rest_xml_reads_what_a_client_writes() {
    let ways = Ways { millis_step: 1, any_text: false, empty_lists: true };
    round_trip::<route53::ChangeResourceRecordSets>(ways, rest);
    round_trip::<route53::CreateHostedZone>(ways, rest);
    round_trip::<route53::ChangeTagsForResource>(ways, rest);
    round_trip::<route53::CreateKeySigningKey>(ways, rest);
}

/// Sends the body through XML; the labels stay as they are.
fn rest(operation: &'static OperationFacts, value: &Value) -> Value {
    let mut writer = Writer::new(Style::Millis);
    let root = operation.input_root.unwrap();
    writer.structure(root, operation.service.xml_namespace, operation.input, value).unwrap();
    let parts = head(operation.method, "/", &[]);
    let mut back = read(operation, Protocol::RestXml, &parts, &writer.finish());
    let (Value::Structure(back_slots), Value::Structure(slots)) = (&mut back, value) else { unreachable!() };
    for ((member, slot), back) in operation.input.members().iter().zip(slots).zip(back_slots) {
        if member.location != Location::Body {
            back.clone_from(slot);
        }
    }
    back
}

#[test]
fn blobs_are_read_with_or_without_padding() {
    assert_eq!(base64::read("AA=="), Some(vec![0]));
    assert_eq!(base64::read("AA"), Some(vec![0]));
    assert_eq!(base64::read("A"), None);
    assert_eq!(base64::read("_-__"), None);
}
