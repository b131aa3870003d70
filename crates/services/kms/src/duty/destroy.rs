//! Destroys keys whose waiting period is over: material, policy, tags and aliases go in one transaction.

use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_store::{Compare, KeyRange, LeaseError, Revision, Row, Txn, TxnError};
use tracing::{info, warn};

use crate::fault;
use crate::key::{KeyRecord, KeyRow, Lifecycle};
use crate::kms::Kms;
use crate::rows::{self, PlannedDeletion};

/// The lease of this duty.
const LEASE: &str = "kms/destroy-keys";
/// How soon another process takes the duty over.
const TERM: Duration = Duration::from_secs(15);
/// How often the owner looks, and renews its lease.
const INTERVAL: Duration = Duration::from_secs(5);
/// How many planned deletions are read at once.
const BATCH: usize = 64;

/// What became of one planned deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Destruction {
    /// The key is gone.
    Destroyed,
    /// There was nothing to destroy: cancelled, planned anew, or gone already.
    Outdated,
    /// The key was changed meanwhile, or somebody else has the duty: the next look decides.
    Raced,
}

impl Kms {
    /// Takes the duty's lease and keeps destroying until it is lost.
    pub(super) async fn destroy_while_owner(&self) -> Result<(), Fault> {
        let mut lease = match self.store.lease(LEASE, TERM).await {
            Ok(lease) => lease,
            Err(LeaseError::Held) => {
                self.clock.sleep(TERM).await;
                return Ok(());
            }
            Err(LeaseError::Store(error)) => return Err(fault::internal(error)),
        };
        loop {
            self.destroy_due(Some(lease.fence())).await?;
            self.clock.sleep(INTERVAL).await;
            match lease.renew().await {
                Ok(()) => {}
                Err(LeaseError::Held) => return Ok(()),
                Err(LeaseError::Store(error)) => return Err(fault::internal(error)),
            }
        }
    }

    /// Destroys every key whose waiting period is over now, and answers how many there were. A `fence` makes
    /// it stop when somebody else has the duty. A key that fails is left for the next look; the others go.
    pub async fn destroy_due(&self, fence: Option<Compare>) -> Result<usize, Fault> {
        let now = self.clock.now();
        let prefix = rows::deletions();
        let mut range = KeyRange::prefix(&prefix);
        let mut destroyed = 0;
        loop {
            let (rows, _) = self.store.range(&range, BATCH).await.map_err(fault::internal)?;
            let due: Vec<_> = rows.iter().filter_map(|row| due(row, now)).collect();
            for planned in &due {
                match self.destroy(planned, fence.clone()).await {
                    Ok(Destruction::Destroyed) => destroyed += 1,
                    Ok(Destruction::Outdated) => {}
                    Ok(Destruction::Raced) => return Ok(destroyed),
                    Err(fault) => {
                        let cause = fault.cause().map(ToString::to_string);
                        warn!(key = %planned.id, %fault, ?cause, "a key was not destroyed; it is tried again");
                    }
                }
            }
            match rows.last() {
                Some(last) if due.len() == BATCH => range = KeyRange::prefix_after(&prefix, &last.key),
                _ => return Ok(destroyed),
            }
        }
    }

    async fn destroy(&self, planned: &PlannedDeletion, fence: Option<Compare>) -> Result<Destruction, Fault> {
        let place = rows::key(planned.account, &planned.region, &planned.id);
        let row = self.store.get(&place).await.map_err(fault::internal)?;
        let revision = row.as_ref().map_or(Revision::ABSENT, |row| row.revision);
        let record = row.map(|row| rows::decode(&row.value)).transpose()?;
        let mut txn = Txn::when(fence.into_iter().collect()).compare(place.clone(), revision);
        txn = txn.delete(planned.row());
        let outcome = match record {
            Some(KeyRow::V1(record)) if is_due(&record, planned) => {
                txn = without_key(txn.delete(place), planned, &record);
                Destruction::Destroyed
            }
            _ => Destruction::Outdated,
        };
        match self.store.txn(txn).await {
            Ok(_) => {
                let PlannedDeletion { account, region, id, .. } = planned;
                info!(key = %id, %account, %region, ?outcome, "planned deletion");
                Ok(outcome)
            }
            Err(TxnError::Conflict) => Ok(Destruction::Raced),
            Err(error) => Err(fault::internal(error)),
        }
    }
}

/// The planned deletion in `row`, if its moment has come.
fn due(row: &Row, now: Timestamp) -> Option<PlannedDeletion> {
    PlannedDeletion::parse(&row.key).filter(|planned| planned.at <= now)
}

/// Whether the key still waits for exactly this deletion.
fn is_due(record: &KeyRecord, planned: &PlannedDeletion) -> bool {
    record.lifecycle == Lifecycle::PendingDeletion { deletion_at: planned.at }
}

/// Removes what belongs to the key besides its row.
fn without_key(mut txn: Txn, planned: &PlannedDeletion, record: &KeyRecord) -> Txn {
    for alias in &record.aliases {
        txn = txn.delete(rows::alias(planned.account, &planned.region, alias));
    }
    txn.delete(rows::owner(&planned.region, &planned.id))
}
