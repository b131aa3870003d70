//! A store in memory, for tests and simulations: deterministic, and as strict as the others.
//!
//! Nothing is durable. Faults are not made here but by `FaultyStore`, which wraps any store.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use keyward_base::Clock;

use crate::history::{History, HistoryBounds};
use crate::tenure::Tenures;
use crate::{
    BoxFuture, Event, Key, KeyRange, Lease, LeaseError, Revision, Row, Store, StoreError, Txn, TxnError,
    Watch, check,
};

/// A store in memory. Clones are handles to the same store.
#[derive(Clone)]
pub struct SimulatedStore(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    history: Arc<History>,
    tenures: Arc<Tenures>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<Key, (Revision, Bytes)>,
    revision: Revision,
}

impl SimulatedStore {
    /// An empty store whose leases `clock` judges.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_history(clock, HistoryBounds::default())
    }

    pub(crate) fn with_history(clock: Arc<dyn Clock>, bounds: HistoryBounds) -> Self {
        let history = History::new(Revision::ABSENT, bounds);
        Self(Arc::new(Inner { state: Mutex::default(), history, tenures: Tenures::new(clock) }))
    }

    /// Every row, for a test that looks at the whole.
    pub fn rows(&self) -> Vec<Row> {
        let state = self.state();
        state.rows.iter().map(|(key, stored)| row(key, stored)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit(&self, txn: &Txn) -> Result<Revision, TxnError> {
        check::check(txn)?;
        let mut state = self.state();
        let events = state.apply(txn)?;
        // Published before the lock is let go, so that the history has the order of the commits.
        self.0.history.publish([events]);
        Ok(state.revision)
    }
}

impl State {
    fn apply(&mut self, txn: &Txn) -> Result<Vec<Event>, TxnError> {
        let found = |key| self.rows.get(key).map_or(Revision::ABSENT, |(revision, _)| *revision);
        if txn.compares.iter().any(|compare| found(&compare.key) != compare.revision) {
            return Err(TxnError::Conflict);
        }
        let revision = Revision(self.revision.0 + 1);
        let mut events = Vec::with_capacity(txn.puts.len() + txn.deletes.len());
        for (key, value) in &txn.puts {
            self.rows.insert(key.clone(), (revision, value.clone()));
            events.push(Event { key: key.clone(), value: Some(value.clone()), revision });
        }
        for key in &txn.deletes {
            if self.rows.remove(key).is_some() {
                events.push(Event { key: key.clone(), value: None, revision });
            }
        }
        if !events.is_empty() {
            self.revision = revision;
            events.sort_by(|a, b| a.key.cmp(&b.key));
        }
        Ok(events)
    }
}

fn row(key: &Key, (revision, value): &(Revision, Bytes)) -> Row {
    Row { key: key.clone(), value: value.clone(), revision: *revision }
}

impl Store for SimulatedStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(async move { Ok(self.state().rows.get(key).map(|stored| row(key, stored))) })
    }

    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> BoxFuture<'a, Result<(Vec<Row>, Revision), StoreError>> {
        Box::pin(async move {
            let state = self.state();
            if range.is_empty() {
                return Ok((Vec::new(), state.revision));
            }
            let bounds = (range.start.clone(), range.end.clone());
            let rows = state.rows.range(bounds).take(limit).map(|(key, stored)| row(key, stored));
            Ok((rows.collect(), state.revision))
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, TxnError>> {
        Box::pin(async move { self.commit(&txn) })
    }

    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn Watch> {
        self.0.history.watch(prefix, after)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Lease>, LeaseError>> {
        Box::pin(self.0.tenures.take(Arc::new(self.clone()), name, term))
    }
}

impl fmt::Debug for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
