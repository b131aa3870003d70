//! The count of keys: exact near the quota, without conflict far from it, corrected when keys go.

use std::time::Duration;

use keyward_schema::kms::*;
use keyward_store::{Store, Txn};

use super::*;
use crate::ResourceQuotas;
use crate::testing::{ACCOUNT, House, account, attempt, refusal, region, replicate_key, root};

const DAY: Duration = Duration::from_secs(86_400);

async fn house(keys: u32) -> House {
    House::with_quotas(ResourceQuotas { keys, ..ResourceQuotas::default() }, None).await
}

fn arn() -> KeyArn {
    let id = crate::key::KeyId::parse("00000000-0000-4000-8000-000000000000").unwrap();
    KeyArn { partition: "aws".parse().unwrap(), region: region(), account: account(), id }
}

async fn create(house: &House) -> Result<String, Fault> {
    house.create(&root(), CreateKeyRequest::default()).await
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn the_rows_of_version_1_keep_their_bytes() {
    assert_eq!(rows::encode(&KeyCountRow::V1(300)).unwrap(), [0, 0xac, 2]);
    assert_eq!(rows::encode(&KeyChangeRow::V1(-1)).unwrap(), [0, 0xff]);
}

#[tokio::test]
async fn no_more_keys_than_the_quota_are_made_whatever_their_state() {
    let house = house(2).await;
    let first = create(&house).await.unwrap();
    create(&house).await.unwrap();
    let expected = format!(
        "LimitExceededException: The account {ACCOUNT} has 2 KMS keys in us-east-1, which is the limit."
    );
    assert_eq!(refusal(create(&house).await), expected);
    attempt(&house, &root(), "ScheduleKeyDeletion", &first, &[]).await.unwrap();
    assert_eq!(refusal(create(&house).await), expected, "one that waits for its deletion counts");
    house.clock.advance(DAY * 7);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    create(&house).await.unwrap();
    assert_eq!(refusal(create(&house).await), expected);
    house.call_in::<CreateKey>("eu-west-1", CreateKeyRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_replica_counts_in_its_own_region() {
    let house = house(1).await;
    let arn = house.multi_region(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    house.call_in::<CreateKey>("eu-central-1", CreateKeyRequest::default()).await.unwrap();
    let full = refusal(house.call::<ReplicateKey>(&root(), replicate_key(&arn, "eu-central-1")).await);
    assert!(full.starts_with("LimitExceededException") && full.contains("eu-central-1"), "{full}");
    house.call::<ReplicateKey>(&root(), replicate_key(&arn, "eu-west-1")).await.unwrap();
}

#[tokio::test]
async fn of_two_who_make_the_last_key_one_is_refused() {
    let house = house(1).await;
    let handle = house.handle.clone();
    house.store.before_next_txn(async {});
    let _ = house.kms.counted(&arn()).await.unwrap();
    house.store.before_next_txn(async move {
        handle.call::<CreateKey>(&root(), &region(), CreateKeyRequest::default()).await.unwrap();
    });
    assert!(refusal(create(&house).await).starts_with("LimitExceededException"));
    assert_eq!(house.kms.counted(&arn()).await.unwrap().total, 1);
}

#[tokio::test]
async fn far_from_the_quota_makers_do_not_conflict_and_changes_are_folded() {
    let house = house(100_000).await;
    house.kms.counted(&arn()).await.unwrap();
    let before = house.store.txns();
    let handle = house.handle.clone();
    house.store.before_next_txn(async move {
        handle.call::<CreateKey>(&root(), &region(), CreateKeyRequest::default()).await.unwrap();
    });
    create(&house).await.unwrap();
    assert_eq!(house.store.txns() - before, 2, "one transaction each");
    for _ in 0..FOLD_AT {
        create(&house).await.unwrap();
    }
    let counted = house.kms.counted(&arn()).await.unwrap();
    assert_eq!(counted.total, 2 + FOLD_AT as i64);
    assert!(counted.changes.len() < FOLD_AT, "{}", counted.changes.len());
}

#[tokio::test]
async fn keys_that_were_made_before_there_was_a_count_count() {
    let house = house(3).await;
    let key = create(&house).await.unwrap();
    create(&house).await.unwrap();
    let mut forget = Txn::default();
    for row in house.store.inner.rows() {
        let text = String::from_utf8_lossy(row.key.as_bytes()).into_owned();
        if text.contains("/key-count") || text.contains("/key-change/") {
            forget = forget.delete(row.key);
        }
    }
    house.store.txn(forget).await.unwrap();
    attempt(&house, &root(), "ScheduleKeyDeletion", &key, &[]).await.unwrap();
    house.clock.advance(DAY * 7);
    house.kms.destroy_due(None).await.unwrap();
    assert_eq!(house.kms.counted(&arn()).await.unwrap().total, 1);
    create(&house).await.unwrap();
    create(&house).await.unwrap();
    assert!(create(&house).await.is_err());
}
