//! The wrapper passes the suite while it is quiet, and fails exactly as told.

use keyward_base::SimulatedClock;
use proptest::prelude::*;

use super::*;
use crate::SimulatedStore;
use crate::suite::{Harness, model};

fn wrapped() -> (FaultyStore, Arc<SimulatedClock>) {
    let clock = Harness::clock();
    (FaultyStore::new(Arc::new(SimulatedStore::new(clock.clone())), clock.clone()), clock)
}

fn harness() -> Harness {
    let (store, clock) = wrapped();
    Harness { store: Arc::new(store), clock, keep: Box::new(()) }
}

crate::store_suite!(harness());

proptest! {
    #[test]
    fn behaves_like_a_map_that_fails(steps in model::steps(), seed: u64) {
        let (store, _) = wrapped();
        store.draw_faults(seed, 30);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(model::compare(&store, &steps));
    }
}

fn put(value: &'static str) -> Txn {
    Txn::default().put(Key::of(&["a"]), value)
}

async fn value(store: &FaultyStore) -> Option<Row> {
    store.get(&Key::of(&["a"])).await.unwrap()
}

#[tokio::test]
async fn the_script_says_whether_a_failed_transaction_is_written() {
    let (store, _) = wrapped();
    store.script([StoreFault::FailBefore, StoreFault::FailAfter, StoreFault::Pass]);
    store.txn(put("1")).await.unwrap_err();
    assert_eq!(value(&store).await, None);
    store.txn(put("2")).await.unwrap_err();
    assert_eq!(value(&store).await.unwrap().value, "2");
    store.txn(put("3")).await.unwrap();
    store.txn(put("4")).await.unwrap();
}

#[tokio::test]
async fn a_delayed_transaction_waits_for_the_clock() {
    let (store, clock) = wrapped();
    store.script([StoreFault::Delay(Duration::from_secs(5))]);
    let late = tokio::spawn({
        let store = store.clone();
        async move { store.txn(put("late")).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(value(&store).await, None);
    clock.advance(Duration::from_secs(5));
    late.await.unwrap().unwrap();
    assert_eq!(value(&store).await.unwrap().value, "late");
}

#[tokio::test]
async fn a_cut_off_store_fails_every_call_until_it_heals() {
    let (store, _) = wrapped();
    let mut watch = store.watch(&Key::of(&["a"]), Revision::ABSENT);
    let mut lease = store.lease("duty", Duration::from_secs(9)).await.ok().unwrap();
    store.cut_off();
    assert!(matches!(store.txn(put("1")).await, Err(TxnError::Store(StoreError::Backend(_)))));
    store.get(&Key::of(&["a"])).await.unwrap_err();
    store.range(&KeyRange::prefix(&Key::of(&["a"])), 1).await.unwrap_err();
    assert!(matches!(store.lease("other", Duration::from_secs(9)).await, Err(LeaseError::Store(_))));
    assert!(matches!(lease.renew().await, Err(LeaseError::Store(_))));
    assert_eq!(watch.next().await, Err(WatchLost));
    store.heal();
    store.txn(put("2")).await.unwrap();
    lease.renew().await.unwrap();
    assert_eq!(watch.next().await, Err(WatchLost), "a lost watch stays lost");
}
