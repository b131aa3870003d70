//! The front door: signed requests in, AWS's answers out.

use std::sync::Arc;

use http::StatusCode;

use super::*;
use crate::signing::Signer;
use crate::testing::partition;
use crate::toy::{House, One, Toy, account, house, noon};
use crate::{Attributes, Credential, Judge, Principal, SecretKey};

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn signer(service: &str) -> Signer<'_> {
    Signer {
        access_key_id: "AKIAEXAMPLE",
        secret: "secret",
        session_token: None,
        region: "us-east-1",
        service,
        time: noon(),
    }
}

fn open(judge: Judge) -> House {
    let principal = Principal::User {
        account: account(),
        id: "AIDAEXAMPLE".to_owned(),
        path: "/".to_owned(),
        name: "alice".to_owned(),
    };
    let secret = SecretKey::new("secret".to_owned());
    let key = "AKIAEXAMPLE".to_owned();
    let credential = Credential::long_term(key, secret, principal, partition(), Attributes::default());
    house(&Toy::new(judge), Arc::new(One(Arc::new(credential))))
}

fn json(target: &str, body: &'static str) -> Request<Bytes> {
    Request::post("/")
        .header("host", "127.0.0.1:4566")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

fn query(body: &'static str) -> Request<Bytes> {
    Request::post("/")
        .header("host", "127.0.0.1:4566")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

const WHOAMI: &str = "Action=GetCallerIdentity&Version=2011-06-15";

async fn send(house: &House, request: Request<Bytes>) -> (StatusCode, String) {
    let response = house.gate.handle(request, PEER).await;
    assert!(response.headers().contains_key("x-amzn-requestid"));
    (response.status(), String::from_utf8(response.body().to_vec()).unwrap())
}

#[tokio::test]
async fn serves_json_and_query() {
    let house = open(Judge::Anyone);
    let request = signer("kms").sign(json("TrentService.GetPublicKey", r#"{"KeyId":"k"}"#));
    let (status, body) = send(&house, request).await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::OK, r#"{"KeyId":"arn:aws:iam::111122223333:user/alice"}"#)
    );
    let (status, body) = send(&house, signer("sts").sign(query(WHOAMI))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(body.contains("<Arn>arn:aws:iam::111122223333:user/alice</Arn>"), "{body}");
    let event = &house.audit.0.lock().unwrap()[0];
    assert_eq!((event.source.as_str(), event.access_key_id.as_deref()), ("127.0.0.1", Some("AKIAEXAMPLE")));
}

#[tokio::test]
async fn serves_a_presigned_query() {
    let request = Request::get(format!("/?{WHOAMI}")).header("host", "h").body(Bytes::new()).unwrap();
    let (status, body) = send(&open(Judge::Anyone), signer("sts").presign(request, 60)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn refuses_in_the_words_of_each_protocol() {
    let house = open(Judge::Identity);
    let key = || json("TrentService.GetPublicKey", r#"{"KeyId":"k"}"#);
    let wrong = Signer { secret: "wrong", ..signer("kms") };
    let unknown = Signer { access_key_id: "AKIAUNKNOWN", ..signer("kms") };
    let cases = [
        (key(), 400, "MissingAuthenticationTokenException"),
        (wrong.sign(key()), 400, "InvalidSignatureException"),
        (unknown.sign(key()), 400, "UnrecognizedClientException"),
        (signer("sts").sign(key()), 400, "InvalidSignatureException"),
        (signer("kms").sign(key()), 400, "AccessDeniedException"),
        (signer("kms").sign(json("TrentService.Nothing", "{}")), 400, "UnknownOperationException"),
        (
            signer("route53domains").sign(json("Route53Domains_v20140515.ListPrices", "{}")),
            501,
            "NotImplemented",
        ),
        (signer("kms").sign(json("TrentService.GetPublicKey", "{}")), 400, "ValidationException"),
        (query(WHOAMI), 403, "<Code>MissingAuthenticationToken</Code>"),
        (Signer { service: "sts", ..wrong }.sign(query(WHOAMI)), 403, "<Code>SignatureDoesNotMatch</Code>"),
        (Signer { service: "sts", ..unknown }.sign(query(WHOAMI)), 403, "<Code>InvalidClientTokenId</Code>"),
    ];
    for (request, status, code) in cases {
        let (answered, body) = send(&house, request).await;
        assert_eq!(answered.as_u16(), status, "{body}");
        assert!(body.contains(code), "{code}: {body}");
    }
}

#[tokio::test]
async fn checks_the_signature_before_the_operation() {
    let wrong = Signer { secret: "wrong", ..signer("kms") };
    let (_, body) = send(&open(Judge::Anyone), wrong.sign(json("TrentService.Nothing", "no json"))).await;
    assert!(body.contains("InvalidSignatureException"), "{body}");
}

#[tokio::test]
async fn survives_nonsense() {
    let house = open(Judge::Anyone);
    for request in [
        Request::get("/").body(Bytes::new()).unwrap(),
        Request::post("/a/b?c=%zz&&=")
            .header("authorization", "AWS4-HMAC-SHA256 =,=")
            .body(Bytes::new())
            .unwrap(),
        Request::put("/x")
            .header("authorization", "\u{1}")
            .body(Bytes::from_static(&[0xff; 64]))
            .unwrap_or_default(),
        signer("nothing").sign(json("Nothing.Nothing", "{}")),
        signer("kms").sign(json("TrentService.GetPublicKey", "[[[[")),
    ] {
        let (status, body) = send(&house, request).await;
        assert!(status.is_client_error(), "{status} {body}");
    }
}
