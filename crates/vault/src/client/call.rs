//! How a request reaches a vault.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use keyward_boundary::client::{CallError, Connection};

use crate::api::error::{Refusal, VaultError};
use crate::protocol::answer::Answer;
use crate::protocol::request::Request;
#[cfg(feature = "test-vault")]
use crate::server::vault::Vault;

/// The answer to come.
pub(crate) type Call = Pin<Box<dyn Future<Output = Result<Answer, VaultError>> + Send>>;

/// Where the vault is.
#[derive(Clone)]
pub(crate) enum Transport {
    /// In a process of its own, behind a session.
    Session(Arc<Connection>),
    /// In this process, for tests.
    #[cfg(feature = "test-vault")]
    InProcess(Arc<Vault>),
}

impl Transport {
    /// Starts a request; it is under way before the future is first polled.
    pub(crate) fn start(&self, request: &Request<'_>) -> Call {
        let message = request.encode();
        match self {
            Self::Session(connection) => {
                let reply = connection.start(message, request.is_repeatable());
                Box::pin(async move {
                    Answer::decode(&reply.await?)
                        .ok_or_else(|| VaultError::Internal("the vault's answer can not be read".to_owned()))
                })
            }
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

impl From<CallError> for VaultError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Lost => Self::Lost,
            CallError::Busy => Self::Busy,
            CallError::TooLong => Refusal::TooLong.into(),
        }
    }
}
