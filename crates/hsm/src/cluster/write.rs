//! Writes: done by one member, carried to every other Active one, and only then acknowledged.
//!
//! A write goes on when its caller stops waiting: half of it must not be left. When the member that did it is lost before
//! it answered, the same operation goes to it again if it is back, and to another member otherwise. What the lost one may
//! have done is undone, by the operation's id, once the write is over: at once when it is back by then, and else when it comes back
//! (`amend`). Its logins end before that, so that nothing of then is done later.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::RwLockWriteGuard;
use tokio::time::{Instant, timeout};

use crate::api::error::HsmError;
use crate::api::ids::{OperationId, SessionId};
use crate::client::{HsmClient, Mutated};
use crate::cluster::limits::{CALL_MAX, PAIR_MAX, PATIENCE, TURN_MAX};
use crate::cluster::login::Login;
use crate::cluster::member::Member;
use crate::cluster::read::Chosen;
use crate::cluster::shared::Shared;

/// What a write needs and makes.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// On how many HSMs it has to be.
    pub(crate) copies_min: usize,
    /// Whether it makes keys: then it must not be done twice.
    pub(crate) makes_keys: bool,
    /// Whether the member may do it while other writes go on: it makes something new, and takes long.
    pub(crate) takes_long: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { copies_min: 1, makes_keys: false, takes_long: false }
    }
}

/// What a member did.
struct Done<T> {
    mutated: Mutated<T>,
    member: Arc<Member>,
}

/// What came of one try.
enum Tried<T> {
    /// It is done.
    Done(Done<T>),
    /// The member was lost, or does not know the login: another try.
    Again,
}

impl Login {
    /// Does a write to its end, whether or not the caller waits for it. Keys that it made are taken back when they are on fewer HSMs
    /// than `terms` asks for.
    pub(crate) async fn write<T, F>(
        self: &Arc<Self>,
        terms: Terms,
        call: impl Fn(HsmClient, SessionId, OperationId) -> F + Send + Sync + 'static,
    ) -> Result<T, HsmError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<Mutated<T>, HsmError>> + Send,
    {
        let login = Arc::clone(self);
        let writing = tokio::spawn(async move {
            let mut writing = Writing::begin(&login, terms);
            let outcome = writing.run(call).await;
            writing.clear_up().await;
            outcome
        });
        writing.await.unwrap_or_else(|error| Err(HsmError::Internal(format!("a write ended early: {error}"))))
    }
}

/// One write under way.
struct Writing<'a> {
    login: &'a Arc<Login>,
    terms: Terms,
    operation: OperationId,
    deadline: Instant,
    /// Members that gave up for reasons of their own.
    tried: Vec<u64>,
    doubts: Doubts<'a>,
    last: HsmError,
}

/// Members on which the write may have been done without its caller's getting what it made. That is undone once the write is over, and
/// not before: until then it may still become what the caller gets.
struct Doubts<'a> {
    login: &'a Arc<Login>,
    operation: OperationId,
    members: Vec<u64>,
}

impl Doubts<'_> {
    fn add(&mut self, member: u64) {
        if !self.members.contains(&member) {
            self.members.push(member);
        }
    }

    fn remove(&mut self, member: u64) {
        self.members.retain(|other| *other != member);
    }
}

impl Doubts<'_> {
    /// Puts them on the list of amends, for when they come back. Answers who they were.
    fn hand_over(&mut self) -> Vec<u64> {
        let mut amends = self.login.cluster.amends();
        for member in &self.members {
            amends.add(self.login, *member, self.operation);
        }
        std::mem::take(&mut self.members)
    }
}

impl Drop for Doubts<'_> {
    fn drop(&mut self) {
        self.hand_over();
    }
}

impl<'a> Writing<'a> {
    fn begin(login: &'a Arc<Login>, terms: Terms) -> Self {
        let operation = login.cluster.operation();
        Self {
            login,
            terms,
            operation,
            deadline: Instant::now() + PATIENCE,
            tried: Vec::new(),
            doubts: Doubts { login, operation, members: Vec::new() },
            last: HsmError::NoActiveHsm,
        }
    }

    async fn run<T, F>(
        &mut self,
        call: impl Fn(HsmClient, SessionId, OperationId) -> F,
    ) -> Result<T, HsmError>
    where
        F: Future<Output = Result<Mutated<T>, HsmError>>,
    {
        loop {
            self.await_members().await?;
            // Without the turn where it takes long; what it made is then carried in turn.
            if self.terms.takes_long {
                if let Tried::Done(done) = self.attempt(&call).await? {
                    return self.secure(done, None).await;
                }
                continue;
            }
            // Another try lets go of the turn first: without it no member can come back.
            let turn = timeout(TURN_MAX, self.login.cluster.turn.write()).await;
            let Ok(turn) = turn else { return Err(HsmError::Busy) };
            if let Tried::Done(done) = self.attempt(&call).await? {
                return self.secure(done, Some(turn)).await;
            }
        }
    }

    /// Carries what was done to all, until it is on as many HSMs as asked for; keys that can't be are taken back.
    async fn secure<T>(
        &mut self,
        done: Done<T>,
        mut turn: Option<RwLockWriteGuard<'_, ()>>,
    ) -> Result<T, HsmError> {
        let cluster = &self.login.cluster;
        self.doubts.remove(done.member.number);
        loop {
            let in_turn = match turn.take() {
                Some(turn) => turn,
                None => cluster.turn.write().await,
            };
            let copies = cluster.carry(&done.member, &done.mutated.records).await;
            if copies >= self.terms.copies_min || !self.terms.makes_keys {
                return Ok(done.mutated.value);
            }
            if Instant::now() >= self.deadline {
                self.doubts.add(done.member.number);
                return Err(HsmError::TooFewHsms);
            }
            drop(in_turn);
            let enough = |cluster: &Shared| cluster.active_count() >= self.terms.copies_min;
            cluster.wait_until(self.deadline, enough).await;
        }
    }

