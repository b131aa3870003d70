//! Making grants: sameness, delegation, limits, refusals; and that they allow what they say.

use std::collections::BTreeMap;

use keyward_gate::{Caller, testing};
use keyward_schema::kms::*;
use keyward_store::{Store, Txn};
use serde_json::json;

use crate::grant::GrantPlaces;
use crate::key::KeyArn;
use crate::rows;
use crate::testing::{
    ACCOUNT, FOREIGN, House, account, account_principal, allow, attempt, create_grant, encrypt, list_grants,
    place, policy, refusal, region, root,
};

const BOB: &str = "arn:aws:iam::111122223333:user/bob";

fn bob() -> Caller {
    testing::user(account(), "bob", &[])
}

async fn grant(house: &House, caller: &Caller, input: CreateGrantRequest) -> CreateGrantResponse {
    house.call::<CreateGrant>(caller, input).await.unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn equals(given: &[(&str, &str)]) -> Option<GrantConstraints> {
    Some(GrantConstraints { encryption_context_equals: Some(pairs(given)), ..Default::default() })
}

fn subset(given: &[(&str, &str)]) -> Option<GrantConstraints> {
    Some(GrantConstraints { encryption_context_subset: Some(pairs(given)), ..Default::default() })
}

async fn encrypts(house: &House, caller: &Caller, arn: &str, given: &[(&str, &str)]) -> bool {
    let input = EncryptRequest { encryption_context: Some(pairs(given)), ..encrypt(arn, b"x") };
    house.call::<Encrypt>(caller, input).await.is_ok()
}

#[tokio::test]
async fn a_grant_allows_its_operations_and_nothing_else() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    assert!(!encrypts(&house, &bob(), &arn, &[]).await);
    grant(&house, &root(), create_grant(&arn, BOB, &[GrantOperation::Encrypt])).await;
    assert!(encrypts(&house, &bob(), &arn, &[]).await);
    for operation in ["Decrypt", "DescribeKey", "GenerateDataKey", "CreateGrant", "ListGrants", "DisableKey"]
    {
        let sealed =
            house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap().ciphertext_blob.unwrap();
        let refused = refusal(attempt(&house, &bob(), operation, &arn, &sealed).await);
        assert!(refused.starts_with("AccessDeniedException"), "{operation}: {refused}");
    }
    let carol = testing::user(account(), "carol", &[]);
    assert!(!encrypts(&house, &carol, &arn, &[]).await);
    let other = house.symmetric().await;
    assert!(!encrypts(&house, &bob(), &other, &[]).await);
}

#[tokio::test]
async fn constraints_limit_a_grant_among_many() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    for number in 0..130 {
        let constraints = equals(&[("number", &number.to_string())]);
        let input = CreateGrantRequest { constraints, ..create_grant(&arn, BOB, &[GrantOperation::Encrypt]) };
        grant(&house, &root(), input).await;
    }
    let input = create_grant(&arn, BOB, &[GrantOperation::Encrypt]);
    grant(&house, &root(), CreateGrantRequest { constraints: subset(&[("team", "a")]), ..input }).await;
    for (given, allowed) in [
        (&[("number", "129")][..], true),
        (&[("number", "130")], false),
        (&[("Number", "129")], false),
        (&[("number", "129"), ("more", "x")], false),
        (&[("team", "a"), ("more", "x")], true),
        (&[("team", "b")], false),
        (&[], false),
    ] {
        assert_eq!(encrypts(&house, &bob(), &arn, given).await, allowed, "{given:?}");
    }
}

#[tokio::test]
async fn an_explicit_denial_wins_over_a_grant() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    grant(&house, &root(), create_grant(&arn, BOB, &[GrantOperation::Encrypt])).await;
    let deny = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}});
    let denied = testing::user(account(), "bob", &[&deny.to_string()]);
    assert!(!encrypts(&house, &denied, &arn, &[]).await);
    assert!(encrypts(&house, &bob(), &arn, &[]).await);
    let mut statement = allow(&json!({"AWS": "*"}), "kms:Encrypt");
    statement["Effect"] = json!("Deny");
    let closed = policy(&[allow(&account_principal(), "kms:*"), statement]);
    house.rewrite(&arn, |record| record.policy = closed).await;
    assert!(!encrypts(&house, &bob(), &arn, &[]).await);
}

