//! One user's login at a cluster: a session on each member, made again where it was lost.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use tokio::time::{sleep, timeout};

use crate::api::error::HsmError;
use crate::api::ids::{SessionId, UserName};
use crate::api::password::Password;
use crate::api::user::Role;
use crate::cluster::limits::{CALL_MAX, RETRY_MAX};
use crate::cluster::member::Member;
use crate::cluster::shared::Shared;

/// A session on a member, good for one term of that member.
#[derive(Clone, Copy)]
struct Seat {
    term: u64,
    session: SessionId,
}

pub(crate) struct Login {
    pub(crate) cluster: Arc<Shared>,
    pub(crate) user: UserName,
    pub(crate) role: Role,
    password: Mutex<Password>,
    /// By the member's number. Read without a lock: this is the hot path.
    seats: ArcSwap<HashMap<u64, Seat>>,
    /// One goes to an HSM to log in, the others wait for what comes of it.
    entering: tokio::sync::Mutex<()>,
    /// Whether somebody logs in on HSMs that came back while requests go to the others.
    is_catching_up: AtomicBool,
    /// The password is no longer right: trying on would lock the user.
    refused: OnceLock<HsmError>,
}

impl Login {
    pub(crate) fn new(cluster: Arc<Shared>, user: UserName, role: Role, password: Password) -> Self {
        let (password, seats) = (Mutex::new(password), ArcSwap::default());
        let (entering, refused) = (tokio::sync::Mutex::new(()), OnceLock::new());
        let is_catching_up = AtomicBool::new(false);
        Self { cluster, user, role, password, seats, entering, is_catching_up, refused }
    }

    /// The least busy Active member on which the user is logged in.
    pub(crate) fn least_busy(&self, tried: &[u64]) -> Option<(Arc<Member>, u64, SessionId)> {
        let (members, seats) = (self.cluster.members(), self.seats.load());
        let seated = members.iter().filter(|member| !tried.contains(&member.number)).filter_map(|member| {
            let term = member.active_term()?;
            let seat = seats.get(&member.number).filter(|seat| seat.term == term)?;
            Some((member, term, seat.session))
        });
        let (member, term, session) = seated.min_by_key(|(member, ..)| member.load())?;
        Some((Arc::clone(member), term, session))
    }

    /// Logs in, in the background, on Active members on which the user is not: so that they take their share again, and nobody waits for
    /// it when the others are lost.
    pub(crate) fn catch_up(self: &Arc<Self>) {
        if self.refused.get().is_some() || self.unseated().is_empty() {
            return;
        }
        if self.is_catching_up.swap(true, Ordering::AcqRel) {
            return;
        }
        let login = Arc::clone(self);
        tokio::spawn(async move {
            for (member, term) in login.unseated() {
                if let Err(error) = login.enter(&member, term).await {
                    tracing::debug!(hsm = %member.hsm, user = %login.user, %error, "not logged in again");
                    // A PIN's hash costs: not one for each request.
                    sleep(RETRY_MAX).await;
                }
            }
            login.is_catching_up.store(false, Ordering::Release);
        });
    }

    /// The session on a member in a term.
    pub(crate) fn seat(&self, member: &Member, term: u64) -> Option<SessionId> {
        self.seats.load().get(&member.number).filter(|seat| seat.term == term).map(|seat| seat.session)
    }

    /// Active members on which the user is not logged in.
    pub(crate) fn unseated(&self) -> Vec<(Arc<Member>, u64)> {
        let members = self.cluster.members();
        let active = members.iter().filter_map(|member| Some((member, member.active_term()?)));
        let without = active.filter(|(member, term)| self.seat(member, *term).is_none());
        without.map(|(member, term)| (Arc::clone(member), term)).collect()
    }

    pub(crate) fn sit(&self, member: &Member, term: u64, session: SessionId) {
        self.seats.rcu(|seats| {
            let mut seats = HashMap::clone(seats);
            seats.insert(member.number, Seat { term, session });
            seats
        });
    }

    /// The HSM does not know the session any more.
    pub(crate) fn forget(&self, member: &Member, session: SessionId) {
        self.seats.rcu(|seats| {
            let mut seats = HashMap::clone(seats);
            if seats.get(&member.number).is_some_and(|seat| seat.session == session) {
                seats.remove(&member.number);
            }
            seats
        });
    }

    /// Logs in on a member. What the HSM says against the user stays said: a wrong password is tried once.
    pub(crate) async fn enter(&self, member: &Arc<Member>, term: u64) -> Result<(), HsmError> {
        let _one = self.entering.lock().await;
        if self.seat(member, term).is_some() {
            return Ok(());
        }
        if let Some(refusal) = self.refused.get() {
            return Err(refusal.clone());
        }
        // A session of an earlier term lives on when the HSM was only cut off.
        let old = self.seats.load().get(&member.number).map(|seat| seat.session);
        if let Some(old) = old {
            let client = member.client.clone();
            tokio::spawn(async move { timeout(CALL_MAX, client.logout(old)).await });
        }
        match self.enter_once(member).await {
            Ok(session) => {
                self.sit(member, term, session);
                Ok(())
            }
            Err(error) if error.is_of_no_member() => {
                self.cluster.lose(member, term, &error.to_string());
                Err(HsmError::Lost)
            }
            Err(error) => {
                if is_about_the_user(&error) {
                    let (cluster, user) = (&self.cluster.id, &self.user);
                    tracing::warn!(%cluster, %user, hsm = %member.hsm, %error, "a login ends: it can not be made again");
                    let _ = self.refused.set(error.clone());
                }
                Err(error)
            }
        }
    }

    /// Logs in on a member that need not be Active, and keeps no seat.
    pub(crate) async fn enter_once(&self, member: &Member) -> Result<SessionId, HsmError> {
        let password = self.password();
        let entered = timeout(CALL_MAX, member.client.login(&self.user, &password)).await;
        entered.unwrap_or(Err(HsmError::Lost)).map(|(session, _)| session)
    }

    fn password(&self) -> Password {
        self.password.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The user has another password from now on.
    pub(crate) fn now_with(&self, password: Password) {
        *self.password.lock().unwrap_or_else(PoisonError::into_inner) = password;
    }

    /// Logs out everywhere, without waiting long for those that don't answer.
    pub(crate) async fn close(&self) {
        let seats = self.seats.swap(Arc::default());
        let mut closing = tokio::task::JoinSet::new();
        for member in self.cluster.members().iter() {
            if let Some(seat) = seats.get(&member.number).copied() {
                let client = member.client.clone();
                closing.spawn(async move { timeout(CALL_MAX, client.logout(seat.session)).await });
            }
        }
        while closing.join_next().await.is_some() {}
    }
}

fn is_about_the_user(error: &HsmError) -> bool {
    matches!(error, HsmError::WrongPassword { .. } | HsmError::UserLocked | HsmError::NoSuchUser)
}
