//! `serve`'s side of `keyward cloudhsm`: does the commands at the cluster.
//!
//! Deliberately absent: who may do what. The HSMs know it, and their answers are passed on.

mod crypto;
mod filter;
mod key;
mod quorum;
mod shown;
mod token_file;
mod user;
mod wrap;

use keyward_hsm::{Cluster, ClusterId, ClusterSession, Clusters, HsmError, IdError, Password, PasswordError};
use serde_json::json;

use crate::cloudhsm::Outcome;
use crate::cloudhsm::words::{ClusterWords, Secret, Words};

/// What lasts as long as an operator's connection: a login at one cluster.
#[derive(Default)]
pub(crate) struct Desk {
    login: Option<(ClusterId, ClusterSession)>,
}

impl Desk {
    /// Logs out.
    pub(crate) async fn close(self) {
        if let Some((_, session)) = self.login {
            session.close().await;
        }
    }
}

/// Why a command was not done: what the user reads.
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl From<HsmError> for Failure {
    fn from(error: HsmError) -> Self {
        // AWS's words, where they are known.
        Self(match error {
            HsmError::ApprovalNeeded { .. } => "Quorum approval is required for this operation".to_owned(),
            HsmError::NotLoggedIn => "You are not logged in".to_owned(),
            HsmError::Internal(cause) => {
                tracing::error!(%cause, "an HSM failed");
                "the HSM failed; serve's log has the cause".to_owned()
            }
            error => error.to_string(),
        })
    }
}

impl From<IdError> for Failure {
    fn from(error: IdError) -> Self {
        Self(error.to_string())
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self(error.to_string())
    }
}

/// Does one command.
pub(crate) async fn perform(clusters: &Clusters, desk: &mut Desk, cluster_id: &str, words: Words) -> Outcome {
    match attempt(clusters, desk, cluster_id, words).await {
        Ok(outcome) => outcome,
        Err(Failure(why)) => Outcome::failed(why),
    }
}

async fn attempt(
    clusters: &Clusters,
    desk: &mut Desk,
    cluster_id: &str,
    words: Words,
) -> Result<Outcome, Failure> {
    let id: ClusterId = cluster_id.parse()?;
    let cluster =
        clusters.get(&id).ok_or_else(|| Failure::new(format!("{id} is not here, or has no HSM yet")))?;
    match words {
        Words::Cluster(words) => on_cluster(&cluster, words).await,
        Words::Login { username, role, password } => {
            user::login(&cluster, desk, &username, role, password).await
        }
        Words::Logout => {
            std::mem::take(desk).close().await;
            Ok(Outcome::done(json!("Logout successful")))
        }
        Words::User(words) => user::perform(&cluster, desk, words).await,
        Words::Key(words) => key::perform(desk.session(&id)?, words).await,
        Words::Quorum(words) => quorum::perform(&cluster, desk, words).await,
        Words::Crypto(words) => crypto::perform(desk.session(&id)?, words).await,
        Words::Interactive | Words::Quit => Err(Failure::new("this is for the client")),
    }
}

impl Desk {
    /// Who is logged in at this cluster.
    fn session(&self, cluster: &ClusterId) -> Result<&ClusterSession, Failure> {
        let login = self.login.as_ref().filter(|(id, _)| id == cluster);
        login.map(|(_, session)| session).ok_or_else(|| Failure::new("You are not logged in"))
    }
}

async fn on_cluster(cluster: &Cluster, words: ClusterWords) -> Result<Outcome, Failure> {
    match words {
        ClusterWords::Activate { password } => {
            cluster.activate(&given(password)?).await.map_err(|error| match error {
                HsmError::NotPermitted => Failure::new("the cluster is active already"),
                error => error.into(),
            })?;
            Ok(Outcome::done(json!("Cluster activation successful")))
        }
        ClusterWords::HsmInfo => {
            let told = cluster.statuses().await;
            let hsms: Vec<_> =
                told.iter().map(|(member, status)| shown::hsm(member, status.as_ref())).collect();
            Ok(Outcome::done(json!({ "hsms": hsms })))
        }
    }
}

/// A password that the client had to ask for when it was not given.
fn given(password: Option<Secret>) -> Result<Password, Failure> {
    let password = password.ok_or_else(|| Failure::new("a password is needed"))?;
    Ok(Password::new(password.expose())?)
}

/// Base64, or the content of a file.
fn bytes_of(
    typed: Option<String>,
    file: Option<crate::cloudhsm::words::FileBytes>,
) -> Result<Vec<u8>, Failure> {
    match (typed, file) {
        (_, Some(file)) => Ok(file.0),
        (Some(typed), None) => {
            data_encoding::BASE64.decode(typed.as_bytes()).map_err(|_| Failure::new("the data is not base64"))
        }
        (None, None) => Err(Failure::new("data is needed")),
    }
}

#[cfg(test)]
mod tests;
