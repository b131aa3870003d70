//! Tests of whole answers and of what each protocol refuses.

use keyward_schema::{IntoValue, OperationShape, Unit, iam, kms, route53, route53domains, sts};

use super::*;
use crate::testing::{body, form_head, head, header, id, json_head, read};

fn dialect(protocol: Protocol, operation: &'static OperationFacts) -> Dialect {
    Dialect { protocol, service: Some(operation.service), json_1_0: false }
}

fn answer<Op: OperationShape>(protocol: Protocol, output: Op::Output) -> Response<Bytes> {
    encode(&dialect(protocol, Op::FACTS), Op::FACTS, &output.into_value(), &id()).unwrap()
}

fn failure<Op: OperationShape>(protocol: Protocol, fault: &Fault) -> Response<Bytes> {
    encode_fault(&dialect(protocol, Op::FACTS), Some(Op::FACTS), fault, &id())
}

fn refusal(head: &Parts, body: &[u8]) -> (String, String) {
    let fault = read(head, body, None).map(drop).unwrap_err();
    (fault.code().to_owned(), fault.message().unwrap_or_default().to_owned())
}

#[test]
fn json_without_an_output_shape_has_an_empty_body() {
    let response = answer::<kms::EnableKey>(Protocol::Json, Unit);
    assert_eq!((response.status().as_u16(), body(&response)), (200, ""));
    assert_eq!(header(&response, "content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(header(&response, "x-amzn-requestid"), Some(id().as_str()));
    let nothing = kms::ListAliasesResponse::default();
    assert_eq!(body(&answer::<kms::ListAliases>(Protocol::Json, nothing)), "{}");
}

#[test]
fn json_answers_in_the_version_that_was_asked() {
    let head = head(
        "POST",
        "/",
        &[("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "TrentService.ListKeys")],
    );
    let (dialect, target, _) = read(&head, b"", None).unwrap();
    let output = kms::ListKeysResponse::default().into_value();
    let response = encode(&dialect, target.operation, &output, &id()).unwrap();
    assert_eq!(header(&response, "content-type"), Some("application/x-amz-json-1.0"));
}

#[test]
fn json_errors_show_the_bare_code_and_a_message_only_where_there_is_one() {
    let fault = Fault::caller_without_message(kms::errors::INVALID_CIPHERTEXT_EXCEPTION);
    let response = failure::<kms::Decrypt>(Protocol::Json, &fault);
    assert_eq!(body(&response), "{\"__type\":\"InvalidCiphertextException\"}");
    assert_eq!(header(&response, "x-amzn-errortype"), Some("InvalidCiphertextException"));
    let fault = Fault::caller(kms::errors::NOT_FOUND_EXCEPTION, "Key 'a\"b' does not exist");
    let response = failure::<kms::Decrypt>(Protocol::Json, &fault);
    assert_eq!(
        body(&response),
        "{\"__type\":\"NotFoundException\",\"message\":\"Key 'a\\\"b' does not exist\"}"
    );
    assert_eq!(response.status(), 400);
}

#[test]
fn our_own_faults_show_no_cause() {
    for protocol in [Protocol::Json, Protocol::Query, Protocol::RestXml, Protocol::Cbor] {
        let response = failure::<kms::Sign>(protocol, &Fault::ours("disk on fire"));
        assert_eq!(response.status(), 500);
        assert!(!String::from_utf8_lossy(response.body()).contains("fire"));
    }
}

#[test]
fn json_types_are_strict() {
    let sign = |body: &[u8]| refusal(&json_head("TrentService.Sign"), body);
    let serialization = |message: &str| ("SerializationException".to_owned(), message.to_owned());
    assert_eq!(sign(b"{\"KeyId\":1}"), serialization("NUMBER_VALUE can not be converted to a String"));
    assert_eq!(sign(b"{\"KeyId\":true}"), serialization("TRUE_VALUE can not be converted to a String"));
    assert_eq!(sign(b"{\"KeyId\":{}}"), serialization("Start of structure or map found where not expected."));
    assert_eq!(sign(b"{\"KeyId\":[]}"), serialization("Start of list found where not expected"));
    assert_eq!(
        sign(b"{\"GrantTokens\":\"a\"}"),
        serialization("STRING_VALUE can not be converted to a List")
    );
    assert_eq!(sign(b"{\"Message\":\"%%\"}"), serialization("A blob is not valid Base64."));
    for broken in ["[]", "1", "{", "{\"KeyId\"}", "\u{feff}{}", "{}x", "\"a\""] {
        assert_eq!(sign(broken.as_bytes()).0, "SerializationException", "{broken}");
    }
    assert_eq!(sign(b"{\"KeyId\":\"\xff\"}").0, "SerializationException");
    let random = |body: &[u8]| refusal(&json_head("TrentService.GenerateRandom"), body).0;
    assert_eq!(random(b"{\"NumberOfBytes\":4294967296}"), "SerializationException");
    assert_eq!(random(b"{\"NumberOfBytes\":1.5}"), "SerializationException");
    assert_eq!(random(b"{\"NumberOfBytes\":\"1\"}"), "SerializationException");
}

#[test]
fn unknown_and_null_members_are_skipped() {
    let body = b"{\"Limit\":null,\"Future\":{\"a\":[1]},\"Marker\":\"m\"}";
    let (_, _, value) = read(&json_head("TrentService.ListKeys"), body, None).unwrap();
    let Value::Structure(slots) = value else { panic!("not a structure") };
    assert_eq!(slots.iter().flatten().collect::<Vec<_>>(), [&Value::String("m".to_owned())]);
}

#[test]
fn violations_are_told_in_one_fault() {
    assert_eq!(
        refusal(&json_head("TrentService.GenerateRandom"), b"{\"NumberOfBytes\":1025}"),
        (
            "ValidationException".to_owned(),
            "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: \
             Member must have value less than or equal to 1024"
                .to_owned()
        )
    );
}

#[test]
fn one_input_comes_through_json_and_cbor_alike() {
    let json = br#"{"DomainName":"example.org","Nameservers":[{"Name":"ns1.example.org"}]}"#;
    let target = "Route53Domains_v20140515.UpdateDomainNameservers";
    let (_, _, by_json) = read(&json_head(target), json, None).unwrap();
    // {_ "DomainName": "example.org", "Nameservers": [_ {"Name": (_ "ns1.", "example.org")}]}
    let cbor = b"\xbf\x6aDomainName\x6bexample.org\x6bNameservers\x9f\xa1\x64Name\x7f\x64ns1.\x6bexample.org\xff\xff\xff";
    let path = "/service/Route53Domains_v20140515/operation/UpdateDomainNameservers";
    let head =
        head("POST", path, &[("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")]);
    let (dialect, _, by_cbor) = read(&head, cbor, None).unwrap();
    assert_eq!(dialect.protocol, Protocol::Cbor);
    assert!(by_json == by_cbor);
}

#[test]
fn cbor_answers_carry_their_protocol() {
    let output = route53domains::UpdateDomainNameserversResponse { operation_id: Some("o".to_owned()) };
    let response = answer::<route53domains::UpdateDomainNameservers>(Protocol::Cbor, output);
    assert_eq!(header(&response, "smithy-protocol"), Some("rpc-v2-cbor"));
    assert_eq!(response.body().as_ref(), b"\xa1\x6bOperationId\x61o");
    let fault = Fault::caller("InvalidInput", "no");
    let response = failure::<route53domains::ListDomains>(Protocol::Cbor, &fault);
    assert_eq!(header(&response, "smithy-protocol"), Some("rpc-v2-cbor"));
    let expected = b"\xa2\x66__type\x78\x29com.amazonaws.route53domains#InvalidInput\x67message\x62no";
    assert_eq!(response.body().as_ref(), expected);
}

#[test]
fn cbor_of_another_content_type_is_refused() {
    let path = "/service/Route53Domains_v20140515/operation/ListDomains";
    let head = head("POST", path, &[("content-type", "application/json")]);
    assert_eq!(refusal(&head, b"{}").0, "UnsupportedMediaTypeException");
    assert_eq!(read(&head, b"", None).map(|(_, target, _)| target.operation.name).ok(), Some("ListDomains"));
}

#[test]
fn query_answers_have_result_and_request_id() {
    let caller = sts::GetCallerIdentityResponse {
        user_id: Some("A".to_owned()),
        account: Some("123456789012".to_owned()),
        arn: Some("arn:aws:iam::123456789012:root".to_owned()),
    };
    let response = answer::<sts::GetCallerIdentity>(Protocol::Query, caller);
    assert_eq!(header(&response, "content-type"), Some("text/xml"));
    let expected = format!(
        "<?xml version=\"1.0\"?>\n<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><UserId>A</UserId><Account>123456789012</Account>\
         <Arn>arn:aws:iam::123456789012:root</Arn></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
        id()
    );
    assert_eq!(body(&response), expected);
    let response = answer::<iam::DeleteUser>(Protocol::Query, Unit);
    assert!(!body(&response).contains("DeleteUserResult"), "{}", body(&response));
}

#[test]
fn query_errors_say_who_is_at_fault() {
    let fault = Fault::caller(iam::errors::NO_SUCH_ENTITY, "The user with name <x> cannot be found.");
    let response = failure::<iam::GetUser>(Protocol::Query, &fault);
    assert_eq!(response.status(), 404);
    let expected = format!(
        "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>\
         <Type>Sender</Type><Code>NoSuchEntity</Code><Message>The user with name &lt;x&gt; cannot be found.</Message>\
         </Error><RequestId>{}</RequestId></ErrorResponse>",
        id()
    );
    assert_eq!(body(&response), expected);
    assert!(
        body(&failure::<iam::GetUser>(Protocol::Query, &Fault::ours("x"))).contains("<Type>Receiver</Type>")
    );
}

#[test]
fn query_actions_that_nobody_has_are_named() {
    let message = refusal(&form_head(), b"Action=FryEgg&Version=2010-05-08").1;
    assert_eq!(message, "Could not find operation FryEgg for version 2010-05-08");
}

#[test]
fn a_created_resource_has_its_location_in_a_header() {
    let output = route53::CreateKeySigningKeyResponse {
        change_info: route53::ChangeInfo {
            id: "/change/C1".to_owned(),
            status: route53::ChangeStatus::Insync,
            submitted_at: keyward_base::Timestamp::from_unix_millis(1_490_636_896_751),
            comment: None,
        },
        key_signing_key: route53::KeySigningKey { name: Some("k".to_owned()), ..Default::default() },
        location: "https://route53.amazonaws.com/2013-04-01/keysigningkey/Z1/k".to_owned(),
    };
    let response = answer::<route53::CreateKeySigningKey>(Protocol::RestXml, output);
    assert_eq!(response.status(), 201);
    let location = "https://route53.amazonaws.com/2013-04-01/keysigningkey/Z1/k";
    assert_eq!(header(&response, "location"), Some(location));
    assert_eq!(
        body(&response),
        "<?xml version=\"1.0\"?>\n<CreateKeySigningKeyResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
         <ChangeInfo><Id>/change/C1</Id><Status>INSYNC</Status><SubmittedAt>2017-03-27T17:48:16.751Z</SubmittedAt>\
         </ChangeInfo><KeySigningKey><Name>k</Name></KeySigningKey></CreateKeySigningKeyResponse>"
    );
}

#[test]
fn an_output_of_another_shape_is_our_fault() {
    let facts = kms::CreateKey::FACTS;
    let fault =
        encode(&dialect(Protocol::Json, facts), facts, &Value::Boolean(true), &id()).map(drop).unwrap_err();
    assert_eq!(fault.code(), "InternalFailure");
}
