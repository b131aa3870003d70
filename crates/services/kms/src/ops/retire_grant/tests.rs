//! Who may retire a grant, and how it is named.

use keyward_gate::{Caller, testing};
use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{
    ACCOUNT, House, account, account_principal, allow, create_grant, encrypt, foreigner, policy, refusal,
    root,
};

fn name(user: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{user}")
}

fn caller(user: &str) -> Caller {
    testing::user(account(), user, &[])
}

async fn granted(house: &House, arn: &str, operations: &[GrantOperation]) -> CreateGrantResponse {
    let input = CreateGrantRequest {
        retiring_principal: Some(name("rita")),
        ..create_grant(arn, &name("bob"), operations)
    };
    house.call::<CreateGrant>(&root(), input).await.unwrap()
}

fn by_token(made: &CreateGrantResponse) -> RetireGrantRequest {
    RetireGrantRequest { grant_token: made.grant_token.clone(), ..Default::default() }
}

fn by_id(arn: &str, made: &CreateGrantResponse) -> RetireGrantRequest {
    RetireGrantRequest { key_id: Some(arn.to_owned()), grant_id: made.grant_id.clone(), ..Default::default() }
}

#[tokio::test]
async fn the_retiring_principal_the_issuer_and_a_grantee_that_may_can_retire() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let delegated = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": "kms:RetireGrant", "Resource": "*"}});
    let delegate = testing::user(account(), "dana", &[&delegated.to_string()]);
    let both = [GrantOperation::Encrypt, GrantOperation::RetireGrant];
    for (caller, operations, allowed) in [
        (caller("rita"), &both[..1], true),
        (caller("bob"), &both[..1], false),
        (caller("bob"), &both, true),
        (caller("eve"), &both, false),
        (root(), &both[..1], true),
        (delegate, &both[..1], true),
        (foreigner(), &both, false),
    ] {
        for named_by_token in [true, false] {
            let made = granted(&house, &arn, operations).await;
            let input = if named_by_token { by_token(&made) } else { by_id(&arn, &made) };
            let answer = refusal(house.call::<RetireGrant>(&caller, input.clone()).await);
            assert_eq!(answer == "no error", allowed, "{caller:?}: {answer}");
            assert!(allowed || answer.starts_with("AccessDeniedException"), "{caller:?}: {answer}");
            let again = refusal(house.call::<RetireGrant>(&root(), input).await);
            assert_eq!(again.starts_with("NotFoundException"), allowed, "{caller:?}: {again}");
        }
    }
    assert!(house.call::<Encrypt>(&caller("bob"), encrypt(&arn, b"x")).await.is_err());
}

#[tokio::test]
async fn a_key_policy_forbids_retiring_but_does_not_allow_it() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let made = granted(&house, &arn, &[GrantOperation::Encrypt]).await;
    let eve = json!({"AWS": name("eve")});
    let open = policy(&[allow(&account_principal(), "kms:*"), allow(&eve, "kms:RetireGrant")]);
    house.rewrite(&arn, |record| record.policy = open).await;
    let refused = refusal(house.call::<RetireGrant>(&caller("eve"), by_token(&made)).await);
    assert!(refused.starts_with("AccessDeniedException"), "{refused}");
    let mut deny = allow(&json!({"AWS": name("rita")}), "kms:RetireGrant");
    deny["Effect"] = json!("Deny");
    let closed = policy(&[allow(&account_principal(), "kms:*"), deny]);
    house.rewrite(&arn, |record| record.policy = closed).await;
    let refused = refusal(house.call::<RetireGrant>(&caller("rita"), by_token(&made)).await);
    assert!(refused.ends_with("with an explicit deny in a resource-based policy"), "{refused}");
}

/// A grantee that may retire its own grant may not retire another one of the same key.
#[tokio::test]
async fn one_grant_does_not_let_its_grantee_retire_another() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    granted(&house, &arn, &[GrantOperation::RetireGrant]).await;
    let other = granted(&house, &arn, &[GrantOperation::Encrypt]).await;
    let refused = refusal(house.call::<RetireGrant>(&caller("bob"), by_token(&other)).await);
    assert!(refused.starts_with("AccessDeniedException"), "{refused}");
}

#[tokio::test]
async fn a_grant_is_named_by_its_token_or_by_key_and_id() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let made = granted(&house, &arn, &[GrantOperation::Encrypt]).await;
    let before = house.store.inner.rows();
    let marker = house.kms.tokens.seal("a list", "x").unwrap();
    let cases = [
        ("ValidationException", RetireGrantRequest::default()),
        ("ValidationException", RetireGrantRequest { grant_id: None, ..by_id(&arn, &made) }),
        (
            "ValidationException",
            RetireGrantRequest { grant_token: made.grant_token.clone(), ..by_id(&arn, &made) },
        ),
        (
            "InvalidGrantTokenException",
            RetireGrantRequest { grant_token: Some(marker), ..Default::default() },
        ),
        (
            "InvalidGrantIdException",
            RetireGrantRequest { grant_id: Some("x".to_owned()), ..by_id(&arn, &made) },
        ),
        ("NotFoundException", RetireGrantRequest { grant_id: Some("0".repeat(64)), ..by_id(&arn, &made) }),
        ("DryRunOperationException", RetireGrantRequest { dry_run: Some(true), ..by_token(&made) }),
    ];
    for (code, input) in cases {
        let fault = house.call::<RetireGrant>(&root(), input.clone()).await.unwrap_err();
        assert_eq!(fault.code(), code, "{input:?}");
    }
    assert_eq!(house.store.inner.rows(), before);
}

#[tokio::test]
async fn tokens_are_accepted_where_they_were_made_and_others_refused() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let made = granted(&house, &arn, &[GrantOperation::Encrypt]).await;
    let with = |token: String| EncryptRequest { grant_tokens: Some(vec![token]), ..encrypt(&arn, b"x") };
    let token = made.grant_token.unwrap();
    house.call::<Encrypt>(&caller("bob"), with(token.clone())).await.unwrap();
    let other = house.symmetric().await;
    let unrelated = EncryptRequest { key_id: other, ..with(token.clone()) };
    house.call::<Encrypt>(&root(), unrelated).await.unwrap();
    for wrong in [format!("{token}A"), "AAAA".to_owned()] {
        let refused = refusal(house.call::<Encrypt>(&root(), with(wrong)).await);
        assert!(refused.starts_with("InvalidGrantTokenException"), "{refused}");
    }
}