#[tokio::test]
async fn a_grant_reaches_other_accounts_and_the_users_to_whom_an_account_delegates() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let foreign = FOREIGN.parse().unwrap();
    let dave = testing::user(foreign, "dave", &[]);
    assert!(!encrypts(&house, &dave, &arn, &[]).await);
    let name = format!("arn:aws:iam::{FOREIGN}:user/dave");
    grant(&house, &root(), create_grant(&arn, &name, &[GrantOperation::Encrypt])).await;
    assert!(encrypts(&house, &dave, &arn, &[]).await);
    let erin = testing::user(foreign, "erin", &[]);
    let allowed = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}});
    let frank = testing::user(foreign, "frank", &[&allowed.to_string()]);
    assert!(!encrypts(&house, &frank, &arn, &[]).await);
    let whole = format!("arn:aws:iam::{FOREIGN}:root");
    grant(&house, &root(), create_grant(&arn, &whole, &[GrantOperation::Encrypt])).await;
    assert!(encrypts(&house, &frank, &arn, &[]).await);
    assert!(encrypts(&house, &testing::root(foreign), &arn, &[]).await);
    assert!(!encrypts(&house, &erin, &arn, &[]).await);
}

#[tokio::test]
async fn a_grant_with_the_same_name_and_parameters_is_the_same_grant() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let plain = create_grant(&arn, BOB, &[GrantOperation::Encrypt, GrantOperation::Decrypt]);
    let named = CreateGrantRequest { name: Some("one".to_owned()), ..plain.clone() };
    let first = grant(&house, &root(), named.clone()).await;
    let turned = vec![GrantOperation::Decrypt, GrantOperation::Encrypt];
    let again = grant(&house, &root(), CreateGrantRequest { operations: turned, ..named.clone() }).await;
    assert_eq!(first.grant_id, again.grant_id);
    assert_ne!(first.grant_token, again.grant_token);
    let other = CreateGrantRequest { constraints: equals(&[("k", "v")]), ..named.clone() };
    assert_ne!(grant(&house, &root(), other).await.grant_id, first.grant_id);
    let unnamed = [grant(&house, &root(), plain.clone()).await, grant(&house, &root(), plain).await];
    assert_ne!(unnamed[0].grant_id, unnamed[1].grant_id);
    let listed = house.call::<ListGrants>(&root(), list_grants(&arn)).await.unwrap();
    assert_eq!(listed.grants.unwrap().len(), 4);
}

#[tokio::test]
async fn of_two_who_make_one_named_grant_both_get_the_same() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let input = CreateGrantRequest {
        name: Some("one".to_owned()),
        ..create_grant(&arn, BOB, &[GrantOperation::Encrypt])
    };
    let (handle, other) = (house.handle.clone(), input.clone());
    house.store.before_next_txn(async move {
        handle.call::<CreateGrant>(&root(), &region(), other).await.unwrap();
    });
    let made = grant(&house, &root(), input).await;
    let listed = house.call::<ListGrants>(&root(), list_grants(&arn)).await.unwrap().grants.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].grant_id, made.grant_id);
}

#[tokio::test]
async fn who_may_grant_by_a_grant_hands_on_no_more_than_it_has() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    use GrantOperation::{CreateGrant as Grant, Decrypt, Encrypt};
    let parent = CreateGrantRequest {
        constraints: subset(&[("k", "v")]),
        ..create_grant(&arn, BOB, &[Grant, Encrypt])
    };
    grant(&house, &root(), parent).await;
    let carol = format!("arn:aws:iam::{ACCOUNT}:user/carol");
    for (operations, constraints, allowed) in [
        (&[Encrypt][..], subset(&[("k", "v")]), true),
        (&[Encrypt], subset(&[("k", "v"), ("l", "w")]), true),
        (&[Encrypt], equals(&[("k", "v")]), true),
        (&[Encrypt], None, false),
        (&[Encrypt], subset(&[("k", "w")]), false),
        (&[Encrypt, Decrypt], equals(&[("k", "v")]), false),
    ] {
        let input = CreateGrantRequest { constraints, ..create_grant(&arn, &carol, operations) };
        let answer = refusal(house.call::<CreateGrant>(&bob(), input.clone()).await);
        assert_eq!(answer == "no error", allowed, "{input:?}: {answer}");
        assert!(allowed || answer.starts_with("AccessDeniedException"), "{answer}");
    }
}

