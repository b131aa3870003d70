//! When each key was last used, for `GetKeyLastUsage`, at the cost of no write for each use.
//!
//! A use is noted in memory, in a cell that the key's loaded forms share; a duty writes what is new once a
//! minute, and the end of the service does. So a crash forgets at most a minute, and another node knows
//! of a use a minute later. What this process knows it always tells.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyward_base::{Fault, RequestId, Timestamp};
use keyward_gate::RequestContext;
use keyward_schema::kms::KeyLastUsageTrackingOperation as Tracked;
use keyward_store::{Store, Txn, TxnError};
use serde::{Deserialize, Serialize};

use crate::key::KeyArn;
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::{fault, rows};

/// How often uses are written.
const WRITTEN_EVERY: Duration = Duration::from_secs(60);
/// How many keys one transaction writes.
const WRITTEN_AT_ONCE: usize = 64;

/// The last use of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// What it was used for.
    pub(crate) operation: Tracked,
    /// When.
    pub(crate) at: Timestamp,
    /// In which request.
    pub(crate) request: RequestId,
}

/// A use as stored.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UseRow {
    /// The first version: the operation's name, the moment, the request's id.
    V1(String, Timestamp, String),
}

/// When uses began to be noted, as stored.
#[derive(Serialize, Deserialize)]
enum TrackedSinceRow {
    V1(Timestamp),
}

/// A key's last use as far as this process knows.
#[derive(Debug)]
pub(crate) struct UseCell {
    arn: KeyArn,
    last: Mutex<Option<Use>>,
    /// Whether it waits to be written.
    waits: AtomicBool,
}

impl UseCell {
    /// No use yet of the key at `arn`.
    pub(crate) fn new(arn: KeyArn) -> Arc<Self> {
        Arc::new(Self { arn, last: Mutex::default(), waits: AtomicBool::new(false) })
    }

    fn last(&self) -> Option<Use> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The keys whose last use is to be written, and since when uses are noted.
pub(crate) struct Usage {
    waiting: Mutex<Vec<Arc<UseCell>>>,
    /// No use before is known.
    pub(crate) since: Timestamp,
}

impl Usage {
    /// Begins, or goes on since an earlier beginning.
    pub(crate) async fn open(store: &dyn Store, now: Timestamp) -> Result<Self, Fault> {
        let place = rows::usage_since();
        let waiting = Mutex::default();
        if let Some(row) = store.get(&place).await.map_err(fault::internal)? {
            let TrackedSinceRow::V1(since) = rows::decode(&row.value)?;
            return Ok(Self { waiting, since });
        }
        match store.txn(Txn::default().create(place, rows::encode(&TrackedSinceRow::V1(now))?)).await {
            Ok(_) => Ok(Self { waiting, since: now }),
            Err(TxnError::Conflict) => Box::pin(Self::open(store, now)).await,
            Err(error) => Err(fault::internal(error)),
        }
    }

    fn wait(&self, cell: &Arc<UseCell>) {
        if !cell.waits.swap(true, Ordering::AcqRel) {
            self.lock().push(Arc::clone(cell));
        }
    }

    fn take(&self) -> Vec<Arc<UseCell>> {
        let cells = std::mem::take(&mut *self.lock());
        // From here on a use waits anew.
        cells.iter().for_each(|cell| cell.waits.store(false, Ordering::Release));
        cells
    }

    /// The last use of the key at `arn` among those that are not written yet.
    fn unwritten(&self, arn: &KeyArn) -> Option<Use> {
        let uses =
            self.lock().iter().filter(|cell| cell.arn == *arn).filter_map(|cell| cell.last()).collect();
        newest(uses)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<UseCell>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest(uses: Vec<Use>) -> Option<Use> {
    uses.into_iter().max_by_key(|one| one.at)
}

impl Kms {
    /// Notes that `request` used `key`.
    pub(crate) fn used(&self, key: &LoadedKey, request: &RequestContext, operation: Tracked) {
        let new = Use { operation, at: request.now, request: request.id.clone() };
        *key.usage.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
        self.usage.wait(&key.usage);
    }

    /// The last use of a key, noted here or written by anyone.
    pub(crate) async fn last_use(&self, key: &LoadedKey) -> Result<Option<Use>, Fault> {
        let row = self.store.get(&rows::usage(&key.arn)).await.map_err(fault::internal)?;
        let written = row.map(|row| read(&row.value)).transpose()?;
        let known = [written, key.usage.last(), self.usage.unwritten(&key.arn)];
        Ok(newest(known.into_iter().flatten().collect()))
    }

    /// Writes every minute what keys were used for last.
    pub(crate) async fn keep_writing_usage(&self) {
        loop {
            self.clock.sleep(WRITTEN_EVERY).await;
            if let Err(fault) = self.write_usage().await {
                tracing::warn!(%fault, "the last uses of keys were not written; it is tried again");
            }
        }
    }

    /// Writes the uses that are not written yet, also at the end of the service.
    pub async fn write_usage(&self) -> Result<(), Fault> {
        let cells = self.usage.take();
        let mut rest = cells.as_slice();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(rest.len().min(WRITTEN_AT_ONCE));
            if let Err(fault) = self.write_some(some).await {
                rest.iter().for_each(|cell| self.usage.wait(cell));
                return Err(fault);
            }
            rest = others;
        }
        Ok(())
    }

    /// Writes these; when one of the rows changed meanwhile, they wait for the next time.
    async fn write_some(&self, cells: &[Arc<UseCell>]) -> Result<(), Fault> {
        let mut txn = Txn::default();
        for cell in cells {
            txn = self.with_use(txn, cell).await?;
        }
        match self.store.txn(txn).await {
            Ok(_) => Ok(()),
            Err(TxnError::Conflict) => {
                cells.iter().for_each(|cell| self.usage.wait(cell));
                Ok(())
            }
            Err(error) => Err(fault::internal(error)),
        }
    }

    /// Adds a use to `txn`, unless the key is gone or was used later by another node.
    async fn with_use(&self, txn: Txn, cell: &UseCell) -> Result<Txn, Fault> {
        let (Some(last), arn) = (cell.last(), &cell.arn) else { return Ok(txn) };
        let (txn, key) = self.read(txn, rows::key(arn.account, &arn.region, &arn.id)).await?;
        let (txn, row) = self.read(txn, rows::usage(arn)).await?;
        let written = row.map(|row| read(&row.value)).transpose()?;
        if key.is_none() || written.is_some_and(|written| written.at >= last.at) {
            return Ok(txn);
        }
        let row = UseRow::V1(last.operation.as_str().to_owned(), last.at, last.request.to_string());
        Ok(txn.put(rows::usage(arn), rows::encode(&row)?))
    }
}

fn read(value: &[u8]) -> Result<Use, Fault> {
    let UseRow::V1(operation, at, request) = rows::decode(value)?;
    let operation = operation.parse().map_err(fault::internal)?;
    Ok(Use { operation, at, request: request.parse().map_err(fault::internal)? })
}

#[cfg(test)]
mod tests;
