//! What it tells of used, unused and foreign keys.

use std::time::Duration;

use keyward_schema::kms::*;

use crate::testing::{House, START, encrypt, foreigner, re_encrypt, refusal, root, user_allowed};

async fn last_usage(house: &House, key: &str) -> GetKeyLastUsageResponse {
    let input = GetKeyLastUsageRequest { key_id: key.to_owned() };
    house.call::<GetKeyLastUsage>(&root(), input).await.unwrap()
}

#[tokio::test]
async fn a_key_that_was_not_used_has_no_last_use() {
    let house = House::new().await;
    let key = house.symmetric().await;
    let answer = last_usage(&house, &key).await;
    assert_eq!(answer.key_last_usage, Some(KeyLastUsageData::default()));
    assert_eq!((answer.tracking_start_date, answer.key_creation_date), (Some(START), Some(START)));
    assert!(key.ends_with(&answer.key_id.unwrap()));
}

#[tokio::test]
async fn the_last_success_counts_and_no_failure_or_dry_run_does() {
    let house = House::new().await;
    let key = house.symmetric().await;
    house.clock.advance(Duration::from_secs(10));
    let made = house.call::<Encrypt>(&root(), encrypt(&key, b"x")).await.unwrap();
    house.clock.advance(Duration::from_secs(10));
    let dry = EncryptRequest { dry_run: Some(true), ..encrypt(&key, b"x") };
    assert!(house.call::<Encrypt>(&root(), dry).await.is_err());
    let used = last_usage(&house, &key).await.key_last_usage.unwrap();
    let operation = KeyLastUsageTrackingOperation::Encrypt;
    assert_eq!(
        (used.operation, used.timestamp),
        (Some(operation), Some(START.plus(Duration::from_secs(10))))
    );
    assert!(used.kms_request_id.is_some());
    let other = house.symmetric().await;
    house.call::<ReEncrypt>(&root(), re_encrypt(made.ciphertext_blob.unwrap(), &other)).await.unwrap();
    for key in [&key, &other] {
        let used = last_usage(&house, key).await.key_last_usage.unwrap();
        assert_eq!(used.operation, Some(KeyLastUsageTrackingOperation::ReEncrypt));
        assert_eq!(used.timestamp, Some(START.plus(Duration::from_secs(20))));
    }
}

#[tokio::test]
async fn it_takes_its_own_permission_in_the_key_s_account() {
    let house = House::new().await;
    let input = GetKeyLastUsageRequest { key_id: house.symmetric().await };
    let alice = user_allowed(&["kms:DescribeKey"]);
    let answer = refusal(house.call::<GetKeyLastUsage>(&alice, input.clone()).await);
    assert!(answer.contains("is not authorized to perform: kms:GetKeyLastUsage on"), "{answer}");
    let answer = refusal(house.call::<GetKeyLastUsage>(&foreigner(), input).await);
    assert!(answer.starts_with("AccessDeniedException"), "{answer}");
}
