//! The store fails under an operation: it was done as a whole or not at all, and the caller is told.

use keyward_base::Blame;
use keyward_schema::kms::*;

use crate::testing::{Failure, House, ON_KEYS, attempt, root};

const WRITING: [&str; 11] = [
    "CancelKeyDeletion",
    "CreateAlias",
    "DeleteAlias",
    "DisableKey",
    "EnableKey",
    "PutKeyPolicy",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
];

async fn scene(operation: &str) -> (House, String) {
    let house = House::new().await;
    let (other, arn) = (house.symmetric().await, house.symmetric().await);
    let target_key_id = if operation == "UpdateAlias" { other } else { arn.clone() };
    let alias = CreateAliasRequest { alias_name: "alias/old".to_owned(), target_key_id };
    house.call::<CreateAlias>(&root(), alias).await.unwrap();
    if operation == "CancelKeyDeletion" {
        attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &[]).await.unwrap();
    }
    (house, arn)
}

#[tokio::test]
async fn every_writing_operation_is_one_transaction() {
    assert!(WRITING.iter().all(|operation| ON_KEYS.iter().any(|(name, ..)| name == operation)));
    for operation in WRITING {
        for failure in [Failure::Before, Failure::After] {
            let (house, arn) = scene(operation).await;
            let (rows, txns) = (house.store.inner.rows(), house.store.txns());
            house.store.fail_next_txn(failure);
            let fault = attempt(&house, &root(), operation, &arn, &[]).await.unwrap_err();
            assert_eq!(fault.blame(), Blame::Ours, "{operation}");
            assert_eq!(house.store.txns(), txns + 1, "{operation}");
            let unchanged = house.store.inner.rows() == rows;
            assert_eq!(unchanged, matches!(failure, Failure::Before), "{operation}");
            house.check_rows();
        }
    }
}

#[tokio::test]
async fn a_key_that_was_not_acknowledged_is_whole_or_absent() {
    for (failure, keys) in [(Failure::Before, 1), (Failure::After, 2)] {
        let house = House::new().await;
        // From here on keys are counted, so that the next transaction is the key's own.
        house.symmetric().await;
        house.store.fail_next_txn(failure);
        let fault = house.call::<CreateKey>(&root(), Default::default()).await.unwrap_err();
        assert_eq!(fault.blame(), Blame::Ours);
        let listed = house.call::<ListKeys>(&root(), Default::default()).await.unwrap().keys.unwrap();
        assert_eq!(listed.len(), keys);
        house.check_rows();
    }
}

#[tokio::test]
async fn a_destruction_that_failed_is_done_at_the_next_look() {
    for failure in [Failure::Before, Failure::After] {
        let (house, arn) = scene("ScheduleKeyDeletion").await;
        attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &[]).await.unwrap();
        house.clock.advance(std::time::Duration::from_secs(7 * 86_400));
        house.store.fail_next_txn(failure);
        assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);
        house.check_rows();
        house.kms.destroy_due(None).await.unwrap();
        assert!(house.record(&arn).await.is_none());
        house.check_rows();
    }
}
