//! No bytes make a decoder panic, and none gets through that is not an input.

use http::request::Parts;
use keyward_schema::{
    Kind, Location, MemberFacts, OperationFacts, OperationShape, Protocol, ShapeFacts, Value, kms,
    route53domains,
};
use proptest::prelude::*;

use crate::testing::{form_head, head, json_head, read};
use crate::{Target, codec};

fn cbor_head(operation: &str) -> Parts {
    let path = format!("/service/Route53Domains_v20140515/operation/{operation}");
    head("POST", &path, &[("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")])
}

fn code(head: &Parts, body: &[u8]) -> String {
    read(head, body, None)
        .map_or_else(|fault| fault.code().to_owned(), |(_, target, _)| target.operation.name.to_owned())
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        code(&json_head("TrentService.CreateKey"), &body);
        code(&cbor_head("RegisterDomain"), &body);
        code(&form_head(), &body);
        code(&form_head(), &[b"Action=CreateUser&Version=2010-05-08&".as_slice(), &body].concat());
        code(&head("POST", "/2013-04-01/hostedzone", &[]), &body);
    }

    #[test]
    fn spoiled_cbor_is_survived(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = Vec::new();
        let moment = keyward_base::Timestamp::EPOCH;
        let shape = route53domains::RegisterDomain::FACTS.input;
        let value = super::samples::sample(shape, super::samples::Fill::Full, moment);
        crate::cbor::write(&mut body, shape, &value).unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        code(&cbor_head("RegisterDomain"), &body);
        body.truncate(at);
        prop_assert_eq!(code(&cbor_head("RegisterDomain"), &body) == "RegisterDomain", false);
    }

    #[test]
    fn spoiled_xml_is_survived(at in any::<prop::sample::Index>(), text in "[<>&;/!?\\[\\]a-zA-Z\"'= -]{0,6}") {
        let mut body = "<CreateHostedZoneRequest xmlns=\"x\"><Name>a&amp;b</Name><VPC><VPCId>v</VPCId></VPC><CallerReference>\
                        <![CDATA[r]]></CallerReference></CreateHostedZoneRequest>".to_owned();
        body.insert_str(at.index(body.len()), &text);
        code(&head("POST", "/2013-04-01/hostedzone", &[]), body.as_bytes());
    }

    #[test]
    fn any_path_and_query_are_survived(path in "/[!-~&&[^#?\"<>\\\\^`{|}]]{0,60}", query in "[!-~&&[^#\"<>\\\\^`{|}]]{0,60}") {
        if format!("{path}?{query}").parse::<http::Uri>().is_ok() {
            code(&head("GET", &format!("{path}?{query}"), &[]), b"");
            code(&head("POST", &format!("/2013-04-01{path}?{query}"), &[]), b"<a/>");
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    let deep = 100_000;
    let json = [b"{\"Tags\":".as_slice(), &vec![b'['; deep]].concat();
    assert_eq!(code(&json_head("TrentService.CreateKey"), &json), "SerializationException");
    let unknown = [b"{\"X\":".as_slice(), &vec![b'['; deep]].concat();
    assert_eq!(code(&json_head("TrentService.CreateKey"), &unknown), "SerializationException");
    let xml = "<a>".repeat(deep);
    assert_eq!(code(&head("POST", "/2013-04-01/hostedzone", &[]), xml.as_bytes()), "SerializationException");
    for nest in [0x81, 0x9f, 0xa1, 0xbf, 0xc1] {
        let cbor = [b"\xa1\x61X".as_slice(), &vec![nest; deep]].concat();
        assert_eq!(code(&cbor_head("ListDomains"), &cbor), "SerializationException", "{nest:x}");
    }
    let form = format!("Action=CreateUser&Version=2010-05-08&UserName=u&Tags{}=x", ".member.1".repeat(deep));
    // A name that no input has is ignored, as any unknown one.
    assert_eq!(code(&form_head(), form.as_bytes()), "CreateUser");
}

/// A shape that holds itself; none that is served does yet.
static LOOP: ShapeFacts = ShapeFacts {
    name: "Loop",
    kind: Kind::Structure {
        members: &[MemberFacts {
            name: "a",
            wire_name: "a",
            shape: &LOOP,
            required: false,
            location: Location::Body,
        }],
    },
    sensitive: false,
    min: None,
    max: None,
    pattern: None,
};

#[test]
fn a_shape_that_holds_itself_is_followed_to_a_bound() {
    let deep = 100_000;
    let target = || Target { operation: &LOOP_OPERATION, labels: Vec::new() };
    let read = |protocol, head: &Parts, body: &[u8]| codec::codec(protocol).read(&target(), head, body);
    let cbor = b"\xa1\x61a".repeat(deep);
    assert!(read(Protocol::Cbor, &head("POST", "/", &[]), &cbor).is_err());
    let json = "{\"a\":".repeat(deep);
    assert!(read(Protocol::Json, &head("POST", "/", &[]), json.as_bytes()).is_err());
    let form = format!("a{}=x&a.a=", ".a".repeat(deep));
    let value = read(Protocol::Query, &form_head(), form.as_bytes()).unwrap();
    assert!(
        value == Value::Structure(vec![Some(Value::Structure(vec![Some(Value::Structure(vec![None]))]))])
    );
    let xml = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read(Protocol::RestXml, &head("POST", "/", &[]), xml(crate::DEPTH_MAX).as_bytes()).is_ok());
    assert!(read(Protocol::RestXml, &head("POST", "/", &[]), xml(crate::DEPTH_MAX + 1).as_bytes()).is_err());
}

