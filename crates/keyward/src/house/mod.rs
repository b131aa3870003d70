//! The wiring: every room built once, in order, and taken down in the reverse order.

mod dns;
mod hsms;
mod metrics;
mod operator;
mod parent;
mod registry;
mod services;
mod web;

use std::net::SocketAddr;
use std::sync::Arc;

use keyward_base::{Clock, Random, SystemClock, SystemRandom};
use keyward_gate::{Gate, GateHandle, GateParts, LogSink, Router, Throttle};
use keyward_hsm::{Clusters, Fleet};
use keyward_nameserver::Running as NameServer;
use keyward_store::{EmbeddedStore, FolderBlobs, Store};
use keyward_vault::{Supervisor, VaultClient, VaultConfig};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::folder::{Credentials, DataFolder, Endpoints, replace_file};
use crate::house::services::{Services, Site};
use crate::refusal::Refusal;

/// All rooms of one running `serve`.
pub(crate) struct House {
    gate: Arc<Gate>,
    services: Services,
    store: EmbeddedStore,
    vault: VaultClient,
    /// The CloudHSM clusters that run here, as the service feeds them.
    clusters: Clusters,
    endpoints: Endpoints,
    credentials: Option<Credentials>,
    running: Mutex<Option<Running>>,
    metrics: metrics::Sources,
}

/// What has to be ended in order.
struct Running {
    duties: JoinSet<()>,
    name_server: NameServer,
    hsms: Arc<Fleet>,
    supervisor: Supervisor,
}

/// What every room shares.
pub(crate) struct Ground {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

impl House {
    pub(crate) async fn build(
        config: &Config,
        folder: &DataFolder,
        api: SocketAddr,
    ) -> Result<Self, Refusal> {
        let supervisor = start_vault(folder).await?;
        let vault = supervisor.client();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = EmbeddedStore::open(&folder.file("store.redb"), Arc::clone(&clock))
            .map_err(|error| Refusal::new(error.to_string()))?;
        let blobs = FolderBlobs::open(&folder.file("blobs")).map_err(|error| {
            Refusal::new(format!("cannot use {}: {error}", folder.file("blobs").display()))
        })?;
        let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
        let ground = Ground { store: Arc::new(store.clone()), clock, random };
        let handle = GateHandle::new();
        let mut router = Router::new();
        let mut duties = JoinSet::new();
        let name_server = dns::start(config, &ground, Arc::new(blobs.clone())).await?;
        let clusters = Clusters::new();
        let hsms = hsms::fleet(folder, config.hsm_module.as_ref())?;
        let site = Site {
            config,
            folder,
            ground: &ground,
            vault: &vault,
            blobs: Arc::new(blobs),
            handle: &handle,
            clusters: &clusters,
            hsms: &hsms,
        };
        let services = Services::build(&site, &mut router, &mut duties).await?;
        let gate = Gate::new(gate_parts(config, &ground, &services), router, &handle);
        let (credentials, account) = services.first_account(config.account_id).await?;
        let endpoints = dns::endpoints(config, api, &name_server, account)?;
        let metrics = metrics::Sources::of(&name_server, services.builder());
        let running = Mutex::new(Some(Running { duties, name_server, hsms, supervisor }));
        Ok(Self { gate, services, store, vault, clusters, endpoints, credentials, running, metrics })
    }

    /// Where this house can be reached.
    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Writes the files that people and scripts read; `endpoints.json` last, because it says "ready".
    pub(crate) async fn publish_files(&self, folder: &DataFolder) -> Result<(), Refusal> {
        let anchor = self.services.trust_anchor().await?;
        let write = || -> std::io::Result<()> {
            if let Some(credentials) = &self.credentials {
                credentials.write(&folder.file("credentials"))?;
            }
            replace_file(&folder.file("trust-anchor.bind"), &anchor.bind(), 0o644)?;
            replace_file(&folder.file("trust-anchor.zone"), &anchor.zone_lines(), 0o644)?;
            self.endpoints.write(&folder.file("endpoints.json"))
        };
        write().map_err(|error| Refusal::new(format!("cannot write to {}: {error}", folder.path().display())))
    }

    /// Ends everything: duties first, HSMs then, the vault last.
    pub(crate) async fn close(&self) {
        let Some(mut running) = self.running.lock().await.take() else { return };
        running.duties.shutdown().await;
        self.services.close().await;
        running.name_server.stop().await;
        running.hsms.stop_all().await;
        self.store.close().await;
        running.supervisor.stop().await;
    }
}

/// The vault is this same binary, under its own subcommand.
async fn start_vault(folder: &DataFolder) -> Result<Supervisor, Refusal> {
    let program = std::env::current_exe()
        .map_err(|error| Refusal::new(format!("cannot find my own program: {error}")))?;
    let config = VaultConfig {
        program,
        arguments: vec!["vault".into()],
        vault_folder: folder.file("vault"),
        session_folder: folder.file("vault-session"),
    };
    Supervisor::start(config).await.map_err(|error| Refusal::new(error.to_string()))
}

fn gate_parts(config: &Config, ground: &Ground, services: &Services) -> GateParts {
    GateParts {
        store: Arc::clone(&ground.store),
        identities: services.identities(),
        audit: Arc::new(LogSink),
        clock: Arc::clone(&ground.clock),
        random: Arc::clone(&ground.random),
        partition: config.partition.clone(),
        regions: config.regions.names().cloned().collect(),
        throttle: Throttle::new(config.throttling.clone()),
    }
}
