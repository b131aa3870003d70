//! SigV4: the published known answer, and every reason to refuse, in AWS's words.

use aws_lc_rs::digest;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::Request;
use keyward_base::{Region, Timestamp};
use zeroize::Zeroizing;

use super::canonical::{canonical_request, sha256_hex};
use super::sign::Signer;
use super::*;
use crate::testing::partition;
use crate::{Attributes, Credential, Principal, SecretKey, Session};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const KEY: &str = "AKIDEXAMPLE";

fn time(text: &str) -> Timestamp {
    Timestamp::parse_basic(text).unwrap()
}

fn noon() -> Timestamp {
    time("20260102T120000Z")
}

fn root() -> Principal {
    Principal::Root { account: "111122223333".parse().unwrap() }
}

fn credential() -> Credential {
    let secret = SecretKey::new(SECRET.to_owned());
    Credential::long_term(KEY.to_owned(), secret, root(), partition(), Attributes::default())
}

fn session(expires: Timestamp) -> Credential {
    Credential::temporary(
        "ASIAEXAMPLE".to_owned(),
        SecretKey::new(SECRET.to_owned()),
        Zeroizing::new("tok+en/1".to_owned()),
        root(),
        partition(),
        Attributes {
            session: Some(Session { issued: noon(), expires, policy: None, source_identity: None }),
            ..Attributes::default()
        },
    )
}

fn signer() -> Signer<'static> {
    Signer {
        access_key_id: KEY,
        secret: SECRET,
        session_token: None,
        region: "us-east-1",
        service: "kms",
        time: noon(),
    }
}

fn request() -> Request<Bytes> {
    Request::builder()
        .method("POST")
        .uri("/")
        .header("host", "127.0.0.1:4566")
        .header("x-amz-target", "TrentService.ListKeys")
        .header("content-type", "application/x-amz-json-1.1")
        .body(Bytes::from_static(b"{}"))
        .unwrap()
}

fn check_with(request: Request<Bytes>, credential: &Credential, now: Timestamp) -> Result<Region, AuthError> {
    let (parts, body) = request.into_parts();
    let raw = RawRequest::of(&parts, &body);
    let presented = Presented::read(&raw)?;
    let regions = ["us-east-1".parse().unwrap()];
    let expected = Expected { signing_name: "kms", regions: &regions, ignores_expires: false, now };
    verify(&raw, &presented, credential, &expected)
}

fn check(request: Request<Bytes>) -> Result<Region, AuthError> {
    check_with(request, &credential(), noon())
}

fn changed(change: impl FnOnce(&mut Request<Bytes>)) -> Result<Region, AuthError> {
    let mut request = signer().sign(request());
    change(&mut request);
    check(request)
}

