//! The embedded store: one redb file, owned by one process.
//!
//! Reads are taken from the snapshot of the last commit, on the calling task and without a lock. Writes go
//! through one writer thread (group commit). Watches and the terms of leases live in memory: after a restart
//! a watch from the store's revision works, an older one is lost, and every lease is free.
//!
//! Recovery after a kill reads the whole file once (about a second a gigabyte); redb's quicker way was
//! ruled out because it doubles the syncs of each commit.

mod engine;
mod format;
mod medium;
mod open;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use keyward_base::Clock;
use tokio::sync::{mpsc, oneshot};

use crate::history::{History, HistoryBounds};
use crate::tenure::Tenures;
use crate::{
    BoxFuture, Key, KeyRange, Lease, LeaseError, Revision, Row, Store, StoreError, Txn, TxnError, Watch,
    check,
};
use engine::Snapshot;
use medium::Medium;
pub use open::{OpenError, OpenProblem};
use writer::{Request, Writer};

/// Rows that a range reads before it lets other tasks have their turn.
const RANGE_PAGE_ROWS: usize = 256;

/// A store in one file. Clones are handles to the same store; the last one to go closes it.
#[derive(Clone)]
pub struct EmbeddedStore(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    tenures: Arc<Tenures>,
    /// `None` only while being dropped.
    queue: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

/// What the writer shows to readers and watchers.
struct Shared {
    /// The last commit; `None` once closed.
    snapshot: ArcSwapOption<Snapshot>,
    history: Arc<History>,
}

impl Shared {
    fn show(&self, snapshot: Snapshot) {
        self.snapshot.store(Some(Arc::new(snapshot)));
    }

    fn close(&self) {
        self.snapshot.store(None);
        self.history.close();
    }
}

impl EmbeddedStore {
    /// Opens the store in the file at `path`, made if it is not there. `clock` judges leases.
    ///
    /// # Errors
    /// When another process uses the file, a newer binary wrote it, or it can't be read.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let store = Self::open_medium(Medium::file(path.to_owned()), clock, HistoryBounds::default())?;
        open::remove_drafts(path);
        Ok(store)
    }

    fn open_medium(medium: Medium, clock: Arc<dyn Clock>, bounds: HistoryBounds) -> Result<Self, OpenError> {
        let path = medium.path().to_owned();
        let failed = |problem| OpenError { path: path.clone(), problem };
        let engine = medium.open()?;
        let snapshot = engine.snapshot().map_err(|error| failed(error.into()))?;
        let history = History::new(snapshot.revision, bounds);
        let shared = Arc::new(Shared { snapshot: ArcSwapOption::from_pointee(snapshot), history });
        let (queue, requests) = mpsc::channel(writer::QUEUE_LENGTH);
        let writer = Writer::new(medium, engine, Arc::clone(&shared), requests);
        let thread = std::thread::Builder::new().name("store-writer".to_owned());
        let writer = thread.spawn(|| writer.run()).map_err(|error| failed(OpenProblem::Io(error)))?;
        let tenures = Tenures::new(clock);
        Ok(Self(Arc::new(Inner { shared, tenures, queue: Some(queue), writer: Some(writer) })))
    }

    /// Commits what was handed in before, then closes the file. Later calls on any handle get
    /// `StoreError::Closed`.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.send(Request::Close(done)).await.is_ok() {
            // An error means that somebody else closed it first.
            let _ = closed.await;
        }
    }

    /// The store's revision as of the last commit.
    ///
    /// # Errors
    /// `StoreError::Closed` after `close`.
    pub fn revision(&self) -> Result<Revision, StoreError> {
        Ok(self.snapshot()?.revision)
    }

    fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError> {
        self.0.shared.snapshot.load_full().ok_or(StoreError::Closed)
    }

    async fn send(&self, request: Request) -> Result<(), StoreError> {
        let queue = self.0.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(request).await.map_err(|_| StoreError::Closed)
    }

    /// Waits until the writer tried to open a file that a failure closed.
    async fn reopen(&self) -> Result<(), StoreError> {
        let (done, tried) = oneshot::channel();
        self.send(Request::Reopen(done)).await?;
        tried.await.map_err(|_| StoreError::Closed)
    }

    async fn read(&self, key: &Key) -> Result<Option<Row>, StoreError> {
        if let Ok(row) = self.snapshot()?.get(key) {
            return Ok(row);
        }
        self.reopen().await?;
        self.snapshot()?.get(key).map_err(backend)
    }

    async fn read_range(&self, range: &KeyRange, limit: usize) -> Result<(Vec<Row>, Revision), StoreError> {
        if let Ok(found) = self.try_read_range(range, limit).await {
            return Ok(found);
        }
        self.reopen().await?;
        self.try_read_range(range, limit).await
    }

    async fn try_read_range(
        &self,
        range: &KeyRange,
        limit: usize,
    ) -> Result<(Vec<Row>, Revision), StoreError> {
        let snapshot = self.snapshot()?;
        let mut rows = Vec::new();
        let mut rest = range.clone();
        loop {
            let page_end = limit.min(rows.len() + RANGE_PAGE_ROWS);
            snapshot.range(&rest, page_end, &mut rows).map_err(backend)?;
            match rows.last() {
                Some(last) if rows.len() == page_end && page_end < limit => {
                    rest.start = std::ops::Bound::Excluded(last.key.clone());
                    tokio::task::yield_now().await;
                }
                _ => return Ok((rows, snapshot.revision)),
            }
        }
    }
}

fn backend(error: redb::Error) -> StoreError {
    StoreError::Backend(error.into())
}

impl Store for EmbeddedStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(self.read(key))
    }

    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> BoxFuture<'a, Result<(Vec<Row>, Revision), StoreError>> {
        Box::pin(self.read_range(range, limit))
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, TxnError>> {
        Box::pin(async {
            check::check(&txn)?;
            let (reply, answer) = oneshot::channel();
            self.send(Request::Commit(txn, reply)).await?;
            answer.await.map_err(|_| StoreError::Closed)?
        })
    }

    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn Watch> {
        self.0.shared.history.watch(prefix, after)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Lease>, LeaseError>> {
        Box::pin(self.0.tenures.take(Arc::new(self.clone()), name, term))
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so on its own.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
