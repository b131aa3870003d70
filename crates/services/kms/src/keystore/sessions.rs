//! The logins of `kmsuser` at the clusters of connected stores. They are what this process has of a connection; the
//! store's row says whether there is to be one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::Fault;
use keyward_hsm::{Cluster, ClusterId, ClusterSession, Clusters, HsmError};
use keyward_schema::Sensitive;
use tokio::sync::watch;

use super::{FoundStore, faults};
use crate::fault;
use crate::key::CustomKeyStoreId;
use crate::loaded::LoadedKey;

/// How long a request waits for the login of a store that is connected: after a start, the HSMs start too.
const LOGIN_WAIT: Duration = Duration::from_secs(10);

type Sessions = HashMap<CustomKeyStoreId, Arc<ClusterSession>>;

/// The clusters of the deployment, and the logins at those that back key stores.
pub(crate) struct KeyStores {
    clusters: Clusters,
    sessions: watch::Sender<Sessions>,
}

impl KeyStores {
    /// No login yet.
    pub(crate) fn new(clusters: Clusters) -> Self {
        Self { clusters, sessions: watch::Sender::new(Sessions::new()) }
    }

    /// The cluster with this id, if there is one.
    pub(crate) fn cluster(&self, id: &str) -> Option<Cluster> {
        self.clusters.get(&id.parse::<ClusterId>().ok()?)
    }

    /// Whether there is a login.
    pub(crate) fn holds(&self, store: &CustomKeyStoreId) -> bool {
        self.sessions.borrow().contains_key(store)
    }

    /// Keeps a login for the requests to come.
    pub(crate) fn keep(&self, store: CustomKeyStoreId, session: ClusterSession) {
        self.sessions.send_modify(|sessions| {
            sessions.insert(store, Arc::new(session));
        });
    }

    /// Gives a login up, and waits until it is logged out. Requests that have it end with it; the last of them logs out.
    pub(crate) async fn give_up(&self, store: &CustomKeyStoreId) {
        let mut held = None;
        self.sessions.send_if_modified(|sessions| {
            held = sessions.remove(store);
            held.is_some()
        });
        if let Some(session) = held.and_then(Arc::into_inner) {
            session.close().await;
        }
    }

    /// The login at the cluster that has `key`, which is in `store`.
    pub(crate) async fn session(
        &self,
        key: &LoadedKey,
        store: &CustomKeyStoreId,
    ) -> Result<Arc<ClusterSession>, Fault> {
        self.login(store).await.ok_or_else(|| faults::key_unusable(&key.arn, HsmError::NoActiveHsm))
    }

    /// The login at the cluster of a store that is connected.
    pub(crate) async fn login(&self, store: &CustomKeyStoreId) -> Option<Arc<ClusterSession>> {
        if let Some(session) = self.sessions.borrow().get(store) {
            return Some(Arc::clone(session));
        }
        let mut sessions = self.sessions.subscribe();
        let held = sessions.wait_for(|sessions| sessions.contains_key(store));
        let held = tokio::time::timeout(LOGIN_WAIT, held).await.ok()?.ok()?;
        held.get(store).map(Arc::clone)
    }

    /// Random bytes of the generator of one of the store's HSMs.
    pub(crate) async fn random(&self, store: &FoundStore, bytes: u32) -> Result<Sensitive<Vec<u8>>, Fault> {
        let connected = store.record.connection.require_connected();
        connected.map_err(|refusal| faults::invalid_state(&store.id, refusal))?;
        let cluster = self.cluster(&store.record.cluster_id).ok_or(HsmError::NoActiveHsm);
        let random = match cluster {
            Ok(cluster) => cluster.random(bytes).await,
            Err(error) => Err(error),
        };
        let random = random.map_err(|error| faults::store_unusable(&store.id, error))?;
        Ok(Sensitive::new(random.to_vec()))
    }
}

/// What a caller is told of an error of the HSMs when he uses `key`.
pub(crate) fn use_fault(key: &LoadedKey, error: HsmError) -> Fault {
    match error {
        HsmError::InvalidCiphertext => fault::invalid_ciphertext(),
        error => faults::key_unusable(&key.arn, error),
    }
}
