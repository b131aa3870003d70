//! Keeps a child's process alive: starts it, connects to it, starts it again when it dies.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::Kind;
use crate::client::connection::Connection;
use crate::client::launch::{ChildConfig, Launched, credentials, launch};
use crate::session::credentials::Credentials;

/// Between two attempts to start a child that does not start.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long a start waits for the link of a child that has shaken hands.
const UP_SECONDS_MAX: u64 = 1;
/// A child that is asked to end and does not is killed.
const STOP_SECONDS_MAX: u64 = 5;
/// A child that does not say how it is in this time hangs.
const BEAT_SECONDS: u64 = 10;
const SILENCE_SECONDS_MAX: u64 = 30;

/// Why a child did not start: one line, the child's own words where it had any.
#[derive(Debug)]
pub struct StartError {
    name: &'static str,
    cause: String,
}

impl StartError {
    /// A failed start of this kind of child.
    pub fn because(kind: &Kind, cause: impl fmt::Display) -> Self {
        Self { name: kind.name, cause: cause.to_string() }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} did not start: {}", self.name, self.cause)
    }
}

impl std::error::Error for StartError {}

/// Keeps a child alive, until it is stopped or dropped.
pub struct Supervisor {
    connection: Arc<Connection>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Starts the child and connects; on the first start the child makes what its folder lacks, and both sides learn
    /// each other's identity. `patience` is the connection's; any answer to the message `beat` shows that the child is alive.
    /// Runs on the caller's tokio runtime.
    pub async fn start(config: ChildConfig, patience: Duration, beat: Vec<u8>) -> Result<Self, StartError> {
        let known = credentials(&config).await?;
        let first = launch(&config, &known).await?;
        let connection = Connection::new(patience);
        let (stop, stopped) = watch::channel(false);
        let watcher = Watcher { config, known, connection: connection.clone(), beat, stopped };
        let task = tokio::spawn(watcher.watch(first));
        // The first call of someone without patience shall find the link up. A child that died since is the watcher's affair.
        let _ = tokio::time::timeout(Duration::from_secs(UP_SECONDS_MAX), connection.up()).await;
        Ok(Self { connection, stop, task })
    }

    /// The connection; it stays valid when the child is restarted.
    pub fn connection(&self) -> Arc<Connection> {
        self.connection.clone()
    }

    /// Ends the child and waits for its end. Requests under way are lost.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if self.task.await.is_err() {
            tracing::error!("a child's supervisor failed while it was stopping");
        }
    }
}

struct Watcher {
    config: ChildConfig,
    known: Credentials,
    connection: Arc<Connection>,
    beat: Vec<u8>,
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

    /// Stays with one child until it is gone; true when that was our wish.
    async fn attend(&mut self, launched: Launched) -> bool {
        let (name, folder) = (self.config.kind.name, self.config.folder.display().to_string());
        let Launched { mut child, socket, channel } = launched;
        tracing::info!(folder, pid = child.id(), "the {name} is ready");
        let connection = self.connection.clone();
        let wanted = tokio::select! {
            error = connection.hold(socket, channel) => {
                tracing::warn!(folder, %error, "the {name} is gone; starting it again");
                false
            }
            () = silence(&connection, &self.beat) => {
                tracing::error!(folder, "the {name} does not answer; starting it again");
                false
            }
            () = stopped(&mut self.stopped) => true,
        };
        connection.release();
        if !wanted {
            // An error means that it has ended already.
            let _ = child.start_kill();
        }
        // The session has ended, and with it the child.
        let limit = Duration::from_secs(STOP_SECONDS_MAX);
        if tokio::time::timeout(limit, child.wait()).await.is_err() {
            let _ = child.start_kill();
            let _ = child.wait().await;
        }
        wanted
    }

    /// Starts the child again, however often it takes; `None` when that is not wanted any more.
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
            let (name, folder) = (self.config.kind.name, self.config.folder.display());
            tracing::error!(%folder, %error, retry_in = ?pause, "the {name} can not be started again");
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

/// Ends when the child has not answered for long. An error is an answer.
async fn silence(connection: &Arc<Connection>, beat: &[u8]) {
    loop {
        tokio::time::sleep(Duration::from_secs(BEAT_SECONDS)).await;
        let limit = Duration::from_secs(SILENCE_SECONDS_MAX);
        if tokio::time::timeout(limit, connection.start(Zeroizing::new(beat.to_vec()), true)).await.is_err() {
            return;
        }
    }
}
