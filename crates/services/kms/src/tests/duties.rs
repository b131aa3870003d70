//! Deletion after the waiting period, and the notices about changed keys.

use std::time::Duration;

use keyward_base::Notice;
use keyward_schema::kms::*;
use keyward_store::{Store, Txn};

use crate::planned::{Plan, Planned};
use crate::rows;
use crate::testing::{House, START, attempt, encrypt, place, refusal, region, root};

const DAY: Duration = Duration::from_secs(86_400);

async fn schedule(house: &House, arn: &str, days: i32) -> ScheduleKeyDeletionResponse {
    let input = ScheduleKeyDeletionRequest { key_id: arn.to_owned(), pending_window_in_days: Some(days) };
    house.call::<ScheduleKeyDeletion>(&root(), input).await.unwrap()
}

#[tokio::test]
async fn after_the_waiting_period_nothing_of_the_key_is_left() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"secret")).await.unwrap();
    let alias = CreateAliasRequest { alias_name: "alias/a".to_owned(), target_key_id: arn.clone() };
    house.call::<CreateAlias>(&root(), alias).await.unwrap();
    let answer = schedule(&house, &arn, 7).await;
    assert_eq!(answer.deletion_date, Some(START.plus(7 * DAY)));
    assert_eq!(answer.key_state, Some(KeyState::PendingDeletion));

    house.clock.advance(7 * DAY - Duration::from_millis(1));
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);
    assert!(house.record(&arn).await.is_some());

    house.clock.advance(Duration::from_millis(1));
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);
    let left = house.rows();
    assert_eq!(left.len(), 1, "only the marker key: {left:?}");
    let missing = format!("NotFoundException: Key '{arn}' does not exist");
    assert_eq!(refusal(attempt(&house, &root(), "DescribeKey", &arn, &[]).await), missing);
    let gone = DecryptRequest { ciphertext_blob: sealed.ciphertext_blob, ..Default::default() };
    assert!(refusal(house.call::<Decrypt>(&root(), gone).await).starts_with("AccessDeniedException"));
    let by_alias = refusal(house.call::<Encrypt>(&root(), encrypt("alias/a", b"x")).await);
    let expected = "NotFoundException: Alias arn:aws:kms:us-east-1:111122223333:alias/a is not found.";
    assert_eq!(by_alias, expected);
}

#[tokio::test]
async fn a_cancelled_deletion_is_not_carried_out() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    schedule(&house, &arn, 7).await;
    attempt(&house, &root(), "CancelKeyDeletion", &arn, &[]).await.unwrap();
    house.clock.advance(8 * DAY);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);
    attempt(&house, &root(), "EnableKey", &arn, &[]).await.unwrap();
    attempt(&house, &root(), "Encrypt", &arn, &[]).await.unwrap();
}

#[tokio::test]
async fn a_deletion_that_was_planned_anew_waits_for_the_new_moment() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    schedule(&house, &arn, 7).await;
    attempt(&house, &root(), "CancelKeyDeletion", &arn, &[]).await.unwrap();
    schedule(&house, &arn, 30).await;
    house.clock.advance(29 * DAY);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);
    house.clock.advance(DAY);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
}

#[tokio::test]
async fn who_lost_the_duty_destroys_nothing() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    schedule(&house, &arn, 7).await;
    house.clock.advance(8 * DAY);
    let lease = house.store.lease("somebody's", DAY).await.unwrap();
    let fence = lease.fence();
    lease.release().await;
    assert_eq!(house.kms.destroy_due(Some(fence)).await.unwrap(), 0);
    assert!(house.record(&arn).await.is_some());
}

/// What `CancelKeyDeletion` removes may be back: by an old backup of some rows, or a defect.
#[tokio::test]
async fn an_outdated_plan_destroys_nothing() {
    let house = House::new().await;
    let (enabled, later) = (house.symmetric().await, house.symmetric().await);
    schedule(&house, &later, 30).await;
    for arn in [&enabled, &later] {
        let (account, region, id) = rows::parse_key(&place(arn)).unwrap();
        let plan = Planned { plan: Plan::Deletion, at: START, account, region, id };
        house.store.txn(Txn::default().put(plan.row(), Vec::new())).await.unwrap();
    }
    let before = house.store.inner.rows().len();
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);
    assert_eq!(house.store.inner.rows().len(), before - 2, "the outdated plans are gone");
    assert!(house.record(&enabled).await.is_some() && house.record(&later).await.is_some());
}

#[tokio::test]
async fn a_key_that_cannot_be_read_does_not_keep_others_from_being_destroyed() {
    let house = House::new().await;
    let (broken, whole) = (house.symmetric().await, house.symmetric().await);
    for arn in [&broken, &whole] {
        schedule(&house, arn, 7).await;
    }
    house.store.txn(Txn::default().put(place(&broken), vec![9, 9, 9])).await.unwrap();
    house.clock.advance(7 * DAY);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert!(house.record(&whole).await.is_none());
}

#[tokio::test]
async fn a_key_that_was_saved_at_the_last_moment_is_not_destroyed() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    schedule(&house, &arn, 7).await;
    house.clock.advance(7 * DAY);
    let (handle, key_id) = (house.handle.clone(), arn.clone());
    house.store.before_next_txn(async move {
        let input = CancelKeyDeletionRequest { key_id };
        handle.call::<CancelKeyDeletion>(&root(), &region(), input).await.unwrap();
    });
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);
    assert!(house.record(&arn).await.is_some());
}

#[tokio::test]
async fn many_keys_are_destroyed_at_once() {
    let house = House::new().await;
    for _ in 0..130 {
        let arn = house.symmetric().await;
        schedule(&house, &arn, 7).await;
    }
    house.clock.advance(7 * DAY);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 130);
    assert_eq!(house.rows().len(), 1);
}

#[tokio::test]
async fn running_duties_destroy_keys_and_tell_of_changes() {
    let house = House::new().await;
    let mut changes = house.kms.key_changes().reader();
    let duties = tokio::spawn(house.kms.clone().run_duties());
    assert_eq!(changes.next().await, Notice::Missed);
    let arn = house.symmetric().await;
    let told = Notice::Changed(arn.parse().unwrap());
    assert_eq!(changes.next().await, told);
    attempt(&house, &root(), "DisableKey", &arn, &[]).await.unwrap();
    assert_eq!(changes.next().await, told);
    schedule(&house, &arn, 7).await;
    assert_eq!(changes.next().await, told);
    // The duty looks every few seconds of the simulated time.
    while house.store.get(&place(&arn)).await.unwrap().is_some() {
        house.clock.advance(DAY);
        tokio::task::yield_now().await;
    }
    assert_eq!(changes.next().await, told);
    duties.abort();
}
