//! Who may do what: every kind of caller against every kind of judge, by the inner door.

use std::sync::atomic::Ordering;

use keyward_schema::kms;
use keyward_store::Key;

use super::*;
use crate::testing::{NoIdentities, caller, root, user};
use crate::toy::{FORGOTTEN, KEY_ARN, Toy, account, house, house_with, noon, other_account, policy};
use crate::{Judge, Principal, Rates, ServiceCaller};

const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;
const DENY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:Get*","Resource":"*"}}"#;

fn naming(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},
            "Action":"kms:*","Resource":"*"}}}}"#
    )
}

fn account_policy() -> String {
    naming(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#)
}

fn service() -> ServiceCaller {
    ServiceCaller {
        name: "dnssec-route53.amazonaws.com",
        source_arn: "arn:aws:route53:::hostedzone/Z1".parse().unwrap(),
        source_account: account(),
    }
}

fn session() -> Principal {
    Principal::AssumedRole {
        account: account(),
        role_id: "AROAEXAMPLE000000001".to_owned(),
        role_path: "/ops/".to_owned(),
        role_name: "signer".to_owned(),
        session: "s1".to_owned(),
    }
}

fn input() -> kms::GetPublicKeyRequest {
    kms::GetPublicKeyRequest { key_id: "k".to_owned(), grant_tokens: None }
}

/// `None` when it ran, else the refusal's tail.
async fn outcome(judge: Judge, caller: impl Into<CallAs>) -> Option<String> {
    let toy = Toy::new(judge);
    let house = house(&toy, std::sync::Arc::new(NoIdentities));
    let region = "us-east-1".parse().unwrap();
    let result = house.handle.call::<kms::GetPublicKey>(caller, &region, input()).await;
    let ran = toy.runs.load(Ordering::Relaxed);
    match result {
        Ok(_) => {
            assert_eq!(ran, 1);
            None
        }
        Err(fault) => {
            assert_eq!((ran, fault.code()), (0, "AccessDeniedException"));
            let text = fault.message().unwrap();
            let at = text.find(KEY_ARN).unwrap() + KEY_ARN.len();
            Some(text[at..].trim_start().to_owned())
        }
    }
}

const NO_IDENTITY: &str = "because no identity-based policy allows the kms:GetPublicKey action";
const NO_RESOURCE: &str = "because no resource-based policy allows the kms:GetPublicKey action";
const DENIED: &str = "with an explicit deny in an identity-based policy";
const UNSEEN: &str = "because the resource does not exist in this Region, no resource-based policies allow \
                      access, or a resource-based policy explicitly denies access";

#[tokio::test]
async fn every_caller_meets_every_judge() {
    let bare = || user(account(), "bare", &[]);
    let able = || user(account(), "able", &[ALLOW]);
    let denied = || user(account(), "denied", &[ALLOW, DENY]);
    let outsider = || user(other_account(), "outsider", &[ALLOW]);
    let role = |policies: &[&str]| caller(session(), policies);
    let key = |text: &str| Judge::KeyPolicy(policy(text));
    let resource = |text: &str| Judge::ResourcePolicy(policy(text));
    let named = naming(r#"{"AWS":"arn:aws:iam::111122223333:user/bare"}"#);
    let by_role = naming(r#"{"AWS":"arn:aws:iam::111122223333:role/ops/signer"}"#);
    let outside = naming(r#"{"AWS":"444455556666"}"#);
    let by_service = naming(r#"{"Service":"dnssec-route53.amazonaws.com"}"#);
    let cases: Vec<(&str, Judge, CallAs, Option<&str>)> = vec![
        ("root, identity", Judge::Identity, (&root(account())).into(), None),
        ("bare, identity", Judge::Identity, (&bare()).into(), Some(NO_IDENTITY)),
        ("able, identity", Judge::Identity, (&able()).into(), None),
        ("denied, identity", Judge::Identity, (&denied()).into(), Some(DENIED)),
        ("outsider, identity", Judge::Identity, (&outsider()).into(), Some(NO_RESOURCE)),
        ("service, identity", Judge::Identity, service().into(), Some(NO_IDENTITY)),
        ("role, identity", Judge::Identity, (&role(&[ALLOW])).into(), None),
        ("root, account's key", key(&account_policy()), (&root(account())).into(), None),
        ("bare, account's key", key(&account_policy()), (&bare()).into(), Some(NO_IDENTITY)),
        ("able, account's key", key(&account_policy()), (&able()).into(), None),
        ("denied, account's key", key(&account_policy()), (&denied()).into(), Some(DENIED)),
        ("outsider, account's key", key(&account_policy()), (&outsider()).into(), Some(UNSEEN)),
        ("service, account's key", key(&account_policy()), service().into(), Some(NO_RESOURCE)),
        ("root, bare's key", key(&named), (&root(account())).into(), Some(NO_RESOURCE)),
        ("bare, bare's key", key(&named), (&bare()).into(), None),
        ("able, bare's key", key(&named), (&able()).into(), Some(NO_RESOURCE)),
        ("role, role's key", key(&by_role), (&role(&[])).into(), None),
        ("service, service's key", key(&by_service), service().into(), None),
        ("root, service's key", key(&by_service), (&root(account())).into(), Some(NO_RESOURCE)),
        ("outsider, shared key", key(&outside), (&outsider()).into(), None),
        (
            "outsider without policy, shared key",
            key(&outside),
            (&user(other_account(), "x", &[])).into(),
            Some(NO_IDENTITY),
        ),
        ("other root, shared key", key(&outside), (&root(other_account())).into(), None),
        ("root, resource of bare", resource(&named), (&root(account())).into(), None),
        ("bare, resource of bare", resource(&named), (&bare()).into(), None),
        ("able, resource of bare", resource(&named), (&able()).into(), None),
        ("outsider, resource of bare", resource(&named), (&outsider()).into(), Some(NO_RESOURCE)),
        ("bare, anyone", Judge::Anyone, (&bare()).into(), None),
    ];
    for (what, judge, caller, expected) in cases {
        assert_eq!(outcome(judge, caller).await.as_deref(), expected, "{what}");
    }
}

#[tokio::test]
async fn a_service_is_judged_by_its_source() {
    let with = |condition: &str| {
        Judge::KeyPolicy(policy(&format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",
            "Principal":{{"Service":"dnssec-route53.amazonaws.com"}},"Action":"kms:*","Resource":"*",
            "Condition":{condition}}}}}"#
        )))
    };
    let right = r#"{"StringEquals":{"aws:SourceAccount":"111122223333"},
        "ArnLike":{"aws:SourceArn":"arn:aws:route53:::hostedzone/*"}}"#;
    assert_eq!(outcome(with(right), service()).await, None);
    let wrong = r#"{"StringEquals":{"aws:SourceAccount":"444455556666"}}"#;
    assert_eq!(outcome(with(wrong), service()).await.as_deref(), Some(NO_RESOURCE));
}

