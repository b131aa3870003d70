//! Requests that botocore made, and answers that botocore has read (`golden/golden.py`).

use http::HeaderName;
use keyward_base::{Fault, Timestamp};
use keyward_schema::{OperationFacts, Protocol, ServiceFacts};
use serde_json::{Value as Json, json};

use super::samples::{Fill, sample};
use crate::testing::{head, id, read};
use crate::{Dialect, base64, encode, encode_fault};

const REQUESTS: &str = include_str!("../../golden/requests.json");

#[test]
fn reads_what_botocore_sends() {
    let requests: Vec<Json> = serde_json::from_str(REQUESTS).unwrap();
    assert!(requests.len() >= 30);
    for request in requests {
        let text = |name: &str| request[name].as_str().unwrap();
        let headers: Vec<_> = request["headers"].as_object().unwrap().iter().collect();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let head = head(text("method"), text("uri"), &headers);
        let body = match request["body"]["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => base64::read(request["body"]["base64"].as_str().unwrap()).unwrap(),
        };
        let (dialect, target, value) = read(&head, &body, Some(text("service")))
            .unwrap_or_else(|fault| panic!("{}: {fault}", text("operation")));
        assert_eq!(dialect.protocol, protocol(text("protocol")), "{request}");
        assert_eq!(target.operation.name, text("operation"));
        let input: Json =
            serde_json::from_slice(&crate::json::write(target.operation.input, &value).unwrap()).unwrap();
        assert_eq!(without_empty(input), without_empty(request["input"].clone()), "{}", text("operation"));
    }
}

/// A form can't tell an empty list from none, and botocore's own input has both.
fn without_empty(mut input: Json) -> Json {
    if let Some(members) = input.as_object_mut() {
        members.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
    }
    input
}

fn protocol(name: &str) -> Protocol {
    match name {
        "json" => Protocol::Json,
        "query" => Protocol::Query,
        "rest-xml" => Protocol::RestXml,
        _ => Protocol::Cbor,
    }
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json => "json",
        Protocol::Query => "query",
        Protocol::RestXml => "rest-xml",
        Protocol::Cbor => "smithy-rpc-v2-cbor",
    }
}

#[test]
fn writes_what_botocore_has_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/answers.json");
    let mut lines = Vec::new();
    for service in keyward_schema::services() {
        for protocol in service.protocols {
            lines.extend(answers(service, *protocol).iter().map(Json::to_string));
        }
    }
    let written = format!("[\n{}\n]\n", lines.join(",\n"));
    if std::env::var("KEYWARD_GOLDEN").is_ok_and(|mode| mode == "write") {
        std::fs::write(path, &written).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    assert!(written == golden, "answers changed: set KEYWARD_GOLDEN=write, then run golden.py check");
}

fn answers(service: &'static ServiceFacts, protocol: Protocol) -> Vec<Json> {
    let dialect = Dialect { protocol, service: Some(service), json_1_0: false };
    let mut answers = Vec::new();
    for operation in service.operations {
        answers.push(success(&dialect, operation, Fill::Full));
        // What is empty or absent looks peculiar in XML only.
        if matches!(protocol, Protocol::Query | Protocol::RestXml) {
            answers.push(success(&dialect, operation, Fill::Sparse));
        }
    }
    for code in ["InvalidSignatureException", "ValidationException", service.errors[0].code] {
        answers.push(failure(&dialect, service.operations[0], code));
    }
    answers
}

fn success(dialect: &Dialect, operation: &'static OperationFacts, fill: Fill) -> Json {
    let whole_seconds = dialect.protocol == Protocol::Query;
    let moment =
        Timestamp::from_unix_millis(if whole_seconds { 1_767_323_045_000 } else { 1_767_323_045_678 });
    let output = sample(operation.output.unwrap_or(&keyward_schema::EMPTY), fill, moment);
    let response = encode(dialect, operation, &output, &id()).unwrap();
    let shape = operation.output.unwrap_or(&keyward_schema::EMPTY);
    let expected: Json = serde_json::from_slice(&crate::json::write(shape, &output).unwrap()).unwrap();
    line(dialect, operation, &response, &expected)
}

fn failure(dialect: &Dialect, operation: &'static OperationFacts, code: &'static str) -> Json {
    let fault = Fault::caller(code, "What went wrong: <a> & \"b\".");
    let response = encode_fault(dialect, Some(operation), &fault, &id());
    let shown = response.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
    line(dialect, operation, &response, &json!({ "code": shown, "message": fault.message() }))
}

fn line(
    dialect: &Dialect,
    operation: &OperationFacts,
    response: &http::Response<bytes::Bytes>,
    expected: &Json,
) -> Json {
    let headers = response.headers().iter();
    let headers: serde_json::Map<_, _> = headers
        .map(|(name, value): (&HeaderName, _)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    json!({
        "service": operation.service.name,
        "operation": operation.name,
        "protocol": protocol_name(dialect.protocol),
        "status": response.status().as_u16(),
        "headers": headers,
        "body": match std::str::from_utf8(response.body()) {
            Ok(text) if dialect.protocol != Protocol::Cbor => json!({ "text": text }),
            _ => json!({ "base64": base64::write(response.body()) }),
        },
        "expected": expected,
    })
}
