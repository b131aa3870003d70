//! Plans of automatic rotations, and what is shown of them.

use std::time::Duration;

use keyward_schema::kms::*;
use serde_json::json;

use crate::key::Source;
use crate::testing::{
    FOREIGN, House, START, account_principal, allow, attempt, foreigner, policy, refusal, root,
};

const DAY: Duration = Duration::from_secs(86_400);

async fn enable(house: &House, arn: &str, days: Option<i32>) {
    let input = EnableKeyRotationRequest { key_id: arn.to_owned(), rotation_period_in_days: days };
    house.call::<EnableKeyRotation>(&root(), input).await.unwrap();
}

async fn status(house: &House, arn: &str) -> GetKeyRotationStatusResponse {
    let input = GetKeyRotationStatusRequest { key_id: arn.to_owned() };
    house.call::<GetKeyRotationStatus>(&root(), input).await.unwrap()
}

#[tokio::test]
async fn a_plan_is_shown_until_it_is_ended() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let none = GetKeyRotationStatusResponse {
        key_rotation_enabled: Some(false),
        key_id: Some(arn.clone()),
        ..Default::default()
    };
    assert_eq!(status(&house, &arn).await, none);
    for (given, days) in [(None, 365), (Some(90), 90), (Some(2560), 2560)] {
        house.clock.advance(DAY);
        let next = house.kms.clock.now().plus(DAY * days);
        enable(&house, &arn, given).await;
        let expected = GetKeyRotationStatusResponse {
            key_rotation_enabled: Some(true),
            rotation_period_in_days: Some(days.try_into().unwrap()),
            next_rotation_date: Some(next),
            ..none.clone()
        };
        assert_eq!(status(&house, &arn).await, expected);
    }
    for _ in 0..2 {
        attempt(&house, &root(), "DisableKeyRotation", &arn, &[]).await.unwrap();
        assert_eq!(status(&house, &arn).await, none);
    }
    house.clock.advance(DAY * 3000);
    assert_eq!(house.kms.rotate_due(None).await.unwrap(), 0);
}

#[tokio::test]
async fn a_disabled_key_shows_its_plan_and_one_that_waits_for_its_deletion_does_not() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    enable(&house, &arn, None).await;
    attempt(&house, &root(), "DisableKey", &arn, &[]).await.unwrap();
    assert_eq!(status(&house, &arn).await.next_rotation_date, Some(START.plus(DAY * 365)));
    attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &[]).await.unwrap();
    let shown = status(&house, &arn).await;
    assert_eq!((shown.key_rotation_enabled, shown.rotation_period_in_days), (Some(false), None));
    attempt(&house, &root(), "CancelKeyDeletion", &arn, &[]).await.unwrap();
    assert_eq!(status(&house, &arn).await.key_rotation_enabled, Some(true));
}

#[tokio::test]
async fn only_symmetric_keys_of_ours_are_rotated_by_plan() {
    let house = House::new().await;
    let rsa = house.key(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let mac = house.key(KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    for arn in [&rsa, &mac] {
        for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand", "ListKeyRotations"]
        {
            let fault = attempt(&house, &root(), operation, arn, &[]).await.unwrap_err();
            assert_eq!(
                (fault.code(), fault.message()),
                ("UnsupportedOperationException", None),
                "{operation}"
            );
        }
        assert_eq!(status(&house, arn).await.key_rotation_enabled, Some(false));
    }
    let arn = house.symmetric().await;
    let store = house.connected_store().await;
    for (source, name) in [(Source::External, "EXTERNAL"), (Source::CloudHsm(store), "AWS_CLOUDHSM")] {
        house.rewrite(&arn, |record| record.source = source).await;
        let refused = format!(
            "UnsupportedOperationException: {arn} origin is {name} which is not valid for this operation."
        );
        for operation in ["EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"] {
            assert_eq!(refusal(attempt(&house, &root(), operation, &arn, &[]).await), refused, "{operation}");
        }
    }
    let listed = attempt(&house, &root(), "ListKeyRotations", &arn, &[]).await;
    assert!(refusal(listed).contains("origin is AWS_CLOUDHSM"));
}

#[tokio::test]
async fn another_account_may_ask_for_the_status_when_the_key_policy_lets_it() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let other = json!({"AWS": format!("arn:aws:iam::{FOREIGN}:root")});
    let open = policy(&[allow(&account_principal(), "kms:*"), allow(&other, "kms:*")]);
    house.rewrite(&arn, |record| record.policy = open).await;
    attempt(&house, &foreigner(), "GetKeyRotationStatus", &arn, &[]).await.unwrap();
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand", "ListKeyRotations"] {
        let refused = refusal(attempt(&house, &foreigner(), operation, &arn, &[]).await);
        assert!(refused.starts_with("AccessDeniedException"), "{operation}: {refused}");
    }
}

#[tokio::test]
async fn the_period_is_a_condition() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let statement = json!({
        "Effect": "Allow", "Action": "kms:EnableKeyRotation", "Resource": "*",
        "Condition": {"NumericLessThanEquals": {"kms:RotationPeriodInDays": "180"}},
    });
    let statement = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let caller = keyward_gate::testing::user(crate::testing::account(), "dana", &[&statement]);
    for (days, allowed) in [(Some(180), true), (Some(181), false), (None, false)] {
        let input = EnableKeyRotationRequest { key_id: arn.clone(), rotation_period_in_days: days };
        let answer = house.call::<EnableKeyRotation>(&caller, input).await;
        assert_eq!(answer.is_ok(), allowed, "{days:?}: {}", refusal(answer));
    }
}
