//! Lost races: what was judged changed before the transaction, so that everything is judged again.

use keyward_schema::kms::*;

use crate::key::Lifecycle;
use crate::testing::{House, attempt, refusal, region, root};

/// Calls `operation` on a key that somebody else schedules for deletion between judging and writing.
async fn against_deletion(operation: &str) -> (String, House, String) {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let old = CreateAliasRequest { alias_name: "alias/old".to_owned(), target_key_id: arn.clone() };
    house.call::<CreateAlias>(&root(), old).await.unwrap();
    let (handle, key_id) = (house.handle.clone(), arn.clone());
    house.store.before_next_txn(async move {
        let input = ScheduleKeyDeletionRequest { key_id, pending_window_in_days: Some(7) };
        handle.call::<ScheduleKeyDeletion>(&root(), &region(), input).await.unwrap();
    });
    let answer = refusal(attempt(&house, &root(), operation, &arn, &[]).await);
    (answer, house, arn)
}

#[tokio::test]
async fn a_key_that_was_scheduled_for_deletion_meanwhile_is_not_changed() {
    let operations = ["DisableKey", "EnableKey", "TagResource", "UpdateKeyDescription", "CreateAlias"];
    let rotations = ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"];
    for operation in operations.into_iter().chain(rotations) {
        let (answer, house, arn) = against_deletion(operation).await;
        let expected = format!("KMSInvalidStateException: {arn} is pending deletion.");
        assert_eq!(answer, expected, "{operation}");
        let record = house.record(&arn).await.unwrap();
        assert!(matches!(record.lifecycle, Lifecycle::PendingDeletion { .. }), "{operation}");
        assert_eq!(record.aliases.len(), 1, "{operation}");
    }
}

#[tokio::test]
async fn what_works_in_every_state_is_judged_again_and_done() {
    for operation in ["PutKeyPolicy", "DeleteAlias"] {
        let (answer, house, arn) = against_deletion(operation).await;
        assert_eq!(answer, "no error", "{operation}");
        let record = house.record(&arn).await.unwrap();
        assert!(matches!(record.lifecycle, Lifecycle::PendingDeletion { .. }), "{operation}");
    }
}

#[tokio::test]
async fn of_two_who_make_one_alias_one_learns_that_it_exists() {
    let house = House::new().await;
    let (first, second) = (house.symmetric().await, house.symmetric().await);
    let input = |target: &str| CreateAliasRequest {
        alias_name: "alias/one".to_owned(),
        target_key_id: target.to_owned(),
    };
    let (handle, other) = (house.handle.clone(), input(&second));
    house.store.before_next_txn(async move {
        handle.call::<CreateAlias>(&root(), &region(), other).await.unwrap();
    });
    let answer = refusal(house.call::<CreateAlias>(&root(), input(&first)).await);
    let expected = "AlreadyExistsException: An alias with the name \
                    arn:aws:kms:us-east-1:111122223333:alias/one already exists";
    assert_eq!(answer, expected);
    assert!(house.record(&first).await.unwrap().aliases.is_empty());
    assert_eq!(house.record(&second).await.unwrap().aliases.len(), 1);
}

#[tokio::test]
async fn tags_that_were_added_at_once_are_all_kept() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let input = |key: &str| TagResourceRequest {
        key_id: arn.clone(),
        tags: vec![Tag { tag_key: key.to_owned(), tag_value: String::new() }],
    };
    let (handle, other) = (house.handle.clone(), input("a"));
    house.store.before_next_txn(async move {
        handle.call::<TagResource>(&root(), &region(), other).await.unwrap();
    });
    house.call::<TagResource>(&root(), input("b")).await.unwrap();
    let tags = house.record(&arn).await.unwrap().tags;
    assert_eq!(tags.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_changes_one_key_gets_through() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    house.store.slow_down();
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (handle, key_id) = (house.handle.clone(), arn.clone());
        let tags = vec![Tag { tag_key: number.to_string(), tag_value: String::new() }];
        crowd.spawn(async move {
            let input = TagResourceRequest { key_id, tags };
            handle.call::<TagResource>(&root(), &region(), input).await.map(drop)
        });
    }
    while let Some(answer) = crowd.join_next().await {
        assert_eq!(refusal(answer.unwrap()), "no error");
    }
    assert_eq!(house.record(&arn).await.unwrap().tags.iter().count(), 32);
}
