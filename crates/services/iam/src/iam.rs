//! The service: its store, its randomness, and the one way by which its operations write.

use std::sync::Arc;

use keyward_base::{Fault, Partition, Random};
use keyward_gate::{Credential, PageTokens, RunError};
use keyward_store::{Compare, Key, KeyRange, Revision, Store, Txn};

use crate::cache::Cache;
use crate::place;
use crate::rows::Stored;
use crate::secrets::Secrets;

/// IAM and STS over a store.
pub struct Iam {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) partition: Partition,
    pub(crate) secrets: Secrets,
    pub(crate) cache: Cache,
    pub(crate) tokens: PageTokens,
}

impl Iam {
    /// The service over `store`; secrets and ids come from `random`, and rest sealed by `secrets`. Its lists go on with
    /// `tokens`.
    pub fn new(
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
        partition: Partition,
        secrets: Secrets,
        tokens: PageTokens,
    ) -> Arc<Self> {
        Arc::new(Self { store, random, partition, secrets, cache: Cache::default(), tokens })
    }

    /// Follows what other nodes write, so that no credential is served from the cache that was changed
    /// elsewhere. Ends when the store is closed.
    pub async fn follow(self: Arc<Self>) {
        let prefix = place::all();
        loop {
            let range = KeyRange::prefix(&prefix);
            let Ok((_, revision)) = self.store.range(&range, 1).await else { return };
            self.cache.clear();
            let mut watch = self.store.watch(&prefix, revision);
            while let Ok(events) = watch.next().await {
                self.cache.forget(events.iter().map(|event| &event.key));
            }
        }
    }

    /// Commits what an operation does; what was cached of the rows is dropped.
    pub(crate) async fn commit(&self, txn: Txn) -> Result<(), RunError> {
        let keys: Vec<Key> =
            txn.puts.iter().map(|(key, _)| key.clone()).chain(txn.deletes.iter().cloned()).collect();
        let result = self.store.txn(txn).await;
        self.cache.forget(&keys);
        result?;
        Ok(())
    }

    /// Reads a row outside of a judged view; `rows` collects what was read.
    pub(crate) async fn read<T: Stored>(
        &self,
        key: Key,
        rows: &mut Vec<Compare>,
    ) -> Result<Option<T>, Fault> {
        let row = self.store.get(&key).await.map_err(Fault::ours)?;
        let revision = row.as_ref().map_or(Revision::ABSENT, |row| row.revision);
        rows.push(Compare { key, revision });
        row.map(|row| T::decode(&row.value)).transpose()
    }

    /// The credential of an access key, from the cache if it is there.
    pub(crate) async fn find_credential(
        &self,
        access_key_id: &str,
    ) -> Result<Option<Arc<Credential>>, Fault> {
        let (found, generation) = self.cache.find(access_key_id);
        if found.is_some() {
            return Ok(found);
        }
        let mut rows = Vec::new();
        let Some(credential) = self.load_credential(access_key_id, &mut rows).await? else { return Ok(None) };
        let credential = Arc::new(credential);
        let rows = rows.into_iter().map(|row| row.key).collect();
        self.cache.keep(access_key_id, &credential, rows, generation);
        Ok(Some(credential))
    }
}
