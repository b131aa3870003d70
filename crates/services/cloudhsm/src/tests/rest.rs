//! A service whose clusters are at rest rests too.

use std::sync::atomic::{AtomicU32, Ordering};

use keyward_base::Sleep;
use keyward_gate::testing::partition;
use keyward_hsm::Clusters;

use super::*;
use crate::{CloudHsm, CloudHsmParts};

/// A clock that stands still, and counts who waits for it.
struct Standing {
    now: Timestamp,
    waits: AtomicU32,
}

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn sleep_until(&self, _: Timestamp) -> Sleep {
        self.waits.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn nobody_looks_again_before_something_changed_or_the_interval_is_over() {
    let house = crate::testing::house().await;
    house.cluster().await;
    let clock = Arc::new(Standing { now: house.clock.now(), waits: AtomicU32::new(0) });
    let service = CloudHsm::open(CloudHsmParts {
        store: Arc::new(house.store.clone()),
        blobs: house.blobs.clone(),
        vault: VaultClient::in_process(),
        clock: clock.clone(),
        random: house.random.clone(),
        partition: partition(),
        config: config(),
        hsms: None,
        clusters: Clusters::new(),
    });
    let duties = tokio::spawn(service.await.unwrap().run_duties());
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
    let waits = clock.waits.load(Ordering::Relaxed);
    // One renewal of the lease, and a look or two.
    assert!((2..10).contains(&waits), "{waits}");
    duties.abort();
}
