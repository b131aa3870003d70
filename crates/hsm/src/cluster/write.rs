//! Writes: done by one member, carried to every other Active one, and only then acknowledged.
//!
//! A write goes on when its caller stops waiting: half of it must not be left. When the member that did it is lost before
//! it answered, the same operation goes to it again if it is back, and to another member otherwise. What the lost one may
//! have done is found out when it comes back: its logins end first, so that nothing of then is done later, and a key that
//! only it knows is deleted (`amend`).

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::RwLockWriteGuard;
use tokio::time::{Instant, timeout};

use crate::api::error::HsmError;
use crate::api::ids::{HsmSerial, KeyHandle, OperationId, SessionId};
use crate::api::record::Stamp;
use crate::client::{HsmClient, Mutated};
use crate::cluster::amend::Unwanted;
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
    /// Whether the member may do it while other writes go on: it makes something new, and takes long.
    pub(crate) takes_long: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { copies_min: 1, takes_long: false }
    }
}

/// What a member did.
struct Done<T> {
    mutated: Mutated<T>,
    member: Arc<Member>,
    term: u64,
    session: SessionId,
}

/// What came of one try.
enum Tried<T> {
    /// It is done.
    Done(Done<T>),
    /// The member was lost, or does not know the login: another try.
    Again,
}

impl Login {
    /// Does a write to its end, whether or not the caller waits for it. `keys` names the keys that it made, which are
    /// taken back when they are on fewer HSMs than `terms` asks for.
    pub(crate) async fn write<T, F>(
        self: &Arc<Self>,
        terms: Terms,
        keys: fn(&T) -> Vec<KeyHandle>,
        call: impl Fn(HsmClient, SessionId, OperationId) -> F + Send + Sync + 'static,
    ) -> Result<T, HsmError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<Mutated<T>, HsmError>> + Send,
    {
        let login = Arc::clone(self);
        let writing = tokio::spawn(async move { Writing::begin(&login, terms).run(keys, call).await });
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

/// Members that may have done the write without our knowing. What they made is amended once the write is over, and not
/// before: until then it may still become what the caller gets.
struct Doubts<'a> {
    login: &'a Arc<Login>,
    members: Mutex<Vec<u64>>,
    /// What was carried before the first of them was asked, in the same turn: what one of them wrote alone is above.
    floor: u64,
}

impl Doubts<'_> {
    fn add(&self, member: u64) {
        let mut members = self.members();
        if !members.contains(&member) {
            members.push(member);
            self.login.cluster.doubtful().push(member);
        }
    }

    fn about(&self, member: u64) -> bool {
        self.members().contains(&member)
    }

    /// The serial numbers of all but one.
    fn serials_but(&self, one: u64) -> Vec<HsmSerial> {
        let doubtful = self.members();
        let members = self.login.cluster.members();
        let others =
            members.iter().filter(|member| member.number != one && doubtful.contains(&member.number));
        others.filter_map(|member| member.serial()).collect()
    }

    fn are_none(&self) -> bool {
        self.members().is_empty()
    }

    /// The write is over: this member did it, the others should not have.
    fn settle_for(&self, by: Option<u64>) {
        let members = std::mem::take(&mut *self.members());
        let mut doubtful = self.login.cluster.doubtful();
        for member in &members {
            if let Some(place) = doubtful.iter().position(|other| other == member) {
                doubtful.swap_remove(place);
            }
        }
        drop(doubtful);
        let mut amends = self.login.cluster.amends();
        for member in members.into_iter().filter(|member| Some(*member) != by) {
            amends.add(self.login, Unwanted::MadeBy(member));
        }
    }

    fn members(&self) -> MutexGuard<'_, Vec<u64>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Doubts<'_> {
    fn drop(&mut self) {
        self.settle_for(None);
    }
}

impl<'a> Writing<'a> {
    fn begin(login: &'a Arc<Login>, terms: Terms) -> Self {
        Self {
            login,
            terms,
            operation: login.cluster.operation(),
            deadline: Instant::now() + PATIENCE,
            tried: Vec::new(),
            doubts: Doubts { login, members: Mutex::default(), floor: u64::MAX },
            last: HsmError::NoActiveHsm,
        }
    }

