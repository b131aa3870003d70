//! The HSMs of this node: one process each, started, supervised, ended and destroyed.
//!
//! ```text
//! <folder>/fleet/            the fleet key, which every HSM of the deployment has; made by the first HSM
//! <folder>/<HSM id>/         what only that HSM reads: its keys at rest, its records, its half of the session
//! <folder>/<HSM id>.session/ our half of the session
//! ```
//!
//! Deliberately absent: clusters, and which HSMs there are to be (`services/cloudhsm` knows).

mod link;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keyward_boundary::client::{ChildConfig, StartError, Supervisor};
use tokio::sync::Mutex;

use crate::api::ids::HsmId;
use crate::client::HsmClient;
use crate::fleet::link::ProcessLink;
use crate::protocol::KIND;
use crate::protocol::request::Request;
use crate::token::pkcs11::settings::Pkcs11Settings;

/// Where the fleet key is, below the fleet's folder.
const FLEET_KEY_FOLDER: &str = "fleet";
const SESSION_SUFFIX: &str = ".session";
/// A folder that is being removed; what is left of one is removed with the next.
const GONE_SUFFIX: &str = ".gone";

/// A token that does not empty itself in this time is left as it is.
const RETIRE_SECONDS_MAX: u64 = 60;
/// The value of `--token` for keys in the HSMs' own processes.
const SOFTWARE: &str = "software";

/// How the HSMs of a fleet are started.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// The path of the program; the house's own binary in production.
    pub program: PathBuf,
    /// What comes before an HSM's own arguments, such as the subcommand `hsm`.
    pub arguments: Vec<OsString>,
    /// Where the HSMs' folders are.
    pub folder: PathBuf,
    /// Where the HSMs have their keys.
    pub tokens: Tokens,
}

/// Where the HSMs of a fleet have their keys: what their processes are told about it.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The value of `--token`.
    pub(crate) option: OsString,
    /// Variables that the token's module needs.
    pub(crate) environment: Vec<(OsString, OsString)>,
}

impl Tokens {
    /// In their own processes and folders.
    pub fn software() -> Self {
        Self { option: SOFTWARE.into(), environment: Vec::new() }
    }

    /// Whether keys of an HSM may be where removing its folder does not destroy them.
    fn are_kept_elsewhere(&self) -> bool {
        self.option != SOFTWARE
    }

    /// Behind a PKCS#11 module.
    pub fn pkcs11(settings: &Pkcs11Settings) -> Self {
        let variables = settings.environment.iter();
        let environment = variables.map(|(name, value)| (name.into(), value.into())).collect();
        Self { option: settings.to_option(), environment }
    }
}

