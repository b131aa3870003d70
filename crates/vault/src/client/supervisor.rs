//! Keeps the vault's process alive: starts it, connects to it, starts it again when it dies.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use keyward_boundary::client::{self as boundary, ChildConfig};

use crate::client::{Transport, VaultClient};
use crate::protocol::KIND;
use crate::protocol::request::Request;

pub use keyward_boundary::client::StartError;

/// How long a request waits for the vault to come back.
const RETURN_SECONDS_MAX: u64 = 10;

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

/// Keeps a vault process alive, until it is stopped or dropped.
pub struct Supervisor {
    child: boundary::Supervisor,
    client: VaultClient,
}

impl Supervisor {
    /// Starts the vault and connects; on the first start the vault makes its domain key, and both sides learn
    /// each other's identity. Runs on the caller's tokio runtime.
    pub async fn start(config: VaultConfig) -> Result<Self, StartError> {
        let config = ChildConfig {
            kind: KIND,
            program: config.program,
            arguments: config.arguments,
            folder: config.vault_folder,
            session_folder: config.session_folder,
            options: vec![],
            environment: vec![],
        };
        let beat = Request::Status.encode().to_vec();
        let child =
            boundary::Supervisor::start(config, Duration::from_secs(RETURN_SECONDS_MAX), beat).await?;
        let client = VaultClient::new(Transport::Session(child.connection()));
        Ok(Self { child, client })
    }

    /// A client; it stays valid when the vault is restarted.
    pub fn client(&self) -> VaultClient {
        self.client.clone()
    }

    /// Ends the vault and waits for its end. Requests under way are lost.
    pub async fn stop(self) {
        self.child.stop().await;
    }
}