    async fn run<T, F>(
        mut self,
        keys: fn(&T) -> Vec<KeyHandle>,
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
                    return self.secure(keys, done, None).await;
                }
                continue;
            }
            // Another try lets go of the turn first: without it no member can come back.
            let turn = timeout(TURN_MAX, self.login.cluster.turn.write()).await;
            let Ok(turn) = turn else { return Err(HsmError::Busy) };
            if let Tried::Done(done) = self.attempt(&call).await? {
                return self.secure(keys, done, Some(turn)).await;
            }
        }
    }

    /// Carries what was done to all, until it is on as many HSMs as asked for; a key that can't be is taken back.
    async fn secure<T>(
        &self,
        keys: fn(&T) -> Vec<KeyHandle>,
        done: Done<T>,
        mut turn: Option<RwLockWriteGuard<'_, ()>>,
    ) -> Result<T, HsmError> {
        let cluster = &self.login.cluster;
        loop {
            let in_turn = match turn.take() {
                Some(turn) => turn,
                None => cluster.turn.write().await,
            };
            cluster.note(&done.mutated.records);
            let copies = cluster.carry(&done.member, &done.mutated.records).await;
            self.clear_up(&done).await;
            self.doubts.settle_for(Some(done.member.number));
            let made = keys(&done.mutated.value);
            if copies >= self.terms.copies_min || made.is_empty() {
                return Ok(done.mutated.value);
            }
            if Instant::now() >= self.deadline {
                self.take_back(&done, &made).await;
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
        if self.doubts.are_none() {
            self.doubts.floor = self.login.cluster.highest();
        }
        let load = member.begin();
        let calling = call(member.client.clone(), session, self.operation);
        let answer = within(&self.login.cluster, &member, term, self.longest(), calling).await;
        drop(load);
        match answer {
            Ok(mutated) => return Ok(Tried::Done(Done { mutated, member, term, session })),
            Err(HsmError::Lost) => self.lost(&member, term, session),
            Err(HsmError::Blank) => self.login.cluster.lose(&member, term, "its token was lost"),
            Err(HsmError::NotLoggedIn) => self.login.forget(&member, session),
            Err(error) if error.is_retryable() => {
                self.tried.push(member.number);
                self.last = error;
            }
            // It may be ours that is there already, or gone already.
            Err(error) if !self.doubts.are_none() && is_about_presence(&error) => {
                return Err(HsmError::Lost);
            }
            Err(error) => return Err(error),
        }
        Ok(Tried::Again)
    }

    /// A member that may have done it already, first; it gives the same answer again.
    async fn choose(&self) -> Result<Option<(Chosen, SessionId)>, HsmError> {
        for member in self.login.cluster.members().iter() {
            let Some(term) = member.active_term().filter(|_| self.doubts.about(member.number)) else {
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

    /// Deletes keys that a member made for this same write and could not tell of, when they came to the others meanwhile: keys
    /// written by that member above what was carried before, and never carried by us. While another write is in doubt they can't be
    /// told from what that one may still get.
    async fn clear_up<T>(&self, done: &Done<T>) {
        let cluster = &self.login.cluster;
        let serials = self.doubts.serials_but(done.member.number);
        // What takes long is done out of turn: others may have carried keys above the floor before there was a doubt.
        if serials.is_empty() || self.terms.takes_long {
            return;
        }
        let Ok(Ok(stamps)) = timeout(CALL_MAX, done.member.client.digest()).await else { return };
        let is_theirs = |stamp: &&Stamp| {
            !stamp.tombstone
                && serials.contains(&stamp.version.origin)
                && stamp.version.counter > self.doubts.floor
        };
        let alone: Vec<_> = stamps.iter().filter(is_theirs).filter_map(Stamp::key_handle).collect();
        let unwanted: Vec<_> = alone.into_iter().filter(|handle| !cluster.has_carried(*handle)).collect();
        // Each of them made one at most. More are not what we think they are.
        if unwanted.len() > serials.len() {
            tracing::error!(cluster = %cluster.id, keys = unwanted.len(), "keys of unknown origin are left alone");
            return;
        }
        for handle in unwanted {
            let deleted = done.member.client.delete_key(done.session, cluster.operation(), handle);
            // Another user's is none of ours: the HSM refuses.
            if let Ok(Ok(deleted)) = timeout(CALL_MAX, deleted).await {
                cluster.carry(&done.member, &deleted.records).await;
            }
        }
    }

    /// Deletes keys that are on too few HSMs; now, or when the HSM that made them is back.
    async fn take_back<T>(&self, done: &Done<T>, made: &[KeyHandle]) {
        let cluster = &self.login.cluster;
        for handle in made {
            let deleted = done.member.client.delete_key(done.session, cluster.operation(), *handle);
            match timeout(CALL_MAX, deleted).await.unwrap_or(Err(HsmError::Lost)) {
                Ok(deleted) => {
                    cluster.carry(&done.member, &deleted.records).await;
                }
                Err(error) => {
                    cluster.amends().add(self.login, Unwanted::Key(*handle));
                    cluster.lose(&done.member, done.term, &error.to_string());
                }
            }
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
