//! How a request reaches a vault.

use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "test-vault")]
use std::sync::Arc;

use crate::api::error::VaultError;
use crate::protocol::answer::Answer;
use crate::protocol::request::Request;
#[cfg(feature = "test-vault")]
use crate::server::vault::Vault;

/// The answer to come.
pub(crate) type Call = Pin<Box<dyn Future<Output = Result<Answer, VaultError>> + Send>>;

/// Where the vault is.
#[derive(Clone)]
pub(crate) enum Transport {
    /// No vault was ever reached.
    Away,
    /// In this process, for tests.
    #[cfg(feature = "test-vault")]
    InProcess(Arc<Vault>),
}

impl Transport {
    /// Starts a request; it is under way before the future is first polled.
    pub(crate) fn start(&self, request: &Request<'_>) -> Call {
        let message = request.encode();
        match self {
            Self::Away => Box::pin(std::future::ready(Err(VaultError::Lost))),
            #[cfg(feature = "test-vault")]
            Self::InProcess(vault) => {
                let vault = vault.clone();
                Box::pin(async move {
                    let answer = tokio::task::spawn_blocking(move || vault.handle(&message)).await;
                    let answer = answer.map_err(|_| VaultError::Lost)?;
                    Answer::decode(&answer).ok_or(VaultError::Lost)
                })
            }
        }
    }
}
