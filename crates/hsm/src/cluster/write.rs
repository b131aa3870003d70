//! Writes: done by one member, carried to every other Active one, and only then acknowledged.
//!
//! A write goes on when its caller stops waiting: half of it must not be left. When the member that did it is lost before
//! it answered, it goes to another member, or to the same one when that is back. What changes something is asked for under the same id
//! again, and done once; what makes keys is made anew, and the lost member undoes what it made before it serves again (`amend`).
//! The lost member's logins end before that, so that nothing of then is done later.

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
    term: u64,
    session: SessionId,
    operation: OperationId,
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
        let writing = tokio::spawn(async move { Writing::begin(&login, terms).run(call).await });
        writing.await.unwrap_or_else(|error| Err(HsmError::Internal(format!("a write ended early: {error}"))))
    }
}

/// One write under way.
struct Writing<'a> {
    login: &'a Arc<Login>,
    terms: Terms,
    /// Asked for once more under the same id, it is not done twice. What makes keys has an id for each try.
    operation: OperationId,
    deadline: Instant,
    /// Members that gave up for reasons of their own.
    tried: Vec<u64>,
    /// Members that may have done it without our knowing; none when it makes keys.
    doubtful: Vec<u64>,
    last: HsmError,
}

impl<'a> Writing<'a> {
    fn begin(login: &'a Arc<Login>, terms: Terms) -> Self {
        Self {
            login,
            terms,
            operation: login.cluster.operation(),
            deadline: Instant::now() + PATIENCE,
            tried: Vec::new(),
            doubtful: Vec::new(),
            last: HsmError::NoActiveHsm,
        }
    }

    async fn run<T, F>(mut self, call: impl Fn(HsmClient, SessionId, OperationId) -> F) -> Result<T, HsmError>
    where
        F: Future<Output = Result<Mutated<T>, HsmError>>,
    {
        loop {
            self.await_members().await?;
            // Without the turn where it takes long; what it made is then carried in turn.
            if self.terms.takes_long {
                if let Tried::Done(done) = self.attempt(&call).await? {
                    let turn = self.login.cluster.turn.write().await;
                    if self.counts(&done) {
                        return self.secure(done, turn).await;
                    }
                }
                continue;
            }
            // Another try lets go of the turn first: without it no member can come back.
            let turn = timeout(TURN_MAX, self.login.cluster.turn.write()).await;
            let Ok(turn) = turn else { return Err(HsmError::Busy) };
            if let Tried::Done(done) = self.attempt(&call).await?
                && self.counts(&done)
            {
                return self.secure(done, turn).await;
            }
        }
    }

    /// Carries what was done to all, until it is on as many HSMs as asked for; keys that can't be are taken back.
    async fn secure<T>(&self, done: Done<T>, turn: RwLockWriteGuard<'_, ()>) -> Result<T, HsmError> {
        let cluster = &self.login.cluster;
        let holders = cluster.carry(&done.member, &done.mutated.records).await;
        let terms = cluster.terms();
        drop(turn);
        if !self.terms.makes_keys {
            return Ok(done.mutated.value);
        }
        // Whoever becomes Active later has got it from one who has it: everyone without it is behind.
        let has_it = |member: &Member| holders.contains(&member.number) || member.term() > terms.of(member);
        let enough = |cluster: &Shared| {
            cluster.members().iter().filter(|member| has_it(member)).count() >= self.terms.copies_min
        };
        if cluster.wait_until(self.deadline, enough).await {
            return Ok(done.mutated.value);
        }
        self.take_back(&done.member, done.operation).await;
        Err(HsmError::TooFewHsms)
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
        let operation = self.begin_on(&member);
        let calling = call(member.client.clone(), session, operation);
        let answer = within(&self.login.cluster, &member, term, self.longest(), calling).await;
        drop(load);
        if !matches!(answer, Ok(_) | Err(HsmError::Lost)) {
            self.login.cluster.amends().answered(member.number, operation);
        }
        match answer {
            Ok(mutated) => return Ok(Tried::Done(Done { mutated, member, term, session, operation })),
            Err(HsmError::Lost) => self.lost(&member, term, session, operation),
            Err(HsmError::Blank) => self.login.cluster.lose(&member, term, "its token was lost"),
            Err(HsmError::NotLoggedIn) => self.login.forget(&member, session),
            Err(error) if error.is_retryable() => {
                self.tried.push(member.number);
                self.last = error;
            }
            // It may be ours that is there already, or gone already.
            Err(error) if !self.doubtful.is_empty() && is_about_presence(&error) => {
                return Err(HsmError::Lost);
            }
            Err(error) => return Err(error),
        }
        Ok(Tried::Again)
    }

    /// The id under which a member is to be asked.
    fn begin_on(&self, member: &Member) -> OperationId {
        if !self.terms.makes_keys {
            return self.operation;
        }
        let operation = self.login.cluster.operation();
        self.login.cluster.amends().begin(member.number, operation);
        operation
    }

    /// In turn: whether what was done counts. While the member had no turn to itself it may have gone, and come back without it.
    fn counts<T>(&mut self, done: &Done<T>) -> bool {
        if self.terms.takes_long && done.member.active_term() != Some(done.term) {
            self.lost(&done.member, done.term, done.session, done.operation);
            return false;
        }
        !self.terms.makes_keys || self.login.cluster.amends().answered(done.member.number, done.operation)
    }

    /// A member that may have done it already, first; it gives the same answer again.
    async fn choose(&self) -> Result<Option<(Chosen, SessionId)>, HsmError> {
        for member in self.login.cluster.members().iter() {
            let Some(term) = member.active_term().filter(|_| self.doubtful.contains(&member.number)) else {
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

    fn lost(&mut self, member: &Member, term: u64, session: SessionId, operation: OperationId) {
        member.doubt(session);
        self.login.cluster.amends().lost(member.number, operation);
        if !self.terms.makes_keys && !self.doubtful.contains(&member.number) {
            self.doubtful.push(member.number);
        }
        self.last = HsmError::Lost;
        self.login.cluster.lose(member, term, "it did not answer a write");
    }

    /// Undoes what a member did, as it is on too few HSMs: now, or when the member comes back.
    async fn take_back(&self, member: &Member, operation: OperationId) {
        let cluster = &self.login.cluster;
        cluster.amends().begin(member.number, operation);
        cluster.amends().lost(member.number, operation);
        // In turn: the member is either there or yet to look at the list.
        let Ok(_turn) = timeout(TURN_MAX, cluster.turn.write()).await else { return };
        let Some(term) = member.active_term() else { return };
        let undone = timeout(CALL_MAX, member.client.undo(operation)).await;
        match undone.unwrap_or(Err(HsmError::Lost)) {
            Ok(records) => {
                cluster.carry(member, &records).await;
                cluster.amends().done(member.number, operation);
            }
            Err(error) => cluster.lose(member, term, &error.to_string()),
        }
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
