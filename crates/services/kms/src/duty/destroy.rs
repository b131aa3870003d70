//! Destroys keys whose waiting period is over: material, policy, tags and aliases go in one transaction.

use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_store::{Compare, KeyRange, LeaseError, Row, StoreError, Txn, TxnError};
use tracing::info;

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
    /// it stop when somebody else has the duty.
    pub async fn destroy_due(&self, fence: Option<Compare>) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut destroyed = 0;
        loop {
            let range = KeyRange::prefix(&rows::deletions());
            let (rows, _) = self.store.range(&range, BATCH).await.map_err(fault::internal)?;
            let due: Vec<_> = rows.iter().filter_map(|row| due(row, now)).collect();
            for planned in &due {
                if self.destroy(planned, fence.clone()).await? == Destruction::Destroyed {
                    destroyed += 1;
                }
            }
            if due.len() < BATCH {
                return Ok(destroyed);
            }
        }
    }

    async fn destroy(&self, planned: &PlannedDeletion, fence: Option<Compare>) -> Result<Destruction, Fault> {
        let place = rows::key(planned.account, &planned.region, &planned.id);
        let row = self.store.get(&place).await.map_err(fault::internal)?;
        let revision = row.as_ref().map_or(keyward_store::Revision::ABSENT, |row| row.revision);
        let mut txn = Txn::when(fence.into_iter().collect()).compare(place.clone(), revision);
        txn = txn.delete(planned.row());
        let record = row.map(|row| rows::decode(&row.value)).transpose()?;
        let outcome = match record {
            Some(KeyRow::V1(record)) if is_due(&record, planned) => {
                txn = without_key(txn.delete(place), planned, &record);
                Destruction::Destroyed
            }
            _ => Destruction::Outdated,
        };
        match self.store.txn(txn).await {
            Ok(_) => {
                info!(key = %planned.id, account = %planned.account, region = %planned.region, ?outcome, "planned deletion");
                Ok(outcome)
            }
            // The key was changed meanwhile, or the duty is another's: the next look decides.
            Err(TxnError::Conflict) => Err(fault::internal(StoreError::Closed)),
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