    /// Waits until there are as many Active members as the write needs.
    async fn await_members(&self) -> Result<(), HsmError> {
        let copies_min = self.terms.copies_min.max(1);
        let enough = |cluster: &Shared| cluster.active_count() >= copies_min;
        if self.login.cluster.wait_until(self.deadline, enough).await {
            return Ok(());
        }
        let none = self.login.cluster.active_count() == 0;
        Err(if none { HsmError::NoActiveHsm } else { HsmError::TooFewHsms })
    }

    async fn attempt<T, F>(
        &mut self,
        call: &impl Fn(HsmClient, SessionId, OperationId) -> F,
    ) -> Result<Tried<T>, HsmError>
    where
        F: Future<Output = Result<Mutated<T>, HsmError>>,
    {
        // In turn nobody can become Active: who waits for that here waits in vain.
        let Some((chosen, session)) = self.choose().await? else {
            let over = Instant::now() >= self.deadline || !self.tried.is_empty();
            return if over { Err(self.last.clone()) } else { Ok(Tried::Again) };
        };
        let Chosen { member, term } = chosen;
        let load = member.begin();
        let calling = call(member.client.clone(), session, self.operation);
        let answer = within(&self.login.cluster, &member, term, self.longest(), calling).await;
        drop(load);
        match answer {
            Ok(mutated) => return Ok(Tried::Done(Done { mutated, member })),
            Err(HsmError::Lost) => self.lost(&member, term, session),
            Err(HsmError::Blank) => self.login.cluster.lose(&member, term, "its token was lost"),
            Err(HsmError::NotLoggedIn) => self.login.forget(&member, session),
            Err(error) if error.is_retryable() => {
                self.tried.push(member.number);
                self.last = error;
            }
            // It may be ours that is there already, or gone already.
            Err(error) if !self.doubts.members.is_empty() && is_about_presence(&error) => {
                return Err(HsmError::Lost);
            }
            Err(error) => return Err(error),
        }
        Ok(Tried::Again)
    }

    /// A member that may have done it already, first; it gives the same answer again.
    async fn choose(&self) -> Result<Option<(Chosen, SessionId)>, HsmError> {
        for member in self.login.cluster.members().iter() {
            let Some(term) = member.active_term().filter(|_| self.doubts.members.contains(&member.number))
            else {
                continue;
            };
            if self.login.enter(member, term).await.is_ok()
                && let Some(session) = self.login.seat(member, term)
            {
                return Ok(Some((Chosen { member: Arc::clone(member), term }, session)));
            }
        }
        self.login.choose(&self.tried, Instant::now()).await
    }

    fn lost(&mut self, member: &Member, term: u64, session: SessionId) {
        member.doubt(session);
        self.doubts.add(member.number);
        self.last = HsmError::Lost;
        self.login.cluster.lose(member, term, "it did not answer a write");
    }

    /// The write is over: undoes what members in doubt did of it that are back by now. They came back with it, so that it is everywhere.
    /// The others are on the list of amends. In turn, so that each of them is either back or yet to look at that list.
    async fn clear_up(&mut self) {
        if !self.terms.makes_keys {
            self.doubts.members.clear();
        }
        let cluster = &self.login.cluster;
        if self.doubts.members.is_empty() {
            return;
        }
        let Ok(_turn) = timeout(TURN_MAX, cluster.turn.write()).await else { return };
        let doubtful = self.doubts.hand_over();
        for member in cluster.members().iter().filter(|member| doubtful.contains(&member.number)) {
            let Some(term) = member.active_term() else { continue };
            let undone = timeout(CALL_MAX, self.undo(member, term)).await;
            match undone.unwrap_or(Err(HsmError::Lost)) {
                Ok(undone) => {
                    cluster.carry(member, &undone.records).await;
                    cluster.amends().done(member.number, self.operation);
                }
                // It is undone when it comes back.
                Err(error) => cluster.lose(member, term, &error.to_string()),
            }
        }
    }

    async fn undo(&self, member: &Arc<Member>, term: u64) -> Result<Mutated<()>, HsmError> {
        self.login.enter(member, term).await?;
        let session = self.login.seat(member, term).ok_or(HsmError::NotLoggedIn)?;
        member.client.undo(session, self.login.cluster.operation(), self.operation).await
    }

    fn longest(&self) -> Duration {
        if self.terms.takes_long { PAIR_MAX } else { CALL_MAX }
    }
}

/// A call that ends when the time is over or the member is no longer there.
async fn within<T>(
    cluster: &Shared,
    member: &Member,
    term: u64,
    longest: Duration,
    calling: impl Future<Output = Result<T, HsmError>>,
) -> Result<T, HsmError> {
    let gone = cluster.wait_until(Instant::now() + longest, |_| member.active_term() != Some(term));
    tokio::select! {
        biased;
        answer = calling => answer,
        _ = gone => Err(HsmError::Lost),
    }
}

/// Whether a second try of something that was done gives this.
fn is_about_presence(error: &HsmError) -> bool {
    matches!(
        error,
        HsmError::UserExists | HsmError::NoSuchUser | HsmError::NoSuchKey | HsmError::ApprovalNeeded { .. }
    )
}
