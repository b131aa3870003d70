//! The promises of the `Store` trait as tests that every store must pass.
//!
//! A store's own tests name it once: `store_suite!(harness)`, where `harness` makes a `Harness`. Each case
//! becomes a test of its own. `model` compares random operations with a plain map.

#![allow(missing_docs, reason = "a case is described by its name")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a case fails by panicking")]

mod leases;
pub mod model;
mod ranges;
mod transactions;
mod watches;

use std::any::Any;
use std::sync::Arc;

use keyward_base::{SimulatedClock, Timestamp};

use crate::{Event, Key, Revision, Store, Txn};

pub use leases::*;
pub use ranges::*;
pub use transactions::*;
pub use watches::*;

/// An empty store with the clock that judges its leases.
pub struct Harness {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Its clock.
    pub clock: Arc<SimulatedClock>,
    /// What must live as long as the store, such as its folder.
    pub keep: Box<dyn Any + Send>,
}

impl Harness {
    /// A clock for a store under test.
    pub fn clock() -> Arc<SimulatedClock> {
        Arc::new(SimulatedClock::new(Timestamp::from_unix_seconds(1_800_000_000)))
    }

    async fn put(&self, key: &str, value: &'static str) -> Revision {
        self.store.txn(Txn::default().put(at(key), value)).await.unwrap()
    }

    async fn value(&self, key: &str) -> Option<String> {
        let row = self.store.get(&at(key)).await.unwrap()?;
        Some(String::from_utf8(row.value.to_vec()).unwrap())
    }
}

fn at(key: &str) -> Key {
    Key::new(key.as_bytes().to_vec())
}

fn event(key: &str, value: Option<&'static str>, revision: Revision) -> Event {
    Event { key: at(key), value: value.map(|value| value.as_bytes().into()), revision }
}

/// Makes every case of the suite a test of the store that `$harness` makes.
#[macro_export]
macro_rules! store_suite {
    ($harness:expr) => {
        $crate::store_suite!(@cases $harness;
            a_row_is_read_as_it_was_written,
            revisions_grow_by_one_with_each_change,
            a_compare_guards_a_transaction,
            create_refuses_a_row_that_is_there,
            a_conflict_changes_nothing,
            a_transaction_that_changes_nothing_keeps_the_revision,
            deleting_an_absent_row_is_no_error,
            values_may_be_empty_and_keys_any_bytes,
            refuses_what_etcd_would_refuse,
            a_transaction_at_the_limits_commits,
            of_two_racing_creations_one_wins,
            increments_are_never_lost,
            a_prefix_holds_its_rows_in_order,
            pages_follow_each_other,
            a_long_range_is_of_one_moment,
            empty_ranges_are_empty,
            a_watch_delivers_each_change_once_in_order,
            a_watch_sees_only_its_prefix,
            a_watch_begins_after_its_revision,
            a_watch_waits_for_what_comes,
            the_events_of_a_transaction_come_together,
            a_lease_is_held_by_one,
            a_lease_ends_with_its_term,
            a_renewed_lease_goes_on,
            a_released_lease_is_free,
            a_fence_breaks_with_the_lease,
            leases_of_other_names_are_free
        );
    };
    (@cases $harness:expr; $($case:ident),*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::suite::$case($harness).await;
            }
        )*
    };
}
