//! Watches: every change below a prefix, in order, exactly once.

use std::sync::Arc;

use super::{Harness, at, event};
use crate::{Revision, Txn};

pub async fn a_watch_delivers_each_change_once_in_order(harness: Harness) {
    let mut watch = harness.store.watch(&at("a"), Revision::ABSENT);
    let first = harness.put("a", "1").await;
    let second = harness.put("a", "2").await;
    let third = harness.store.txn(Txn::default().delete(at("a"))).await.unwrap();
    assert_eq!(watch.next().await.unwrap(), [event("a", Some("1"), first)]);
    assert_eq!(watch.next().await.unwrap(), [event("a", Some("2"), second)]);
    assert_eq!(watch.next().await.unwrap(), [event("a", None, third)]);
}

pub async fn a_watch_sees_only_its_prefix(harness: Harness) {
    let mut watch = harness.store.watch(&at("a/"), Revision::ABSENT);
    harness.put("a", "v").await;
    harness.put("b/1", "v").await;
    let both = Txn::default().put(at("a/1"), "v").put(at("b/2"), "v");
    let revision = harness.store.txn(both).await.unwrap();
    harness.store.txn(Txn::default().delete(at("a/absent"))).await.unwrap();
    let last = harness.put("a/2", "v").await;
    assert_eq!(watch.next().await.unwrap(), [event("a/1", Some("v"), revision)]);
    assert_eq!(watch.next().await.unwrap(), [event("a/2", Some("v"), last)]);
}

pub async fn a_watch_begins_after_its_revision(harness: Harness) {
    let first = harness.put("a", "1").await;
    let second = harness.put("a", "2").await;
    let mut earlier = harness.store.watch(&at("a"), first);
    let mut later = harness.store.watch(&at("a"), second);
    let third = harness.put("a", "3").await;
    assert_eq!(earlier.next().await.unwrap(), [event("a", Some("2"), second)]);
    assert_eq!(later.next().await.unwrap(), [event("a", Some("3"), third)]);
}

pub async fn a_watch_waits_for_what_comes(harness: Harness) {
    let mut watch = harness.store.watch(&at("a"), Revision::ABSENT);
    let waiting = tokio::spawn(async move { watch.next().await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    let store = Arc::clone(&harness.store);
    let revision = store.txn(Txn::default().put(at("a"), "1")).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), [event("a", Some("1"), revision)]);
}

pub async fn the_events_of_a_transaction_come_together(harness: Harness) {
    harness.put("w/b", "0").await;
    let mut watch = harness.store.watch(&at("w/"), Revision(1));
    let txn = Txn::default().put(at("w/c"), "3").delete(at("w/b")).put(at("w/a"), "1");
    let revision = harness.store.txn(txn).await.unwrap();
    let expected =
        [event("w/a", Some("1"), revision), event("w/b", None, revision), event("w/c", Some("3"), revision)];
    assert_eq!(watch.next().await.unwrap(), expected);
}