#[tokio::test]
async fn conditions_see_caller_and_request() {
    let only = |condition: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"kms:*","Resource":"*",
            "Condition":{condition}}}}}"#
        );
        user(account(), "able", &[&text])
    };
    for holds in [
        r#"{"StringEquals":{"aws:username":"able","aws:PrincipalType":"User","aws:RequestedRegion":"us-east-1"}}"#,
        r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/able"}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-02T12:00:01Z"},"NumericEquals":{"aws:EpochTime":"1767355200"}}"#,
        r#"{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}"#,
        r#"{"Null":{"aws:SourceIp":"true","aws:TokenIssueTime":"true"},"Bool":{"aws:ViaAWSService":"false"}}"#,
    ] {
        assert_eq!(outcome(Judge::Identity, &only(holds)).await, None, "{holds}");
    }
    let late = r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-02T12:00:01Z"}}"#;
    assert_eq!(outcome(Judge::Identity, &only(late)).await.as_deref(), Some(NO_IDENTITY));
    let via = only(r#"{"StringEquals":{"kms:ViaService":"route53domains.us-east-1.amazonaws.com"}}"#);
    assert_eq!(outcome(Judge::Identity, (&via, "route53domains")).await, None);
    assert!(outcome(Judge::Identity, &via).await.is_some());
}

#[tokio::test]
async fn a_lost_race_is_judged_again_but_not_for_ever() {
    let region = "us-east-1".parse().unwrap();
    for (races, expected) in [(3, Ok(4)), (1000, Err("ServiceUnavailableException"))] {
        let toy = Toy::new(Judge::Identity);
        toy.races.store(races, Ordering::Relaxed);
        let house = house(&toy, std::sync::Arc::new(NoIdentities));
        let result = house.handle.call::<kms::GetPublicKey>(&root(account()), &region, input()).await;
        let result = result.map(|_| toy.runs.load(Ordering::Relaxed));
        assert_eq!(result.as_ref().map(|runs| *runs).map_err(Fault::code), expected);
    }
}

