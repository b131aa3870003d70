//! Carries out what is planned for keys when its moment has come; one process at a time has each duty.

use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_store::{Compare, KeyRange, LeaseError, Row, Txn, TxnError};
use tracing::{info, warn};

use crate::fault;
use crate::kms::Kms;
use crate::planned::{Plan, Planned};

/// How soon another process takes a duty over.
const TERM: Duration = Duration::from_secs(15);
/// How often the owner looks, and renews its lease.
const INTERVAL: Duration = Duration::from_secs(5);
/// How many plans are read at once.
const BATCH: usize = 64;

/// What became of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is carried out.
    Done,
    /// There was nothing to do: cancelled, planned anew, paused, or done already.
    Outdated,
    /// The key was changed meanwhile, or somebody else has the duty: the next look decides.
    Raced,
}

impl Plan {
    /// The lease of its duty.
    const fn lease(self) -> &'static str {
        match self {
            Self::Deletion => "kms/destroy-keys",
            Self::Rotation => "kms/rotate-keys",
            Self::Sweep => "kms/sweep-grants",
            Self::Settling => "kms/settle-keys",
            Self::Expiry => "kms/expire-materials",
        }
    }
}

impl Kms {
    /// Takes the duty's lease and keeps carrying out its plans until it is lost.
    pub(super) async fn carry_out_while_owner(&self, plan: Plan) -> Result<(), Fault> {
        let mut lease = match self.store.lease(plan.lease(), TERM).await {
            Ok(lease) => lease,
            Err(LeaseError::Held) => {
                self.clock.sleep(TERM).await;
                return Ok(());
            }
            Err(LeaseError::Store(error)) => return Err(fault::internal(error)),
        };
        loop {
            self.carry_out_due(plan, Some(lease.fence())).await?;
            self.wait_for(plan).await;
            match lease.renew().await {
                Ok(()) => {}
                Err(LeaseError::Held) => return Ok(()),
                Err(LeaseError::Store(error)) => return Err(fault::internal(error)),
            }
        }
    }

    /// Until it is time to look again. Somebody may be waiting for a key to settle, so that this is told.
    async fn wait_for(&self, plan: Plan) {
        let told = self.settling.notified();
        match plan {
            Plan::Settling => tokio::select! { () = told => {}, () = self.clock.sleep(INTERVAL) => {} },
            _ => self.clock.sleep(INTERVAL).await,
        }
    }

    /// Carries out what is due now, and answers how much it was. A `fence` makes it stop when somebody else
    /// has the duty. What fails is left for the next look; the others are done.
    pub(super) async fn carry_out_due(&self, plan: Plan, fence: Option<Compare>) -> Result<usize, Fault> {
        let now = self.clock.now();
        let prefix = plan.rows();
        let mut range = KeyRange::prefix(&prefix);
        let mut done = 0;
        loop {
            let (rows, _) = self.store.range(&range, BATCH).await.map_err(fault::internal)?;
            let due: Vec<_> = rows.iter().filter_map(|row| due(plan, row, now)).collect();
            for planned in &due {
                match self.carry_out(planned, fence.clone()).await {
                    Ok(Outcome::Done) => done += 1,
                    Ok(Outcome::Outdated) => {}
                    Ok(Outcome::Raced) => return Ok(done),
                    Err(fault) => {
                        let cause = fault.cause().map(ToString::to_string);
                        warn!(?planned, %fault, ?cause, "a plan for a key failed; it is tried again");
                    }
                }
            }
            match rows.last() {
                Some(last) if due.len() == BATCH => range = KeyRange::prefix_after(&prefix, &last.key),
                _ => return Ok(done),
            }
        }
    }

    async fn carry_out(&self, planned: &Planned, fence: Option<Compare>) -> Result<Outcome, Fault> {
        let txn = Txn::when(fence.into_iter().collect());
        let (txn, outcome) = match planned.plan {
            Plan::Deletion => self.destroy(planned, txn).await?,
            Plan::Rotation => self.rotate(planned, txn).await?,
            Plan::Sweep => self.sweep(planned, txn).await?,
            Plan::Settling => self.settle(planned, txn).await?,
            Plan::Expiry => self.expire(planned, txn).await?,
        };
        match self.store.txn(txn).await {
            Ok(_) => {
                info!(?planned, ?outcome, "planned for a key");
                Ok(outcome)
            }
            Err(TxnError::Conflict) => Ok(Outcome::Raced),
            Err(error) => Err(fault::internal(error)),
        }
    }
}

/// The plan in `row`, if its moment has come.
fn due(plan: Plan, row: &Row, now: Timestamp) -> Option<Planned> {
    plan.parse(&row.key).filter(|planned| planned.at <= now)
}