/// Why the fleet could not do something.
#[derive(Debug)]
pub enum FleetError {
    /// The HSM's process did not start.
    Start(StartError),
    /// The HSM's folder could not be made or removed.
    Folder(PathBuf, io::Error),
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Folder(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for FleetError {}

/// The HSM processes of this node. All methods may be called at the same time; those for one HSM wait for each other.
pub struct Fleet {
    config: FleetConfig,
    hsms: Mutex<HashMap<HsmId, Arc<Mutex<Option<Running>>>>>,
}

/// An HSM whose process is kept alive.
struct Running {
    supervisor: Supervisor,
    client: HsmClient,
}

impl Fleet {
    /// A fleet whose HSMs are not running yet.
    pub fn new(config: FleetConfig) -> Arc<Self> {
        Arc::new(Self { config, hsms: Mutex::default() })
    }

    /// Empties the token of an HSM that is to be destroyed. One that does not even start keeps what it has, which is said.
    async fn retire(&self, hsm: &HsmId, running: &mut Option<Running>) {
        if running.is_none() && self.folder(hsm).is_dir() {
            match self.launch(hsm).await {
                Ok(started) => *running = Some(started),
                Err(error) => tracing::error!(%hsm, %error, "the HSM's token is not emptied"),
            }
        }
        if let Some(running) = running {
            let limit = Duration::from_secs(RETIRE_SECONDS_MAX);
            match tokio::time::timeout(limit, running.client.retire()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%hsm, %error, "the HSM's token is not emptied"),
                Err(_) => tracing::error!(%hsm, "the HSM's token is not emptied in time"),
            }
        }
    }

    async fn launch(&self, hsm: &HsmId) -> Result<Running, FleetError> {
        let beat = Request::Status.encode().to_vec();
        // Who waits for an HSM, and how long, is its cluster's affair: a call to one that is down is lost at once.
        let supervisor = Supervisor::start(self.child(hsm), Duration::ZERO, beat).await;
        let supervisor = supervisor.map_err(FleetError::Start)?;
        let client = HsmClient::new(Arc::new(ProcessLink::new(supervisor.connection())));
        Ok(Running { supervisor, client })
    }

    /// Starts the HSM, unless it runs already, and keeps it alive from then on; the first time it is made, blank. The client
    /// stays valid when the process is started again.
    pub async fn start(&self, hsm: &HsmId) -> Result<HsmClient, FleetError> {
        let place = self.place(hsm).await;
        let mut running = place.lock().await;
        if let Some(running) = &*running {
            return Ok(running.client.clone());
        }
        let started = self.launch(hsm).await?;
        let client = started.client.clone();
        *running = Some(started);
        Ok(client)
    }

    /// Ends the HSM's process and waits for its end. It keeps what it has.
    pub async fn stop(&self, hsm: &HsmId) {
        let place = self.place(hsm).await;
        let running = place.lock().await.take();
        if let Some(running) = running {
            running.supervisor.stop().await;
        }
    }

    /// Ends all HSMs.
    pub async fn stop_all(&self) {
        let places: Vec<_> = self.hsms.lock().await.values().cloned().collect();
        let mut stopping = tokio::task::JoinSet::new();
        for place in places {
            stopping.spawn(async move {
                if let Some(running) = place.lock().await.take() {
                    running.supervisor.stop().await;
                }
            });
        }
        while stopping.join_next().await.is_some() {}
    }

    /// Ends the HSM and destroys all that it has. One that is not there is no error; after a crash in between, another call
    /// finishes it.
    pub async fn destroy(&self, hsm: &HsmId) -> Result<(), FleetError> {
        let place = self.place(hsm).await;
        let mut running = place.lock().await;
        if self.config.tokens.are_kept_elsewhere() {
            self.retire(hsm, &mut running).await;
        }
        if let Some(running) = running.take() {
            running.supervisor.stop().await;
        }
        for folder in [self.session_folder(hsm), self.folder(hsm)] {
            let result = remove(&folder);
            result.map_err(|error| FleetError::Folder(folder, error))?;
        }
        self.hsms.lock().await.remove(hsm);
        Ok(())
    }

    /// The HSMs that have a folder, running or not: more than there should be are to be destroyed.
    pub fn existing(&self) -> Result<Vec<HsmId>, FleetError> {
        let failed = |error| FleetError::Folder(self.config.folder.clone(), error);
        let entries = match std::fs::read_dir(&self.config.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let id = name.to_str().map(|name| name.strip_suffix(SESSION_SUFFIX).unwrap_or(name));
            found.extend(id.and_then(|id| id.parse::<HsmId>().ok()));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    async fn place(&self, hsm: &HsmId) -> Arc<Mutex<Option<Running>>> {
        Arc::clone(self.hsms.lock().await.entry(hsm.clone()).or_default())
    }

    fn folder(&self, hsm: &HsmId) -> PathBuf {
        self.config.folder.join(hsm.as_str())
    }

    fn session_folder(&self, hsm: &HsmId) -> PathBuf {
        self.config.folder.join(format!("{hsm}{SESSION_SUFFIX}"))
    }

    fn child(&self, hsm: &HsmId) -> ChildConfig {
        let fleet = self.config.folder.join(FLEET_KEY_FOLDER);
        // The child starts in the root folder.
        let fleet = std::path::absolute(&fleet).unwrap_or(fleet);
        ChildConfig {
            kind: KIND,
            program: self.config.program.clone(),
            arguments: self.config.arguments.clone(),
            folder: self.folder(hsm),
            session_folder: self.session_folder(hsm),
            options: vec![
                "--fleet".into(),
                fleet.into(),
                "--token".into(),
                self.config.tokens.option.clone(),
            ],
            environment: self.config.tokens.environment.clone(),
        }
    }
}

/// Removes a folder whole or not at all: a half removed one could be taken for an HSM.
fn remove(folder: &Path) -> io::Result<()> {
    let mut gone = folder.as_os_str().to_owned();
    gone.push(GONE_SUFFIX);
    let gone = PathBuf::from(gone);
    match std::fs::rename(folder, &gone) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match std::fs::remove_dir_all(&gone) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
