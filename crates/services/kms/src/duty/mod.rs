//! What KMS does without being asked. A duty takes no input: it reads the rows, compares and acts, and can
//! be repeated or taken over at any point.

mod announce;
mod connect;
mod destroy;
mod expire;
mod planned;
mod read;
mod rotate;
mod settle;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

use keyward_base::Fault;
use tracing::warn;

use crate::kms::Kms;
use crate::planned::Plan;

/// How long to wait after a duty failed.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Kms {
    /// Runs the service's duties until the future is dropped: destroying keys whose waiting period is over,
    /// removing their grants, rotating keys by plan, finishing replicas, letting go of expired material, connecting
    /// custom key stores, writing what keys were used for last, and telling of changed keys.
    pub async fn run_duties(self: Arc<Self>) {
        tokio::join!(
            self.announce_changes(&self.partition),
            self.keep_carrying_out(Plan::Deletion),
            self.keep_carrying_out(Plan::Rotation),
            self.keep_carrying_out(Plan::Sweep),
            self.keep_carrying_out(Plan::Settling),
            self.keep_key_stores_connected(),
            self.keep_writing_usage(),
            self.keep_carrying_out(Plan::Expiry),
        );
    }

    async fn keep_carrying_out(&self, plan: Plan) {
        loop {
            if let Err(fault) = self.carry_out_while_owner(plan).await {
                self.pause_after(&fault).await;
            }
        }
    }

    async fn pause_after(&self, fault: &Fault) {
        warn!(%fault, cause = ?fault.cause().map(ToString::to_string), "a duty of KMS failed; it is tried again");
        self.clock.sleep(RETRY_AFTER).await;
    }
}
