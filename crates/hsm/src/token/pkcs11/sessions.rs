//! Sessions with one token: as many as there are workers at once, logged in, kept for the next.
//!
//! A session's calls must come from one thread at a time (`Session` is `Send`, not `Sync`), so that each piece of
//! work takes one for itself. A session in which a call failed is closed: the standard leaves open whether
//! an operation is still under way in it. One session stays open and idle, because the token logs out
//! with its last session.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

use crate::token::pkcs11::slots::{self, TokenName};
use crate::token::pkcs11::trouble::{Failure, Trouble};

/// The sessions with one token.
pub(crate) struct Sessions {
    module: Pkcs11,
    token: TokenName,
    pin: AuthPin,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Counts how often the sessions were lost; handles from before are worth nothing.
    generation: u64,
    /// Holds the log-in.
    base: Option<Session>,
    idle: Vec<Session>,
}

/// How a piece of work is handed a session.
pub(crate) struct Lent<'a> {
    pub(crate) session: &'a Session,
    /// Changes when the sessions were lost.
    pub(crate) generation: u64,
}

impl Sessions {
    /// Finds the token and logs in.
    pub(crate) fn open(module: Pkcs11, token: TokenName, pin: AuthPin) -> Result<Self, Failure> {
        let sessions = Self { module, token, pin, state: Mutex::default() };
        sessions.log_in(&mut sessions.state())?;
        Ok(sessions)
    }

    /// Does a piece of work in a session; once more, in a new one, when the sessions turn out to be lost. So the
    /// work must bear being done again after it failed.
    pub(crate) fn with<T>(&self, work: impl Fn(&Lent<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let (generation, outcome) = self.attempt(&work)?;
        match outcome {
            Err(failure) if matches!(failure.trouble, Trouble::SessionsLost | Trouble::DeviceGone) => {
                tracing::warn!(
                    cause = failure.cause,
                    "the sessions with the token are lost; opening new ones"
                );
                self.forget(generation);
                self.attempt(&work)?.1
            }
            outcome => outcome,
        }
    }

    fn attempt<T>(
        &self,
        work: &impl Fn(&Lent<'_>) -> Result<T, Failure>,
    ) -> Result<(u64, Result<T, Failure>), Failure> {
        let (session, generation) = self.take()?;
        let outcome = work(&Lent { session: &session, generation });
        if outcome.is_ok() {
            self.give_back(session, generation);
        }
        Ok((generation, outcome))
    }

    fn take(&self) -> Result<(Session, u64), Failure> {
        let mut state = self.state();
        if state.base.is_none() {
            self.log_in(&mut state)?;
        }
        let generation = state.generation;
        match state.idle.pop() {
            Some(session) => Ok((session, generation)),
            None => {
                let slot = slots::find(&self.module, &self.token)?;
                Ok((self.module.open_rw_session(slot)?, generation))
            }
        }
    }

    fn give_back(&self, session: Session, generation: u64) {
        let mut state = self.state();
        if state.generation == generation {
            state.idle.push(session);
        }
    }

    /// Drops all sessions of this generation; the next piece of work opens new ones.
    fn forget(&self, generation: u64) {
        let mut state = self.state();
        if state.generation == generation {
            state.generation += 1;
            state.idle.clear();
            state.base = None;
        }
    }

    fn log_in(&self, state: &mut State) -> Result<(), Failure> {
        let slot = slots::find(&self.module, &self.token)?;
        let base = self.module.open_rw_session(slot)?;
        match base.login(UserType::User, Some(&self.pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => return Err(error.into()),
        }
        state.base = Some(base);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
