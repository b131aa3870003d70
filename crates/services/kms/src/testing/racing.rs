//! A store in which something happens just before a transaction: how a test loses a race.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use keyward_store::{
    BoxFuture, Key, KeyRange, Lease, LeaseError, Revision, Row, SimulatedStore, Store, StoreError, Txn,
    TxnError, Watch,
};

/// How a transaction fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// Nothing was written.
    Before,
    /// All was written, but nobody learns it.
    After,
}

/// Wraps a store.
pub(crate) struct RacingStore {
    pub(crate) inner: SimulatedStore,
    before: Mutex<Option<BoxFuture<'static, ()>>>,
    txns: AtomicUsize,
    rows_read: AtomicUsize,
    slow: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

impl RacingStore {
    pub(crate) fn new(inner: SimulatedStore) -> Self {
        let (txns, rows_read) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let slow = AtomicBool::new(false);
        Self { inner, before: Mutex::default(), txns, rows_read, slow, failure: Mutex::default() }
    }

    /// Runs `other` just before the next transaction.
    pub(crate) fn before_next_txn(&self, other: impl Future<Output = ()> + Send + 'static) {
        *self.before.lock().unwrap() = Some(Box::pin(other));
    }

    /// Lets the next transaction fail.
    pub(crate) fn fail_next_txn(&self, failure: Failure) {
        *self.failure.lock().unwrap() = Some(failure);
    }

    /// Lets every transaction take as long as on a disk from now on.
    pub(crate) fn slow_down(&self) {
        self.slow.store(true, Ordering::SeqCst);
    }

    /// How many rows were read, and how often none was.
    pub(crate) fn rows_read(&self) -> usize {
        self.rows_read.load(Ordering::SeqCst)
    }

    /// How many transactions were tried.
    pub(crate) fn txns(&self) -> usize {
        self.txns.load(Ordering::SeqCst)
    }
}

impl Store for RacingStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        self.rows_read.fetch_add(1, Ordering::SeqCst);
        self.inner.get(key)
    }

    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> BoxFuture<'a, Result<(Vec<Row>, Revision), StoreError>> {
        Box::pin(async move {
            let found = self.inner.range(range, limit).await?;
            self.rows_read.fetch_add(1 + found.0.len(), Ordering::SeqCst);
            Ok(found)
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, TxnError>> {
        Box::pin(async move {
            self.txns.fetch_add(1, Ordering::SeqCst);
            let other = self.before.lock().unwrap().take();
            if let Some(other) = other {
                other.await;
            }
            if self.slow.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let failure = self.failure.lock().unwrap().take();
            let failed = || Err(TxnError::Store(StoreError::Backend("the disk is gone".into())));
            match failure {
                None => self.inner.txn(txn).await,
                Some(Failure::Before) => failed(),
                Some(Failure::After) => {
                    self.inner.txn(txn).await?;
                    failed()
                }
            }
        })
    }

    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn Watch> {
        self.inner.watch(prefix, after)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Lease>, LeaseError>> {
        self.inner.lease(name, term)
    }
}
