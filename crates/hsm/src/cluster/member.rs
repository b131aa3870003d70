//! One HSM of a cluster, as the cluster sees it.
//!
//! ```text
//! Joining ──caught up──► Active ──lost, slow, missed a write──► Away ──caught up──► Active
//! ```
//!
//! Only an Active member serves. Each time that a member becomes Active begins a new *term*: what was found out
//! about the member in an earlier one (a timeout, a login) says nothing about the present.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::task::AbortHandle;

use crate::api::ids::{HsmId, HsmSerial, SessionId};
use crate::client::HsmClient;

/// How a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// New: it gets a backup, or is compared with the others for the first time.
    Joining,
    /// In step, and serving.
    Active,
    /// Not reachable, too slow, or not in step again yet. It serves nothing.
    Away,
}

/// A member as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberStatus {
    /// The HSM's id in the CloudHSM API.
    pub hsm: HsmId,
    /// The Availability Zone where it is placed.
    pub zone: String,
    /// Its serial number, once it was seen.
    pub serial: Option<HsmSerial>,
    /// How it is.
    pub state: MemberState,
}

/// An HSM for a cluster.
#[derive(Clone)]
pub struct NewMember {
    /// The HSM's id in the CloudHSM API.
    pub hsm: HsmId,
    /// The Availability Zone where it is placed.
    pub zone: String,
    /// The way to it.
    pub client: HsmClient,
}

/// The state's number has the term above it: `term << 2 | state`.
const JOINING: u64 = 0;
const ACTIVE: u64 = 1;
const AWAY: u64 = 2;

pub(crate) struct Member {
    pub(crate) hsm: HsmId,
    pub(crate) zone: String,
    pub(crate) client: HsmClient,
    /// Tells members apart that have one id after the other.
    pub(crate) number: u64,
    serial: OnceLock<HsmSerial>,
    state: AtomicU64,
    /// Whether a write was acknowledged that it may not have. Unknown counts as yes.
    behind: AtomicBool,
    under_way: AtomicU32,
    /// Logins under which a mutation may still arrive there, late. They end before the member is Active again.
    doubtful: Mutex<Vec<SessionId>>,
    keeper: OnceLock<AbortHandle>,
}

impl Member {
    pub(crate) fn new(new: NewMember, number: u64) -> Self {
        Self {
            hsm: new.hsm,
            zone: new.zone,
            client: new.client,
            number,
            serial: OnceLock::new(),
            state: AtomicU64::new(JOINING),
            behind: AtomicBool::new(true),
            under_way: AtomicU32::new(0),
            doubtful: Mutex::default(),
            keeper: OnceLock::new(),
        }
    }

    pub(crate) fn status(&self) -> MemberStatus {
        MemberStatus {
            hsm: self.hsm.clone(),
            zone: self.zone.clone(),
            serial: self.serial.get().copied(),
            state: self.state(),
        }
    }

    pub(crate) fn state(&self) -> MemberState {
        match self.state.load(Ordering::Acquire) & 3 {
            JOINING => MemberState::Joining,
            ACTIVE => MemberState::Active,
            _ => MemberState::Away,
        }
    }

    /// The present term, when the member is Active.
    pub(crate) fn active_term(&self) -> Option<u64> {
        let state = self.state.load(Ordering::Acquire);
        (state & 3 == ACTIVE).then_some(state >> 2)
    }

    /// How often it became Active.
    pub(crate) fn term(&self) -> u64 {
        self.state.load(Ordering::Acquire) >> 2
    }

    pub(crate) fn seen_as(&self, serial: HsmSerial) {
        let _ = self.serial.set(serial);
    }

    /// Joining or Away → Active, in a new term. Only under the cluster's turn.
    pub(crate) fn activate(&self) {
        self.behind.store(false, Ordering::Release);
        let term = self.state.load(Ordering::Acquire) >> 2;
        self.state.store((term + 1) << 2 | ACTIVE, Ordering::Release);
    }

    /// Active in `term` → Away. False when that is over anyway.
    pub(crate) fn leave(&self, term: u64) -> bool {
        let (active, away) = (term << 2 | ACTIVE, term << 2 | AWAY);
        self.state.compare_exchange(active, away, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }

    pub(crate) fn fall_behind(&self) {
        self.behind.store(true, Ordering::Release);
    }

    /// How many requests are under way.
    pub(crate) fn load(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Counts a request until the guard goes.
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(self)
    }

    pub(crate) fn doubt(&self, session: SessionId) {
        self.doubtful.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    pub(crate) fn doubtful(&self) -> Vec<SessionId> {
        self.doubtful.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn no_doubt(&self, ended: &[SessionId]) {
        self.doubtful.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| !ended.contains(one));
    }

    pub(crate) fn kept_by(&self, keeper: AbortHandle) {
        let _ = self.keeper.set(keeper);
    }

    /// The member is no longer one.
    pub(crate) fn dismiss(&self) {
        if let Some(term) = self.active_term() {
            self.leave(term);
        }
        if let Some(keeper) = self.keeper.get() {
            keeper.abort();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.abort();
        }
    }
}

/// A request that is under way.
pub(crate) struct UnderWay<'a>(&'a Member);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
