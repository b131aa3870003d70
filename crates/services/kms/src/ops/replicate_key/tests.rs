//! `ReplicateKey`: its answer, what it takes, and each of its refusals.

use keyward_gate::Caller;
use keyward_schema::kms::*;

use crate::testing::{
    House, account_principal, allow, attempt, foreigner, policy, refusal, replicate_key, root, twin,
    user_allowed,
};

const AWAY: &str = "eu-west-1";

async fn primary(house: &House) -> String {
    house.multi_region(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await
}

#[tokio::test]
async fn the_answer_shows_a_replica_that_is_being_made() {
    let house = House::new().await;
    let arn = primary(&house).await;
    let tag = Tag { tag_key: "a".to_owned(), tag_value: "1".to_owned() };
    let input = ReplicateKeyRequest {
        description: Some("there".to_owned()),
        tags: Some(vec![tag.clone()]),
        ..replicate_key(&arn, AWAY)
    };
    let made = house.call::<ReplicateKey>(&root(), input).await.unwrap();
    let shown = made.replica_key_metadata.unwrap();
    assert_eq!(shown.arn, Some(twin(&arn, AWAY)));
    assert_eq!(shown.key_state, Some(KeyState::Creating));
    assert_eq!((shown.enabled, shown.current_key_material_id), (Some(false), None));
    assert_eq!(shown.description.as_deref(), Some("there"));
    let relatives = shown.multi_region_configuration.unwrap();
    assert_eq!(relatives.multi_region_key_type, Some(MultiRegionKeyType::Replica));
    assert_eq!(relatives.primary_key.unwrap().region.as_deref(), Some("us-east-1"));
    assert_eq!(relatives.replica_keys.unwrap().len(), 1);
    assert!(made.replica_policy.unwrap().contains("key-default-1"));
    assert_eq!(made.replica_tags, Some(vec![tag]));
}

#[tokio::test]
async fn only_a_primary_can_be_replicated() {
    let house = House::new().await;
    let single = house.symmetric().await;
    let answer = refusal(house.call::<ReplicateKey>(&root(), replicate_key(&single, AWAY)).await);
    assert_eq!(answer, format!("UnsupportedOperationException: {single} is not a multi-region primary key."));
    let replica = twin(&house.family(&[AWAY]).await, AWAY);
    let input = replicate_key(&replica, "eu-central-1");
    let answer = refusal(house.call_in::<ReplicateKey>(AWAY, input).await);
    assert_eq!(
        answer,
        format!("UnsupportedOperationException: {replica} is not a multi-region primary key.")
    );
}

#[tokio::test]
async fn a_region_that_is_not_served_or_has_the_key_is_refused() {
    let house = House::new().await;
    let arn = primary(&house).await;
    let answer = refusal(house.call::<ReplicateKey>(&root(), replicate_key(&arn, "mars-north-1")).await);
    let expected = "ValidationException: 1 validation error detected: Value 'mars-north-1' at \
                    'replicaRegion' failed to satisfy constraint: Member must satisfy enum value set: \
                    [us-east-1, eu-west-1, eu-central-1, ap-south-1]";
    assert_eq!(answer, expected);
    for region in ["us-east-1", AWAY] {
        if region == AWAY {
            house.call::<ReplicateKey>(&root(), replicate_key(&arn, region)).await.unwrap();
        }
        let answer = refusal(house.call::<ReplicateKey>(&root(), replicate_key(&arn, region)).await);
        assert_eq!(answer, format!("AlreadyExistsException: The key {} already exists", twin(&arn, region)));
    }
}

#[tokio::test]
async fn a_bad_policy_or_tag_makes_no_replica() {
    let house = House::new().await;
    let arn = primary(&house).await;
    let locked = policy(&[allow(&account_principal(), "kms:DescribeKey")]);
    let input = ReplicateKeyRequest { policy: Some(locked.clone()), ..replicate_key(&arn, AWAY) };
    let answer = refusal(house.call::<ReplicateKey>(&root(), input).await);
    assert!(answer.starts_with("MalformedPolicyDocumentException"), "{answer}");
    let tag = Tag { tag_key: "aws:x".to_owned(), tag_value: String::new() };
    let input = ReplicateKeyRequest { tags: Some(vec![tag]), ..replicate_key(&arn, AWAY) };
    let answer = refusal(house.call::<ReplicateKey>(&root(), input).await);
    assert_eq!(answer, "TagException: Tags beginning with aws: are reserved");
    assert!(house.record(&twin(&arn, AWAY)).await.is_none());
    house.check_families();

    let input = ReplicateKeyRequest {
        policy: Some(locked.clone()),
        bypass_policy_lockout_safety_check: Some(true),
        ..replicate_key(&arn, AWAY)
    };
    let made = house.call::<ReplicateKey>(&root(), input).await.unwrap();
    assert_eq!(made.replica_policy, Some(locked));
}

#[tokio::test]
async fn a_primary_that_is_not_enabled_is_refused() {
    let house = House::new().await;
    let arn = primary(&house).await;
    attempt(&house, &root(), "DisableKey", &arn, &[]).await.unwrap();
    let answer = refusal(house.call::<ReplicateKey>(&root(), replicate_key(&arn, AWAY)).await);
    assert_eq!(answer, format!("DisabledException: {arn} is disabled."));
}

#[tokio::test]
async fn it_takes_the_permission_to_create_keys_in_the_replicas_region() {
    let house = House::new().await;
    let arn = primary(&house).await;
    let replicate =
        async |caller: Caller| house.call::<ReplicateKey>(&caller, replicate_key(&arn, AWAY)).await;
    let answer = refusal(replicate(user_allowed(&["kms:ReplicateKey"])).await);
    assert!(answer.contains("kms:CreateKey"), "{answer}");
    let elsewhere = user_with_condition("aws:RequestedRegion", "us-east-1");
    assert!(refusal(replicate(elsewhere).await).contains("kms:CreateKey"));
    for (key, value) in [
        ("kms:ReplicaRegion", "ap-south-1"),
        ("kms:MultiRegionKeyType", "REPLICA"),
        ("kms:MultiRegion", "false"),
    ] {
        let answer = refusal(replicate(user_with_condition(key, value)).await);
        assert!(answer.contains("AccessDenied"), "{key}: {answer}");
    }
    assert!(refusal(replicate(foreigner()).await).starts_with("AccessDeniedException"));
    replicate(user_allowed(&["kms:ReplicateKey", "kms:CreateKey"])).await.unwrap();
}

#[tokio::test]
async fn a_policy_that_is_given_must_not_lock_its_giver_out() {
    use crate::testing::{account_principal, allow, policy};
    let house = House::new().await;
    let arn = primary(&house).await;
    let given = policy(&[allow(&account_principal(), "kms:*")]);
    let input = ReplicateKeyRequest { policy: Some(given), ..replicate_key(&arn, AWAY) };
    let maker = user_allowed(&["kms:ReplicateKey", "kms:CreateKey"]);
    let answer = refusal(house.call::<ReplicateKey>(&maker, input.clone()).await);
    assert!(answer.starts_with("MalformedPolicyDocumentException: The new key policy will not"), "{answer}");
    let bypass = ReplicateKeyRequest { bypass_policy_lockout_safety_check: Some(true), ..input };
    house.call::<ReplicateKey>(&maker, bypass).await.unwrap();
}

/// A user that may replicate under a condition on the primary, and make keys under `aws:RequestedRegion`.
fn user_with_condition(key: &str, value: &str) -> Caller {
    let (on_key, on_create) = match key {
        "aws:RequestedRegion" => (serde_json::json!({}), serde_json::json!({"StringEquals": {key: value}})),
        _ => (serde_json::json!({"StringEquals": {key: value}}), serde_json::json!({})),
    };
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:ReplicateKey", "Resource": "*", "Condition": on_key},
        {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*", "Condition": on_create},
    ]});
    keyward_gate::testing::user(crate::testing::account(), "carol", &[&policy.to_string()])
}
