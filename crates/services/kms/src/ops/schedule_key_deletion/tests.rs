//! The waiting period's limits, and what the answers show.

use std::time::Duration;

use keyward_schema::kms::*;

use crate::testing::{House, START, refusal, root};

fn schedule(key: &str, days: Option<i32>) -> ScheduleKeyDeletionRequest {
    ScheduleKeyDeletionRequest { key_id: key.to_owned(), pending_window_in_days: days }
}

#[tokio::test]
async fn without_a_number_it_waits_thirty_days() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let answer = house.call::<ScheduleKeyDeletion>(&root(), schedule(&arn, None)).await.unwrap();
    let moment = START.plus(Duration::from_secs(30 * 86_400));
    let expected = ScheduleKeyDeletionResponse {
        key_id: Some(arn.clone()),
        deletion_date: Some(moment),
        key_state: Some(KeyState::PendingDeletion),
        pending_window_in_days: Some(30),
    };
    assert_eq!(answer, expected);
    let input = DescribeKeyRequest { key_id: arn.clone(), grant_tokens: None };
    let shown = house.call::<DescribeKey>(&root(), input).await.unwrap().key_metadata.unwrap();
    assert_eq!((shown.enabled, shown.deletion_date), (Some(false), Some(moment)));
    let cancelled = CancelKeyDeletionRequest { key_id: arn.clone() };
    let cancelled = house.call::<CancelKeyDeletion>(&root(), cancelled).await.unwrap();
    assert_eq!(cancelled.key_id, Some(arn.clone()));
    let input = DescribeKeyRequest { key_id: arn, grant_tokens: None };
    let shown = house.call::<DescribeKey>(&root(), input).await.unwrap().key_metadata.unwrap();
    assert_eq!((shown.key_state, shown.deletion_date), (Some(KeyState::Disabled), None));
}

#[tokio::test]
async fn it_waits_seven_to_thirty_days() {
    let house = House::new().await;
    for days in [7, 30] {
        let arn = house.symmetric().await;
        assert!(house.call::<ScheduleKeyDeletion>(&root(), schedule(&arn, Some(days))).await.is_ok());
    }
    let arn = house.symmetric().await;
    for (days, rule) in [(6, "greater than or equal to 7"), (31, "less than or equal to 30")] {
        let expected = format!(
            "ValidationException: 1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed \
             to satisfy constraint: Member must have value {rule}"
        );
        let input = schedule(&arn, Some(days));
        assert_eq!(refusal(house.call::<ScheduleKeyDeletion>(&root(), input).await), expected);
    }
}
