//! Leases: one holder at a time, for a term, with a fence.

use std::time::Duration;

use super::{Harness, at};
use crate::{Lease, LeaseError, Txn, TxnError};

const TERM: Duration = Duration::from_secs(10);

async fn take(harness: &Harness, name: &str) -> Box<dyn Lease> {
    harness.store.lease(name, TERM).await.map_err(|error| format!("{error:?}")).unwrap()
}

async fn is_held(harness: &Harness, name: &str) -> bool {
    matches!(harness.store.lease(name, TERM).await, Err(LeaseError::Held))
}

pub async fn a_lease_is_held_by_one(harness: Harness) {
    let _held = take(&harness, "duty").await;
    assert!(is_held(&harness, "duty").await);
    harness.clock.advance(TERM - Duration::from_millis(1));
    assert!(is_held(&harness, "duty").await);
}

pub async fn a_lease_ends_with_its_term(harness: Harness) {
    let mut first = take(&harness, "duty").await;
    harness.clock.advance(TERM);
    assert!(matches!(first.renew().await, Err(LeaseError::Held)));
    let mut second = take(&harness, "duty").await;
    assert!(matches!(first.renew().await, Err(LeaseError::Held)));
    second.renew().await.unwrap();
    // Giving up what one no longer has takes nothing from the one who has it.
    first.release().await;
    assert!(is_held(&harness, "duty").await);
    second.renew().await.unwrap();
}

pub async fn a_renewed_lease_goes_on(harness: Harness) {
    let mut lease = take(&harness, "duty").await;
    let fence = lease.fence();
    for _ in 0..3 {
        harness.clock.advance(TERM / 2);
        lease.renew().await.unwrap();
    }
    assert!(is_held(&harness, "duty").await);
    assert_eq!(lease.fence(), fence);
    harness.store.txn(Txn::when(vec![fence]).put(at("a"), "fenced")).await.unwrap();
}

pub async fn a_released_lease_is_free(harness: Harness) {
    take(&harness, "duty").await.release().await;
    take(&harness, "duty").await;
}

pub async fn a_fence_breaks_with_the_lease(harness: Harness) {
    let first = take(&harness, "duty").await;
    let fenced = |lease: &dyn Lease, value| Txn::when(vec![lease.fence()]).put(at("a"), value);
    harness.store.txn(fenced(&*first, "first")).await.unwrap();
    harness.clock.advance(TERM);
    let second = take(&harness, "duty").await;
    assert!(matches!(harness.store.txn(fenced(&*first, "late")).await, Err(TxnError::Conflict)));
    harness.store.txn(fenced(&*second, "second")).await.unwrap();
    let stale = second.fence();
    second.release().await;
    assert!(matches!(harness.store.txn(Txn::when(vec![stale])).await, Err(TxnError::Conflict)));
    assert_eq!(harness.value("a").await.unwrap(), "second");
}

pub async fn leases_of_other_names_are_free(harness: Harness) {
    let _held = take(&harness, "duty").await;
    take(&harness, "other").await;
}