static LOOP_OPERATION: OperationFacts = OperationFacts {
    service: &kms::FACTS,
    name: "Loop",
    method: "POST",
    uri: "/",
    status: 200,
    input: &LOOP,
    input_root: None,
    output: None,
    result_wrapper: None,
    errors: &[],
};

#[test]
fn lengths_that_lie_are_refused() {
    for body in [
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff".as_slice(),
        b"\xa1\x6aDomainName\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xa1\x6aDomainName\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xa1\x6aDomainName",
        b"\xbf",
        b"\xff",
        b"\xa0\xa0",
    ] {
        assert_eq!(code(&cbor_head("CheckDomainAvailability"), body), "SerializationException", "{body:x?}");
    }
}

#[test]
fn entities_are_not_expanded() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\">]><CreateHostedZoneRequest><Name>&b;</Name></CreateHostedZoneRequest>";
    assert_eq!(code(&head("POST", "/2013-04-01/hostedzone", &[]), bomb.as_bytes()), "SerializationException");
    let declared = "<!DOCTYPE a><CreateHostedZoneRequest><Name>b</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>";
    assert_eq!(
        code(&head("POST", "/2013-04-01/hostedzone", &[]), declared.as_bytes()),
        "SerializationException"
    );
    let reference = "<CreateHostedZoneRequest><Name>&b;</Name></CreateHostedZoneRequest>";
    assert_eq!(
        code(&head("POST", "/2013-04-01/hostedzone", &[]), reference.as_bytes()),
        "SerializationException"
    );
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let body = vec![b' '; crate::BODY_BYTES_MAX + 1];
    assert_eq!(code(&json_head("TrentService.CreateKey"), &body), "RequestEntityTooLarge");
}

#[test]
fn many_numbered_parts_cost_what_their_bytes_cost() {
    let parts: String = (0..50_000).map(|index| format!("&Tags.member.{index}.Key=k")).collect();
    let body = format!("Action=CreateUser&Version=2010-05-08&UserName=u{parts}");
    assert_eq!(code(&form_head(), body.as_bytes()), "RequestEntityTooLarge");
    let body = &body.as_bytes()[..crate::BODY_BYTES_MAX];
    assert_eq!(code(&form_head(), body), "ValidationException");
}
