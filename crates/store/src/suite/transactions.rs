//! Transactions: all or nothing, on condition, in one order.

use std::sync::Arc;

use bytes::Bytes;

use super::{Harness, at};
use crate::limits::{KEY_BYTES_MAX, TXN_BYTES_MAX, TXN_OPERATIONS_MAX};
use crate::{Key, Revision, StoreError, Txn, TxnError};

pub async fn a_row_is_read_as_it_was_written(harness: Harness) {
    assert_eq!(harness.store.get(&at("a")).await.unwrap(), None);
    let revision = harness.put("a", "1").await;
    let row = harness.store.get(&at("a")).await.unwrap().unwrap();
    assert_eq!((row.key, row.value, row.revision), (at("a"), Bytes::from("1"), revision));
}

pub async fn revisions_grow_by_one_with_each_change(harness: Harness) {
    let first = harness.put("a", "1").await;
    let second = harness.put("b", "2").await;
    let third = harness.store.txn(Txn::default().delete(at("a")).put(at("c"), "3")).await.unwrap();
    assert_eq!((second.0, third.0), (first.0 + 1, first.0 + 2));
    assert_eq!(harness.store.get(&at("b")).await.unwrap().unwrap().revision, second);
    assert_eq!(harness.store.get(&at("c")).await.unwrap().unwrap().revision, third);
}

pub async fn a_compare_guards_a_transaction(harness: Harness) {
    let first = harness.put("a", "1").await;
    let guarded = |revision, value| Txn::default().compare(at("a"), revision).put(at("a"), value);
    let second = harness.store.txn(guarded(first, "2")).await.unwrap();
    assert!(matches!(harness.store.txn(guarded(first, "3")).await, Err(TxnError::Conflict)));
    assert!(matches!(harness.store.txn(guarded(Revision::ABSENT, "3")).await, Err(TxnError::Conflict)));
    assert!(matches!(harness.store.txn(guarded(Revision(second.0 + 1), "3")).await, Err(TxnError::Conflict)));
    assert_eq!(harness.value("a").await.unwrap(), "2");
    harness.store.txn(guarded(second, "3")).await.unwrap();
    assert_eq!(harness.value("a").await.unwrap(), "3");
}

pub async fn create_refuses_a_row_that_is_there(harness: Harness) {
    harness.store.txn(Txn::default().create(at("a"), "1")).await.unwrap();
    let again = harness.store.txn(Txn::default().create(at("a"), "2")).await;
    assert!(matches!(again, Err(TxnError::Conflict)));
    harness.store.txn(Txn::default().delete(at("a"))).await.unwrap();
    harness.store.txn(Txn::default().create(at("a"), "3")).await.unwrap();
    assert_eq!(harness.value("a").await.unwrap(), "3");
}

pub async fn a_conflict_changes_nothing(harness: Harness) {
    harness.put("kept", "1").await;
    let before = harness.put("a", "1").await;
    let txn = Txn::default()
        .put(at("new"), "1")
        .put(at("a"), "2")
        .delete(at("kept"))
        .compare(at("a"), before)
        .compare(at("absent"), before);
    assert!(matches!(harness.store.txn(txn).await, Err(TxnError::Conflict)));
    assert_eq!(harness.value("a").await.unwrap(), "1");
    assert_eq!(harness.value("kept").await.unwrap(), "1");
    assert_eq!(harness.value("new").await, None);
    assert_eq!(harness.put("b", "1").await, Revision(before.0 + 1));
}

pub async fn a_transaction_that_changes_nothing_keeps_the_revision(harness: Harness) {
    let revision = harness.put("a", "1").await;
    assert_eq!(harness.store.txn(Txn::default()).await.unwrap(), revision);
    assert_eq!(harness.store.txn(Txn::default().compare(at("a"), revision)).await.unwrap(), revision);
    assert_eq!(harness.store.txn(Txn::default().delete(at("absent"))).await.unwrap(), revision);
    assert_eq!(harness.put("b", "1").await, Revision(revision.0 + 1));
}

