//! Reads: any member that is Active will do, and another one silently when it is lost before it answered.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::api::error::HsmError;
use crate::api::ids::SessionId;
use crate::client::HsmClient;
use crate::cluster::limits::{CALL_MAX, PATIENCE};
use crate::cluster::login::Login;
use crate::cluster::member::Member;
use crate::cluster::shared::Shared;

/// A member that was chosen for a call.
pub(crate) struct Chosen {
    pub(crate) member: Arc<Member>,
    pub(crate) term: u64,
}

impl Shared {
    /// Asks any Active member something that needs no login.
    pub(crate) async fn read<T, F>(
        &self,
        longest: Duration,
        call: impl Fn(HsmClient) -> F,
    ) -> Result<T, HsmError>
    where
        F: Future<Output = Result<T, HsmError>>,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Some((member, term)) = self.least_busy() else {
                if self.wait_until(deadline, |cluster| cluster.active_count() > 0).await {
                    continue;
                }
                return Err(HsmError::NoActiveHsm);
            };
            let _load = member.begin();
            match timeout(longest, call(member.client.clone())).await.unwrap_or(Err(HsmError::Lost)) {
                Err(error) if error.is_of_no_member() => self.lose(&member, term, &error.to_string()),
                answer => return answer,
            }
        }
    }
}

impl Login {
    /// Asks any Active member something, as this user.
    pub(crate) async fn read<T, F>(
        self: &Arc<Self>,
        call: impl Fn(HsmClient, SessionId) -> F,
    ) -> Result<T, HsmError>
    where
        F: Future<Output = Result<T, HsmError>>,
    {
        let deadline = Instant::now() + PATIENCE;
        let mut tried = Vec::new();
        let mut last = HsmError::NoActiveHsm;
        loop {
            let Some((chosen, session)) = self.choose(&tried, deadline).await? else { return Err(last) };
            let Chosen { member, term } = chosen;
            let _load = member.begin();
            let answer = timeout(CALL_MAX, call(member.client.clone(), session)).await;
            match answer.unwrap_or(Err(HsmError::Lost)) {
                Err(error) if error.is_of_no_member() => self.cluster.lose(&member, term, &error.to_string()),
                Err(HsmError::NotLoggedIn) => self.forget(&member, session),
                Err(error) if error.is_retryable() => {
                    tried.push(member.number);
                    last = error;
                }
                answer => return answer,
            }
        }
    }

    /// An Active member on which the user is logged in, and that was not tried; logs in where it has to. `None` when
    /// there is none left, or none came until `deadline`.
    pub(crate) async fn choose(
        self: &Arc<Self>,
        tried: &[u64],
        deadline: Instant,
    ) -> Result<Option<(Chosen, SessionId)>, HsmError> {
        loop {
            if let Some((member, term, session)) = self.least_busy(tried) {
                self.catch_up();
                return Ok(Some((Chosen { member, term }, session)));
            }
            let unseated = self.unseated();
            let untried = unseated.into_iter().find(|(member, _)| !tried.contains(&member.number));
            if let Some((member, term)) = untried {
                match self.enter(&member, term).await {
                    // Lost: it is Away now, or its term is over.
                    Ok(()) | Err(HsmError::Lost) => continue,
                    Err(error) => return Err(error),
                }
            }
            let more = |cluster: &Shared| {
                let members = cluster.members();
                members.iter().any(|member| member.active_term().is_some() && !tried.contains(&member.number))
            };
            if !tried.is_empty() || !self.cluster.wait_until(deadline, more).await {
                return Ok(None);
            }
        }
    }
}
