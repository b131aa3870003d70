//! What KMS does without being asked. A duty takes no input: it reads the rows, compares and acts, and can
//! be repeated or taken over at any point.

mod announce;
mod destroy;

use std::sync::Arc;
use std::time::Duration;

use keyward_base::{Fault, Partition};
use tracing::warn;

use crate::kms::Kms;

/// How long to wait after a duty failed.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Kms {
    /// Runs the service's duties until the future is dropped: destroying keys whose waiting period is over,
    /// and telling of changed keys. `partition` is that of the deployment's ARNs.
    pub async fn run_duties(self: Arc<Self>, partition: Partition) {
        tokio::join!(self.announce_changes(&partition), self.keep_destroying());
    }

    async fn keep_destroying(&self) {
        loop {
            if let Err(fault) = self.destroy_while_owner().await {
                self.pause_after(&fault).await;
            }
        }
    }

    async fn pause_after(&self, fault: &Fault) {
        warn!(%fault, cause = ?fault.cause().map(ToString::to_string), "a duty of KMS failed; it is tried again");
        self.clock.sleep(RETRY_AFTER).await;
    }
}
