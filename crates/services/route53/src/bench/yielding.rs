//! A store that lets others run before each request, so that what is called together really races.

use std::sync::Arc;
use std::time::Duration;

use keyward_store::{
    BoxFuture, Key, KeyRange, Lease, LeaseError, Revision, Row, SimulatedStore, Store, StoreError, Txn,
    TxnError, Watch,
};

pub(super) struct YieldingStore(pub(super) Arc<SimulatedStore>);

impl Store for YieldingStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.get(key).await
        })
    }

    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> BoxFuture<'a, Result<(Vec<Row>, Revision), StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.range(range, limit).await
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, TxnError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.txn(txn).await
        })
    }

    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn Watch> {
        self.0.watch(prefix, after)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Lease>, LeaseError>> {
        self.0.lease(name, term)
    }
}