#[tokio::test]
async fn a_call_is_charged_once_however_often_it_is_judged_and_before_anything_is_read() {
    let toy = Toy::new(Judge::Identity);
    let mut rates = Rates::default();
    rates.throttle("toy");
    let house = house_with(&toy, std::sync::Arc::new(NoIdentities), Throttle::new(rates));
    let region = "us-east-1".parse().unwrap();
    let call = async |key: &str, caller: Caller| {
        let input = kms::GetPublicKeyRequest { key_id: key.to_owned(), grant_tokens: None };
        let answer = house.handle.call::<kms::GetPublicKey>(&caller, &region, input).await;
        answer.map(drop).map_err(|fault| fault.to_string())
    };
    toy.races.store(2, Ordering::Relaxed);
    assert_eq!(call("a", root(account())).await, Ok(()), "two lost races cost nothing");
    let slow = Err("ThrottlingException: Slow down.".to_owned());
    assert_eq!(call("a", root(account())).await, slow, "the key's own share");
    assert_eq!(call("b", root(account())).await, slow, "the account's share, which refused calls take too");
    let other = call("b", root(other_account())).await.unwrap_err();
    assert!(other.starts_with("AccessDenied"), "{other}");
}

#[tokio::test]
async fn an_operation_that_names_no_permission_does_not_run() {
    let toy = Toy::new(Judge::Anyone);
    let house = house(&toy, std::sync::Arc::new(NoIdentities));
    let region = "us-east-1".parse().unwrap();
    let input = kms::GetPublicKeyRequest { key_id: FORGOTTEN.to_owned(), grant_tokens: None };
    let result = house.handle.call::<kms::GetPublicKey>(&root(account()), &region, input).await;
    assert_eq!(result.unwrap_err().blame(), keyward_base::Blame::Ours);
    assert_eq!(toy.runs.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_write_is_lost_when_a_judged_row_changed_before_it() {
    let toy = Toy::new(Judge::Identity);
    let house = house(&toy, std::sync::Arc::new(NoIdentities));
    let region = "us-east-1".parse().unwrap();
    let input = kms::UpdateKeyDescriptionRequest { key_id: "k".to_owned(), description: String::new() };
    house.handle.call::<kms::UpdateKeyDescription>(&root(account()), &region, input).await.unwrap();
    let row = house.store.get(&Key::of(&["toy", "k"])).await.unwrap().unwrap();
    assert_eq!((toy.runs.load(Ordering::Relaxed), &*row.value), (2, &b"ours after theirs"[..]));
}

#[tokio::test]
async fn an_inner_call_must_satisfy_the_model_too() {
    let house = house(&Toy::new(Judge::Identity), std::sync::Arc::new(NoIdentities));
    let region = "us-east-1".parse().unwrap();
    let input = kms::GetPublicKeyRequest { key_id: String::new(), grant_tokens: None };
    let result = house.handle.call::<kms::GetPublicKey>(&root(account()), &region, input).await;
    assert_eq!(result.unwrap_err().code(), "ValidationException");
    let random = kms::GenerateRandomRequest::default();
    let unserved = house.handle.call::<kms::GenerateRandom>(&root(account()), &region, random).await;
    assert_eq!(unserved.unwrap_err().code(), "NotImplemented");
}

#[tokio::test]
async fn every_call_leaves_an_event() {
    let house = house(&Toy::new(Judge::Identity), std::sync::Arc::new(NoIdentities));
    let region = "us-east-1".parse().unwrap();
    let bare = user(account(), "bare", &[]);
    let _ = house.handle.call::<kms::GetPublicKey>(&bare, &region, input()).await;
    let _ = house.handle.call::<kms::GetPublicKey>((&root(account()), "route53"), &region, input()).await;
    let events = house.audit.0.lock().unwrap();
    let [refused, done] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(refused.caller, "arn:aws:iam::111122223333:user/bare");
    assert_eq!(refused.parameters, r#"{"KeyId":"k"}"#);
    assert_eq!(refused.resources, [("kms:GetPublicKey", KEY_ARN.to_owned())]);
    assert_eq!(refused.error.as_ref().map(|(code, _)| code.as_str()), Some("AccessDeniedException"));
    assert_eq!((done.source.as_str(), done.error.as_ref()), ("route53.amazonaws.com", None));
    assert_eq!((done.operation.name, done.time), ("GetPublicKey", noon()));
}