pub async fn deleting_an_absent_row_is_no_error(harness: Harness) {
    harness.put("a", "1").await;
    harness.store.txn(Txn::default().delete(at("absent")).delete(at("a"))).await.unwrap();
    assert_eq!(harness.value("a").await, None);
}

pub async fn values_may_be_empty_and_keys_any_bytes(harness: Harness) {
    let keys = [vec![0], vec![0xff; 3], vec![b'a', 0, b'/'], vec![b'k'; KEY_BYTES_MAX]];
    for key in keys.map(Key::new) {
        harness.store.txn(Txn::default().put(key.clone(), Bytes::new())).await.unwrap();
        assert_eq!(harness.store.get(&key).await.unwrap().unwrap().value, Bytes::new());
    }
}

pub async fn refuses_what_etcd_would_refuse(harness: Harness) {
    let txn = Txn::default;
    let many = (0..=TXN_OPERATIONS_MAX).fold(txn(), |txn, i| txn.delete(at(&format!("k{i}"))));
    let large = txn().put(at("a"), vec![0; TXN_BYTES_MAX]);
    let long = txn().put(Key::new(vec![b'k'; KEY_BYTES_MAX + 1]), "");
    for wrong in [many, large, long] {
        let error = harness.store.txn(wrong).await.unwrap_err();
        assert!(matches!(error, TxnError::Store(StoreError::TooLarge(_))), "{error}");
    }
    let twice = txn().put(at("a"), "1").put(at("a"), "2");
    let both = txn().put(at("a"), "1").delete(at("a"));
    let empty = txn().put(at(""), "1");
    let compared = txn().compare(at(""), Revision::ABSENT);
    for wrong in [twice, both, empty, compared] {
        let error = harness.store.txn(wrong).await.unwrap_err();
        assert!(matches!(error, TxnError::Store(StoreError::Malformed(_))), "{error}");
    }
    assert_eq!(harness.value("a").await, None);
}

pub async fn a_transaction_at_the_limits_commits(harness: Harness) {
    let many = (0..TXN_OPERATIONS_MAX).fold(Txn::default(), |txn, i| txn.put(at(&format!("k{i}")), "v"));
    harness.store.txn(many).await.unwrap();
    let last = format!("k{}", TXN_OPERATIONS_MAX - 1);
    assert_eq!(harness.value(&last).await.unwrap(), "v");
    let large = vec![b'x'; TXN_BYTES_MAX - 1];
    harness.store.txn(Txn::default().put(at("l"), large.clone())).await.unwrap();
    assert_eq!(harness.store.get(&at("l")).await.unwrap().unwrap().value, large);
}

pub async fn of_two_racing_creations_one_wins(harness: Harness) {
    let store = &harness.store;
    let create = |value| store.txn(Txn::default().create(at("a"), value));
    let (left, right) = tokio::join!(create("left"), create("right"));
    assert!(left.is_ok() != right.is_ok());
    assert_eq!(harness.value("a").await.unwrap(), if left.is_ok() { "left" } else { "right" });
}

pub async fn increments_are_never_lost(harness: Harness) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&harness.store);
            tokio::spawn(async move {
                for _ in 0..10 {
                    while !increment(&*store).await {}
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(harness.value("n").await.unwrap(), "80");
}

async fn increment(store: &dyn crate::Store) -> bool {
    let row = store.get(&at("n")).await.unwrap();
    let (revision, count) = row.map_or((Revision::ABSENT, 0), |row| {
        (row.revision, std::str::from_utf8(&row.value).unwrap().parse::<u32>().unwrap())
    });
    let txn = Txn::default().compare(at("n"), revision).put(at("n"), (count + 1).to_string());
    match store.txn(txn).await {
        Ok(_) => true,
        Err(TxnError::Conflict) => false,
        Err(error) => panic!("{error}"),
    }
}
