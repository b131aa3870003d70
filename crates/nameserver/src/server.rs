//! A running name server: sockets, loader, and what can be asked about them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use keyward_base::{Clock, Timestamp};
use keyward_store::{Blobs, Store};
use keyward_zone::GenerationNumber;
use keyward_zone::publication::ZoneId;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::catalog::Catalog;
use crate::config::Config;
use crate::engine::Engine;
use crate::loader::{Loader, Reached};
use crate::metrics::Metrics;
use crate::served::{Served, seconds_until};
use crate::sockets::{self, BoundAddress, StartError};

/// Starts name servers.
#[derive(Debug)]
pub struct NameServer;

impl NameServer {
    /// Opens every socket, loads what is published, and then begins to answer. A store that is away at that
    /// moment is no error: the server answers SERVFAIL until it could load.
    pub async fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
    ) -> Result<Running, StartError> {
        let open = sockets::open(&config)?;
        let served = Arc::new(ArcSwap::from_pointee(Served::default()));
        let catalog = Catalog::new(config.listeners.iter().map(|listener| listener.stands_for.clone()));
        let mut loader = Loader::new(config.node.clone(), clock, store, blobs, served.clone(), catalog);
        let revision = match loader.load_all().await {
            Ok(revision) => Some(revision),
            Err(error) => {
                tracing::warn!(%error, "the name server starts without its store");
                None
            }
        };
        let engine = Engine::start(&config, open, &served)?;
        let reached = loader.reached.clone();
        let stop = watch::Sender::new(false);
        let loading = tokio::spawn(loader.run(revision, stop.subscribe()));
        Ok(Running { engine, served, reached, loading, stop })
    }
}

/// A name server at work. Dropped, it ends at once; `stop` lets it finish what it has begun.
pub struct Running {
    engine: Engine,
    served: Arc<ArcSwap<Served>>,
    reached: Reached,
    loading: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Running {
    /// Where it listens, in the order of the configuration.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = SocketAddr> {
        self.engine.addresses().iter().map(|address: &BoundAddress| address.bound)
    }

    /// What it has done so far.
    pub fn metrics(&self) -> &Arc<Metrics> {
        self.engine.metrics()
    }

    /// The generation that it has of each published zone.
    pub fn generations(&self) -> BTreeMap<ZoneId, GenerationNumber> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Seconds until the first signature of any zone that it serves expires, negative when that is past;
    /// `None` when none is signed.
    pub fn seconds_to_earliest_expiration(&self, now: Timestamp) -> Option<i64> {
        self.served.load().earliest_expiration().map(|expiration| seconds_until(expiration, now))
    }

    /// Ends what is being answered, says goodbye in the store, and closes every socket.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ended = self.loading.await;
        self.engine.stop().await;
    }
}