#[tokio::test]
async fn what_makes_no_grant_is_refused_and_changes_nothing() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let signing = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let plain = create_grant(&arn, BOB, &[GrantOperation::Encrypt]);
    let nine: Vec<_> = (0..9).map(|number| number.to_string()).collect();
    let nine: Vec<_> = nine.iter().map(|number| (number.as_str(), "v")).collect();
    let long = "v".repeat(385);
    let service = Some("a.amazonaws.com".to_owned());
    let cases = [
        ("ValidationException", CreateGrantRequest { grantee_principal: None, ..plain.clone() }),
        (
            "ValidationException",
            CreateGrantRequest { grantee_service_principal: service.clone(), ..plain.clone() },
        ),
        (
            "ValidationException",
            CreateGrantRequest {
                grantee_principal: None,
                grantee_service_principal: service,
                ..plain.clone()
            },
        ),
        (
            "ValidationException",
            CreateGrantRequest { operations: vec![GrantOperation::Sign], ..plain.clone() },
        ),
        ("ValidationException", CreateGrantRequest { constraints: equals(&nine), ..plain.clone() }),
        ("ValidationException", CreateGrantRequest { constraints: equals(&[("k", &long)]), ..plain.clone() }),
        ("ValidationException", create_grant(&signing, BOB, &[GrantOperation::Encrypt])),
        (
            "ValidationException",
            CreateGrantRequest {
                constraints: equals(&[("k", "v")]),
                ..create_grant(&signing, BOB, &[GrantOperation::Sign])
            },
        ),
        (
            "InvalidArnException",
            create_grant(&arn, "arn:aws:iam::111122223333:user/nobody", &[GrantOperation::Encrypt]),
        ),
        ("InvalidArnException", create_grant(&arn, "bob", &[GrantOperation::Encrypt])),
        (
            "InvalidGrantTokenException",
            CreateGrantRequest { grant_tokens: Some(vec!["AAAA".to_owned()]), ..plain.clone() },
        ),
        ("DryRunOperationException", CreateGrantRequest { dry_run: Some(true), ..plain.clone() }),
    ];
    let before = house.store.inner.rows();
    for (code, input) in cases {
        let fault = house.call::<CreateGrant>(&root(), input.clone()).await.unwrap_err();
        assert_eq!(fault.code(), code, "{input:?}: {fault}");
    }
    assert_eq!(house.store.inner.rows(), before);
    grant(&house, &root(), plain).await;
}

#[tokio::test]
async fn a_key_has_no_more_grants_than_its_quota() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let (account, region, id) = rows::parse_key(&place(&arn)).unwrap();
    let key = KeyArn { partition: "aws".parse().unwrap(), region, account, id };
    let txn = GrantPlaces(&key).set_count(Txn::default(), 49_999).unwrap();
    house.store.txn(txn).await.unwrap();
    let input = create_grant(&arn, BOB, &[GrantOperation::Encrypt]);
    let last = grant(&house, &root(), input.clone()).await;
    let refused = refusal(house.call::<CreateGrant>(&root(), input.clone()).await);
    assert!(refused.starts_with("LimitExceededException"), "{refused}");
    let revoke = RevokeGrantRequest { key_id: arn.clone(), grant_id: last.grant_id.unwrap(), dry_run: None };
    house.call::<RevokeGrant>(&root(), revoke).await.unwrap();
    grant(&house, &root(), input).await;
}

#[tokio::test]
async fn a_grants_facts_are_conditions() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let operations = [GrantOperation::Encrypt, GrantOperation::Decrypt];
    let input =
        CreateGrantRequest { constraints: equals(&[("k", "v")]), ..create_grant(&arn, BOB, &operations) };
    for (condition, allowed) in [
        (json!({"StringEquals": {"kms:GranteePrincipal": BOB}}), true),
        (json!({"StringEquals": {"kms:RetiringPrincipal": BOB}}), false),
        (json!({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}}), true),
        (json!({"StringEquals": {"kms:EncryptionContext:k": "v"}}), true),
        (json!({"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}}), true),
        (json!({"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt"]}}), false),
        (json!({"Bool": {"kms:GrantIsForAWSResource": "true"}}), false),
        (json!({"Bool": {"kms:GrantIsForAWSResource": "false"}}), true),
    ] {
        let statement =
            json!({"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*", "Condition": condition});
        let statement = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let caller = testing::user(account(), "dana", &[&statement]);
        let answer = house.call::<CreateGrant>(&caller, input.clone()).await;
        assert_eq!(answer.is_ok(), allowed, "{condition}: {}", refusal(answer));
    }
}
