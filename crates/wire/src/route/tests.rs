//! Tests of finding the operation.

use super::*;
use crate::testing::{form_head, head, json_head};

fn routed(head: &Parts, body: &[u8], scope: Option<&str>) -> Result<&'static str, String> {
    let dialect = Dialect::of(head, body, scope);
    let target = route(&dialect, head, body);
    target.map(|target| target.operation.name).map_err(|fault| fault.code().to_owned())
}

#[test]
fn a_target_header_names_a_json_operation() {
    assert_eq!(routed(&json_head("TrentService.CreateKey"), b"{}", Some("kms")), Ok("CreateKey"));
    assert_eq!(routed(&json_head("Route53Domains_v20140515.ListDomains"), b"{}", None), Ok("ListDomains"));
    assert_eq!(routed(&json_head("BaldrApiService.CreateHsm"), b"{}", Some("cloudhsm")), Ok("CreateHsm"));
}

#[test]
fn a_path_names_a_cbor_operation() {
    let cbor = head(
        "POST",
        "/service/Route53Domains_v20140515/operation/ListDomains",
        &[("smithy-protocol", "rpc-v2-cbor")],
    );
    assert_eq!(routed(&cbor, b"", None), Ok("ListDomains"));
    assert_eq!(Dialect::of(&cbor, b"", None).protocol, Protocol::Cbor);
    let hsm = head("POST", "/service/BaldrApiService/operation/DescribeClusters", &[]);
    assert_eq!(routed(&hsm, b"", Some("cloudhsm")), Ok("DescribeClusters"));
    let not_cbor = head("POST", "/service/TrentService/operation/CreateKey", &[]);
    assert_eq!(routed(&not_cbor, b"", None), Err("UnknownOperationException".to_owned()));
}

#[test]
fn a_form_names_a_query_operation() {
    assert_eq!(
        routed(&form_head(), b"Action=GetCallerIdentity&Version=2011-06-15", None),
        Ok("GetCallerIdentity")
    );
    let get = head("GET", "/?Action=ListUsers&Version=2010-05-08&X-Amz-Date=x", &[]);
    assert_eq!(routed(&get, b"", None), Ok("ListUsers"));
    assert_eq!(routed(&form_head(), b"Action=ListUsers", Some("iam")), Ok("ListUsers"));
}

#[test]
fn method_and_path_name_a_rest_operation() {
    let cases = [
        ("GET", "/2013-04-01/hostedzone", "ListHostedZones"),
        ("POST", "/2013-04-01/hostedzone", "CreateHostedZone"),
        ("GET", "/2013-04-01/hostedzone/Z1", "GetHostedZone"),
        ("GET", "/2013-04-01/hostedzone/Z1/rrset?maxitems=1", "ListResourceRecordSets"),
        ("POST", "/2013-04-01/hostedzone/Z1/rrset/", "ChangeResourceRecordSets"),
        ("GET", "/2013-04-01/hostedzonesbyname", "ListHostedZonesByName"),
        ("GET", "/2013-04-01/hostedzonecount", "GetHostedZoneCount"),
        ("POST", "/2013-04-01/tags/hostedzone", "ListTagsForResources"),
        ("POST", "/2013-04-01/keysigningkey/Z1/k/activate", "ActivateKeySigningKey"),
        ("DELETE", "/2013-04-01/keysigningkey/Z1/k", "DeleteKeySigningKey"),
        ("GET", "/2013-04-01/change/%2Fchange%2FC1", "GetChange"),
    ];
    for (method, path, operation) in cases {
        assert_eq!(routed(&head(method, path, &[]), b"", Some("route53")), Ok(operation), "{method} {path}");
    }
}

#[test]
fn a_body_that_holds_an_action_does_not_make_a_rest_request_a_form() {
    let body = b"<CreateHostedZoneRequest><Name>&Action=ListUsers&Version=2010-05-08&</Name></CreateHostedZoneRequest>";
    assert_eq!(
        routed(&head("POST", "/2013-04-01/hostedzone", &[]), body, Some("iam")),
        Ok("CreateHostedZone")
    );
}

#[test]
fn what_aws_has_is_told_from_what_nobody_has() {
    let code = |head: &Parts, body: &[u8]| routed(head, body, None).unwrap_err();
    assert_eq!(code(&json_head("Route53Domains_v20140515.ListPrices"), b"{}"), "NotImplemented");
    assert_eq!(code(&json_head("TrentService.FryEgg"), b"{}"), "UnknownOperationException");
    assert_eq!(code(&json_head("Egg.Fry"), b"{}"), "UnknownOperationException");
    assert_eq!(code(&json_head("CreateKey"), b"{}"), "UnknownOperationException");
    assert_eq!(code(&form_head(), b"Action=CreateGroup&Version=2010-05-08"), "NotImplemented");
    assert_eq!(code(&form_head(), b"Action=FryEgg&Version=2010-05-08"), "UnknownOperationException");
    assert_eq!(code(&form_head(), b"Action=ListUsers&Version=1999-01-01"), "UnknownOperationException");
    assert_eq!(code(&head("POST", "/2013-04-01/healthcheck", &[]), b""), "NotImplemented");
    assert_eq!(code(&head("PUT", "/2013-04-01/hostedzone", &[]), b""), "UnknownOperationException");
    assert_eq!(code(&head("GET", "/favicon.ico", &[]), b""), "UnknownOperationException");
    assert_eq!(
        code(&head("GET", "/", &[("x-amz-target", "TrentService.ListKeys")]), b""),
        "UnknownOperationException"
    );
}

#[test]
fn the_message_names_what_is_not_served() {
    let head = json_head("Route53Domains_v20140515.ListPrices");
    let fault = route(&Dialect::of(&head, b"", None), &head, b"").unwrap_err();
    assert!(fault.message().unwrap().contains("route53domains:ListPrices"));
}

#[test]
fn the_scope_helps_where_the_request_names_no_service() {
    let head = head("POST", "/nowhere", &[("content-type", "application/x-amz-json-1.1")]);
    let dialect = Dialect::of(&head, b"{}", Some("kms"));
    assert_eq!(dialect.protocol, Protocol::Json);
    assert_eq!(dialect.service.map(|service| service.name), Some("kms"));
}
