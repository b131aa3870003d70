//! Keeps the vault's process alive: starts it, connects to it, starts it again when it dies.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::connection::Connection;
use crate::client::launch::{Launched, credentials, launch};
use crate::client::{Transport, VaultClient};
use crate::session::credentials::Credentials;

/// Between two attempts to start a vault that does not start.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A vault that is asked to end and does not is killed.
const STOP_SECONDS_MAX: u64 = 5;
/// A vault that does not say how it is in this time hangs.
const BEAT_SECONDS: u64 = 10;
const SILENCE_SECONDS_MAX: u64 = 30;

/// How to start the vault.
#[derive(Clone, Debug)]
pub struct VaultConfig {
    /// The path of the program; the house's own binary in production.
    pub program: PathBuf,
    /// What comes before the vault's own arguments, such as the subcommand `vault`.
    pub arguments: Vec<OsString>,
    /// The vault's own folder: domain key, file key, its half of the session. Only the vault reads it.
    pub vault_folder: PathBuf,
    /// The client's half of the session.
    pub session_folder: PathBuf,
}

/// Why the vault did not start: one line, the vault's own words where it had any.
#[derive(Debug)]
pub struct StartError(String);

impl StartError {
    pub(crate) fn because(cause: impl fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the vault did not start: {}", self.0)
    }
}

impl std::error::Error for StartError {}

/// Keeps a vault process alive, until it is stopped or dropped.
pub struct Supervisor {
    client: VaultClient,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Starts the vault and connects; on the first start the vault makes its domain key, and both sides learn
    /// each other's identity. Runs on the caller's tokio runtime.
    pub async fn start(config: VaultConfig) -> Result<Self, StartError> {
        let known = credentials(&config).await?;
        let first = launch(&config, &known).await?;
        let connection = Connection::new();
        let client = VaultClient::new(Transport::Session(connection.clone()));
        let (stop, stopped) = watch::channel(false);
        let watcher = Watcher { config, known, connection, client: client.clone(), stopped };
        let task = tokio::spawn(watcher.watch(first));
        Ok(Self { client, stop, task })
    }

    /// A client; it stays valid when the vault is restarted.
    pub fn client(&self) -> VaultClient {
        self.client.clone()
    }

    /// Ends the vault and waits for its end. Requests under way are lost.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if self.task.await.is_err() {
            tracing::error!("the vault's supervisor failed while it was stopping");
        }
    }
}

struct Watcher {
    config: VaultConfig,
    known: Credentials,
    connection: Arc<Connection>,
    client: VaultClient,
    stopped: watch::Receiver<bool>,
}

impl Watcher {
    async fn watch(mut self, first: Launched) {
        let mut next = Some(first);
        while let Some(launched) = next {
            if self.attend(launched).await {
                return;
            }
            next = self.relaunch().await;
        }
    }

    /// Stays with one vault until it is gone; true when that was our wish.
    async fn attend(&mut self, launched: Launched) -> bool {
        let Launched { mut child, socket, channel } = launched;
        tracing::info!(pid = child.id(), "the vault is ready");
        let connection = self.connection.clone();
        let wanted = tokio::select! {
            error = connection.hold(socket, channel) => {
                tracing::warn!(%error, "the vault is gone; starting it again");
                false
            }
            () = silence(&self.client) => {
                tracing::error!("the vault does not answer; starting it again");
                false
            }
            () = stopped(&mut self.stopped) => true,
        };
        connection.release();
        if !wanted {
            // An error means that it has ended already.
            let _ = child.start_kill();
        }
        // The session has ended, and with it the vault.
        let limit = Duration::from_secs(STOP_SECONDS_MAX);
        if tokio::time::timeout(limit, child.wait()).await.is_err() {
            let _ = child.start_kill();
            let _ = child.wait().await;
        }
        wanted
    }

    /// Starts the vault again, however often it takes; `None` when that is not wanted any more.
    async fn relaunch(&mut self) -> Option<Launched> {
        let mut pause = PAUSE_MIN;
        loop {
            let error = tokio::select! {
                launched = launch(&self.config, &self.known) => match launched {
                    Ok(launched) => return Some(launched),
                    Err(error) => error,
                },
                () = stopped(&mut self.stopped) => return None,
            };
            tracing::error!(%error, retry_in = ?pause, "the vault can not be started again");
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
                () = stopped(&mut self.stopped) => return None,
            }
        }
    }
}

/// Ends when the supervisor is told to stop, or dropped.
async fn stopped(stopped: &mut watch::Receiver<bool>) {
    // An error means that the supervisor was dropped, which means the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Ends when the vault has not answered for long. An error is an answer.
async fn silence(client: &VaultClient) {
    loop {
        tokio::time::sleep(Duration::from_secs(BEAT_SECONDS)).await;
        let limit = Duration::from_secs(SILENCE_SECONDS_MAX);
        if tokio::time::timeout(limit, client.status()).await.is_err() {
            return;
        }
    }
}
