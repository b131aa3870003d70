//! The bounds of the past, and how a watcher learns that it lost its place.

use super::*;

fn history(transactions_max: usize, bytes_max: usize) -> Arc<History> {
    History::new(Revision(10), HistoryBounds { transactions_max, bytes_max })
}

fn change(revision: u64, key: &'static str, bytes: usize) -> Vec<Event> {
    let value = Some(vec![0; bytes].into());
    vec![Event { key: Key::of(&[key]), value, revision: Revision(revision) }]
}

fn key() -> Key {
    Key::of(&["a"])
}

#[tokio::test]
async fn a_watch_from_before_the_history_is_lost() {
    let history = history(10, 1000);
    assert_eq!(history.watch(&key(), Revision(9)).next().await, Err(WatchLost));
    let mut watch = history.watch(&key(), Revision(10));
    history.publish([change(11, "a", 1)]);
    assert_eq!(watch.next().await, Ok(change(11, "a", 1)));
}

#[tokio::test]
async fn a_watcher_that_lags_behind_the_kept_transactions_is_lost() {
    let history = history(2, 1000);
    let mut slow = history.watch(&key(), Revision(10));
    history.publish((11..=13).map(|revision| change(revision, "a", 1)));
    assert_eq!(slow.next().await, Err(WatchLost));
    assert_eq!(slow.next().await, Err(WatchLost), "once lost, always lost");
    let mut quick = history.watch(&key(), Revision(11));
    assert_eq!(quick.next().await, Ok(change(12, "a", 1)));
    assert_eq!(quick.next().await, Ok(change(13, "a", 1)));
}

#[tokio::test]
async fn the_past_is_bounded_in_bytes() {
    let history = history(100, 50);
    history.publish((11..=14).map(|revision| change(revision, "a", 20)));
    assert_eq!(history.watch(&key(), Revision(11)).next().await, Err(WatchLost));
    assert_eq!(history.watch(&key(), Revision(12)).next().await, Ok(change(13, "a", 20)));
}

#[tokio::test]
async fn a_restarted_history_keeps_only_those_who_are_up_to_date() {
    let history = history(10, 1000);
    history.publish([change(11, "a", 1)]);
    let mut behind = history.watch(&key(), Revision(10));
    let mut current = history.watch(&key(), Revision(11));
    history.restart(Revision(11));
    assert_eq!(behind.next().await, Err(WatchLost));
    history.publish([change(12, "a", 1)]);
    assert_eq!(current.next().await, Ok(change(12, "a", 1)));
    history.restart(Revision(13));
    assert_eq!(current.next().await, Err(WatchLost), "revision 13 was never seen");
}

#[tokio::test]
async fn a_watch_of_the_future_passes_over_what_is_before_it() {
    let history = history(10, 1000);
    let mut watch = history.watch(&key(), Revision(11));
    history.publish([change(11, "a", 1), change(12, "a", 1)]);
    assert_eq!(watch.next().await, Ok(change(12, "a", 1)));
}

#[tokio::test]
async fn closing_ends_a_waiting_watch() {
    let history = history(10, 1000);
    let mut watch = history.watch(&key(), Revision(10));
    let waiting = tokio::spawn(async move { watch.next().await });
    tokio::task::yield_now().await;
    history.close();
    assert_eq!(waiting.await.unwrap(), Err(WatchLost));
}