fn mismatch(result: Result<Region, AuthError>) -> String {
    match result {
        Err(AuthError::Mismatch(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn incomplete(authorization: &str) -> String {
    let mut request = request();
    request.headers_mut().insert("x-amz-date", "20260102T120000Z".parse().unwrap());
    request.headers_mut().insert("authorization", authorization.parse().unwrap());
    match check(request) {
        Err(AuthError::Incomplete(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_known_answer_of_the_user_guide_holds() {
    let request = Request::builder()
        .uri("/?Action=ListUsers&Version=2010-05-08")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .header("host", "iam.amazonaws.com")
        .header("x-amz-date", "20150830T123600Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        )
        .body(Bytes::new())
        .unwrap();
    let (parts, body) = request.into_parts();
    let raw = RawRequest::of(&parts, &body);
    let presented = Presented::read(&raw).unwrap();
    let canonical = canonical_request(&raw, &presented, &sha256_hex(raw.body));
    let hash = HEXLOWER.encode(digest::digest(&digest::SHA256, &canonical).as_ref());
    assert_eq!(hash, "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    let now = time("20150830T123600Z");
    let regions = ["us-east-1".parse().unwrap()];
    let expected = Expected { signing_name: "iam", regions: &regions, ignores_expires: false, now };
    assert!(verify(&raw, &presented, &credential(), &expected).is_ok());
}

#[test]
fn accepts_its_own_signature_in_header_and_query() {
    assert_eq!(check(signer().sign(request())).unwrap().as_str(), "us-east-1");
    let get = Request::builder().uri("/?b=2&a=%2f&c").header("host", "h").body(Bytes::new()).unwrap();
    assert_eq!(check(signer().presign(get, 60)).unwrap().as_str(), "us-east-1");
}

#[test]
fn refuses_whatever_was_changed_after_signing() {
    let wrong = error::WRONG_SIGNATURE;
    assert_eq!(mismatch(changed(|request| *request.body_mut() = Bytes::from_static(b"{ }"))), wrong);
    assert_eq!(mismatch(changed(|request| *request.method_mut() = http::Method::GET)), wrong);
    assert_eq!(mismatch(changed(|request| *request.uri_mut() = "/x".parse().unwrap())), wrong);
    assert_eq!(mismatch(changed(|request| *request.uri_mut() = "/?x".parse().unwrap())), wrong);
    let target = "TrentService.ScheduleKeyDeletion".parse::<http::HeaderValue>().unwrap();
    assert_eq!(
        mismatch(changed(|request| drop(request.headers_mut().insert("x-amz-target", target)))),
        wrong
    );
    let other = Signer { secret: "wrong", ..signer() };
    assert_eq!(mismatch(check(other.sign(request()))), wrong);
}

#[test]
fn refuses_a_payload_hash_that_is_not_the_bodys() {
    let with = |hash: &str| {
        let mut request = request();
        request.headers_mut().insert("x-amz-content-sha256", hash.parse().unwrap());
        check(signer().sign(request))
    };
    assert!(with("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a").is_ok());
    assert_eq!(mismatch(with("UNSIGNED-PAYLOAD")), error::WRONG_SIGNATURE);
}

#[test]
fn refuses_an_operation_name_or_host_that_is_not_signed() {
    let unsigned = |name: &str| {
        let mut request = signer().sign(request());
        let header = request.headers()["authorization"].to_str().unwrap().replace(&format!("{name};"), "");
        request.headers_mut().insert("authorization", header.parse().unwrap());
        mismatch(check(request))
    };
    assert_eq!(unsigned("host"), "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    let mut request = request();
    let target = request.headers_mut().remove("x-amz-target").unwrap();
    let mut request = signer().sign(request);
    request.headers_mut().insert("x-amz-target", target);
    assert_eq!(mismatch(check(request)), "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
}

#[test]
fn the_clock_may_differ_by_fifteen_minutes() {
    let at = |text: &str| check_with(signer().sign(request()), &credential(), time(text));
    assert!(at("20260102T121500Z").is_ok());
    assert!(at("20260102T114500Z").is_ok());
    assert_eq!(
        mismatch(at("20260102T121501Z")),
        "Signature expired: 20260102T120000Z is now earlier than 20260102T120001Z (20260102T121501Z - 15 min.)"
    );
    assert_eq!(
        mismatch(at("20260102T114459Z")),
        "Signature not yet current: 20260102T120000Z is still later than 20260102T115959Z \
         (20260102T114459Z + 15 min.)"
    );
}

#[test]
fn a_presigned_request_is_good_for_the_time_it_asks_for() {
    let get = || Request::builder().uri("/").header("host", "h").body(Bytes::new()).unwrap();
    let at = |seconds, text: &str| check_with(signer().presign(get(), seconds), &credential(), time(text));
    assert!(at(3600, "20260102T130000Z").is_ok());
    assert_eq!(at(3600, "20260102T130001Z"), Err(AuthError::Expired));
    assert!(matches!(at(0, "20260102T120000Z"), Err(AuthError::Incomplete(_))));
    assert!(matches!(at(604_801, "20260102T120000Z"), Err(AuthError::Incomplete(_))));
}

#[test]
fn a_scope_must_fit_deployment_service_and_date() {
    let scoped = |signer: Signer<'_>| mismatch(check(signer.sign(request())));
    assert_eq!(
        scoped(Signer { region: "us-east-2", ..signer() }),
        "Credential should be scoped to a valid region, not 'us-east-2'. "
    );
    assert_eq!(
        scoped(Signer { service: "s3", ..signer() }),
        "Credential should be scoped to correct service: 'kms'. "
    );
    let mut other_day = signer().sign(request());
    let header = other_day.headers()["authorization"].to_str().unwrap().replace("20260102", "20260101");
    other_day.headers_mut().insert("authorization", header.parse().unwrap());
    assert_eq!(
        mismatch(check(other_day)),
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
         '20260101' != '20260102', from '20260102T120000Z'."
    );
}

#[test]
fn a_session_needs_its_own_token_until_it_ends() {
    let later = time("20260102T130000Z");
    let signed = |token| {
        let signer = Signer { access_key_id: "ASIAEXAMPLE", session_token: token, ..signer() };
        check_with(signer.sign(request()), &session(later), noon())
    };
    assert!(signed(Some("tok+en/1")).is_ok());
    assert_eq!(signed(Some("tok+en/2")), Err(AuthError::InvalidToken));
    assert_eq!(signed(None), Err(AuthError::InvalidToken));
    let with_token = Signer { session_token: Some("tok+en/1"), ..signer() };
    assert_eq!(check(with_token.sign(request())), Err(AuthError::InvalidToken));
    assert_eq!(
        check_with(with_token.sign(request()), &session(noon()), noon()),
        Err(AuthError::ExpiredToken)
    );
    let get = Request::builder().uri("/?Action=X").header("host", "h").body(Bytes::new()).unwrap();
    assert!(check_with(with_token.presign(get, 60), &session(later), noon()).is_ok());
}

#[test]
fn malformed_headers_get_aws_words() {
    assert_eq!(check(request()), Err(AuthError::Missing));
    assert_eq!(
        incomplete("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request"),
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' \
         parameter. Authorization=AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request"
    );
    assert!(incomplete("AWS4-HMAC-SHA256 nonsense").starts_with(
        "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256"
    ));
    assert_eq!(
        incomplete("AWS4-HMAC-SHA256 Credential=a/b/c, Signature=00, SignedHeaders=host"),
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c'"
    );
    assert_eq!(
        incomplete("AWS4-HMAC-SHA256 Credential=a/b/c/d/x, Signature=00, SignedHeaders=host"),
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'."
    );
    assert!(incomplete("Bearer abc").starts_with("Authorization header requires 'Credential' parameter."));
}

#[test]
fn a_date_header_serves_in_place_of_x_amz_date() {
    let mut signed = signer().sign(request());
    signed.headers_mut().remove("x-amz-date");
    signed.headers_mut().insert("date", "Fri, 02 Jan 2026 12:00:00 GMT".parse().unwrap());
    // The time is read, so that the signature (which covers other headers) is what fails.
    assert_eq!(mismatch(check(signed)), error::WRONG_SIGNATURE);
}

#[test]
fn both_kinds_of_signature_at_once_are_refused() {
    let mut both = signer().presign(request(), 60);
    both.headers_mut().insert("authorization", "AWS4-HMAC-SHA256 x".parse().unwrap());
    assert!(matches!(check(both), Err(AuthError::Incomplete(_))));
}

#[test]
fn paths_are_encoded_twice_and_cleared_of_dots() {
    let path = |path: &str| {
        let request = Request::builder().uri(path).body(Bytes::new()).unwrap();
        let (parts, body) = request.into_parts();
        let (parts, _) = signer().sign(Request::from_parts(parts, body)).into_parts();
        let raw = RawRequest::of(&parts, b"");
        let text = canonical_request(&raw, &Presented::read(&raw).unwrap(), "hash");
        String::from_utf8(text).unwrap().lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(path("/2013-04-01/hostedzone/a%2Fb"), "/2013-04-01/hostedzone/a%252Fb");
    assert_eq!(path("/a//b/./c/../d/"), "/a/b/d/");
    assert_eq!(path("/.."), "/");
}
