//! The sockets at work: everything that answers, without what loads zones.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::served::Served;
use crate::sockets::{BoundAddress, Open, StartError};
use crate::{tcp, udp};

/// Answers on every listener from what is served at the moment, until it is stopped.
pub(crate) struct Engine {
    addresses: Vec<BoundAddress>,
    metrics: Arc<Metrics>,
    threads: Vec<udp::Threads>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Engine {
    /// Begins to answer on the open sockets. Runs within a tokio runtime.
    pub(crate) fn start(
        config: &Config,
        open: Vec<Open>,
        served: &Arc<ArcSwap<Served>>,
    ) -> Result<Self, StartError> {
        let mut engine = Self {
            addresses: Vec::new(),
            metrics: Arc::new(Metrics::default()),
            threads: Vec::new(),
            tasks: JoinSet::new(),
            stop: watch::Sender::new(false),
        };
        for (listener, open) in open.into_iter().enumerate() {
            let address = open.address;
            engine
                .add(listener, open, config, served)
                .map_err(|cause| StartError::new(address.bound, cause))?;
        }
        Ok(engine)
    }

    fn add(
        &mut self,
        listener: usize,
        open: Open,
        config: &Config,
        served: &Arc<ArcSwap<Served>>,
    ) -> io::Result<()> {
        let nsid = config.nsid.as_ref().map(|nsid| nsid.clone().into_bytes());
        let shared = udp::Shared {
            listener,
            served: served.clone(),
            metrics: self.metrics.clone(),
            octets_max: config.udp_octets_max,
            nsid: nsid.clone(),
        };
        self.threads.push(udp::start(open.udp, shared)?);
        let shared = tcp::Shared {
            listener,
            served: served.clone(),
            metrics: self.metrics.clone(),
            nsid,
            idle_timeout: config.tcp_idle_timeout,
            transfer_clients: config.transfer_clients.clone(),
            connections_max: config.tcp_connections_max,
            connections_per_client_max: config.tcp_connections_per_client_max,
        };
        let socket = TcpListener::from_std(open.tcp)?;
        self.tasks.spawn(tcp::serve(socket, Arc::new(shared), self.stop.subscribe()));
        self.addresses.push(open.address);
        Ok(())
    }

    /// Where it listens, in the order of the configuration.
    pub(crate) fn addresses(&self) -> &[BoundAddress] {
        &self.addresses
    }

    /// Its counters.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Ends each message that is being answered, then everything.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        let threads = std::mem::take(&mut self.threads);
        let _ended = tokio::task::spawn_blocking(move || drop(threads)).await;
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests;
