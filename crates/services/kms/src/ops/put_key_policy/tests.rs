//! Another policy in place of a key's, and what is refused.

use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{ACCOUNT, House, account_principal, allow, encrypt, policy, refusal, root, user};

fn put(key: &str, policy: String) -> PutKeyPolicyRequest {
    PutKeyPolicyRequest {
        key_id: key.to_owned(),
        policy_name: None,
        policy,
        bypass_policy_lockout_safety_check: None,
    }
}

#[tokio::test]
async fn the_new_policy_decides_at_once() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    assert!(house.call::<Encrypt>(&user(), encrypt(&arn, b"x")).await.is_err());
    let bob = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/bob")});
    let open = policy(&[allow(&account_principal(), "kms:*"), allow(&bob, "kms:Encrypt")]);
    house.call::<PutKeyPolicy>(&root(), put(&arn, open.clone())).await.unwrap();
    assert!(house.call::<Encrypt>(&user(), encrypt(&arn, b"x")).await.is_ok());
    let get = |policy_name: Option<&str>| GetKeyPolicyRequest {
        key_id: arn.clone(),
        policy_name: policy_name.map(str::to_owned),
    };
    let got = house.call::<GetKeyPolicy>(&root(), get(Some("default"))).await.unwrap();
    assert_eq!((got.policy, got.policy_name.as_deref()), (Some(open), Some("default")));
    let answer = refusal(house.call::<GetKeyPolicy>(&root(), get(Some("other"))).await);
    assert_eq!(answer, "NotFoundException: No such policy exists");
    let deny = json!({"Effect": "Deny", "Principal": bob, "Action": "kms:*", "Resource": "*"});
    let closed = policy(&[allow(&account_principal(), "kms:*"), deny]);
    house.call::<PutKeyPolicy>(&root(), put(&arn, closed)).await.unwrap();
    let answer = refusal(house.call::<Encrypt>(&user(), encrypt(&arn, b"x")).await);
    assert!(answer.ends_with("with an explicit deny in a resource-based policy"), "{answer}");
}

#[tokio::test]
async fn names_lockouts_and_malformed_policies_are_refused_and_nothing_changes() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let before = house.store.inner.rows();
    let open = policy(&[allow(&account_principal(), "kms:*")]);
    let mut named = put(&arn, open.clone());
    named.policy_name = Some("other".to_owned());
    let answer = refusal(house.call::<PutKeyPolicy>(&root(), named).await);
    assert!(answer.starts_with("ValidationException"), "{answer}");
    let mut shared = put(&arn, open);
    shared.policy_name = Some("AWS_RAM".to_owned());
    let expected = "ValidationException: The AWS_RAM policy can only be managed by the RAM service";
    assert_eq!(refusal(house.call::<PutKeyPolicy>(&root(), shared).await), expected);
    let closed = policy(&[allow(&account_principal(), "kms:Encrypt")]);
    let answer = refusal(house.call::<PutKeyPolicy>(&root(), put(&arn, closed.clone())).await);
    let expected = "MalformedPolicyDocumentException: The new key policy will not allow you to update the key \
                    policy in the future.";
    assert_eq!(answer, expected);
    let answer = refusal(house.call::<PutKeyPolicy>(&root(), put(&arn, "[]".to_owned())).await);
    assert!(answer.starts_with("MalformedPolicyDocumentException"), "{answer}");
    let mut empty = put(&arn, policy(&[]));
    empty.bypass_policy_lockout_safety_check = Some(true);
    let answer = refusal(house.call::<PutKeyPolicy>(&root(), empty).await);
    assert_eq!(answer, "MalformedPolicyDocumentException: Syntax errors in policy.");
    assert_eq!(house.store.inner.rows(), before);
    let mut bypass = put(&arn, closed);
    bypass.bypass_policy_lockout_safety_check = Some(true);
    assert!(house.call::<PutKeyPolicy>(&root(), bypass).await.is_ok());
}

#[tokio::test]
async fn the_one_policy_is_listed() {
    let house = House::new().await;
    let key_id = house.symmetric().await;
    let input = ListKeyPoliciesRequest { key_id, limit: None, marker: None };
    let listed = house.call::<ListKeyPolicies>(&root(), input).await.unwrap();
    assert_eq!(listed.policy_names, Some(vec!["default".to_owned()]));
    assert_eq!((listed.truncated, listed.next_marker), (Some(false), None));
}

#[tokio::test]
async fn a_statement_without_action_or_resource_is_taken_and_applies_to_nothing() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let everyone = json!({"AWS": "*"});
    let without_action = json!({"Effect": "Allow", "Principal": everyone, "Resource": "*"});
    let without_resource = json!({"Effect": "Allow", "Principal": everyone, "Action": "kms:Encrypt"});
    let text = policy(&[allow(&account_principal(), "kms:*"), without_action, without_resource]);
    house.call::<PutKeyPolicy>(&root(), put(&arn, text)).await.unwrap();
    assert!(house.call::<Encrypt>(&user(), encrypt(&arn, b"x")).await.is_err());
}
