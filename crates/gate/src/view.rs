//! Reads of the store that remember which rows they saw.

use keyward_base::Fault;
use keyward_store::{Compare, Key, KeyRange, Revision, Row, Store};

/// What `Operation::resolve` reads through: each row that it gets is remembered with its revision, so
/// that the permit's transaction fails when one of them changed since.
pub struct View<'a> {
    store: &'a dyn Store,
    judged: Vec<Compare>,
}

impl<'a> View<'a> {
    /// A view of `store` that has read nothing yet.
    pub(crate) fn new(store: &'a dyn Store) -> Self {
        Self { store, judged: Vec::new() }
    }

    /// The row at `key`; its revision (or its absence) is remembered.
    pub async fn get(&mut self, key: &Key) -> Result<Option<Row>, Fault> {
        let row = self.store.get(key).await.map_err(Fault::ours)?;
        let revision = row.as_ref().map_or(Revision::ABSENT, |row| row.revision);
        self.remember(key.clone(), revision);
        Ok(row)
    }

    /// The first `limit` rows of a range. They are not remembered: lists do not guard writes.
    pub async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, Fault> {
        let (rows, _) = self.store.range(range, limit).await.map_err(Fault::ours)?;
        Ok(rows)
    }

    /// The row at `key`, not remembered: it may turn out to decide nothing.
    pub async fn peek(&self, key: &Key) -> Result<Option<Row>, Fault> {
        self.store.get(key).await.map_err(Fault::ours)
    }

    /// Remembers a row that came from a cache.
    pub fn remember(&mut self, key: Key, revision: Revision) {
        if !self.judged.iter().any(|compare| compare.key == key) {
            self.judged.push(Compare { key, revision });
        }
    }

    /// The rows that were read.
    pub(crate) fn into_judged(self) -> Vec<Compare> {
        self.judged
    }
}
