//! Sessions, and who gets one: PINs, and the lock after five wrong ones.
//!
//! Sessions are in memory: a restart ends them all. Failed logins are counted on each HSM for itself, durably, so that killing an HSM
//! gives nobody more tries.

use std::collections::HashMap;
use std::sync::PoisonError;

use crate::api::error::HsmError;
use crate::api::ids::{SessionId, UserName};
use crate::api::password::Password;
use crate::api::record::RecordVersion;
use crate::api::user::Role;
use crate::instance::Instance;
use crate::instance::mind::Mind;
use crate::protocol::answer::Answer;
use crate::records::Batch;

/// So many wrong PINs lock a user.
const FAILURES_MAX: u32 = 5;
/// CloudHSM's limit for an application.
const SESSIONS_MAX: usize = 1024;

/// The open sessions.
pub(crate) type Sessions = HashMap<SessionId, Session>;

/// One login.
pub(crate) struct Session {
    user: UserName,
    /// Which user of that name.
    born: RecordVersion,
}

impl Instance {
    /// Logs a user in.
    pub(crate) fn login(&self, user: &UserName, pin: &Password) -> Result<Answer, HsmError> {
        let _one_at_a_time = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        let (role, hash, born, failures) = {
            let mind = self.member()?;
            let row = mind.users.get(user).ok_or(HsmError::NoSuchUser)?;
            let hash = row.pin.clone().ok_or(HsmError::NotPermitted)?;
            (row.role, hash, row.born, mind.failures.get(user).copied().unwrap_or(0))
        };
        if failures >= FAILURES_MAX {
            return Err(HsmError::UserLocked);
        }
        if !hash.verify(pin)? {
            return Err(self.count_failure(user, failures + 1));
        }
        if failures > 0 {
            self.keep(self.turn()?, Batch { failures: vec![(user.clone(), 0)], ..Batch::default() })?;
        }
        let session = self.open_session(user, born)?;
        Ok(Answer::LoggedIn { session, role })
    }

    fn count_failure(&self, user: &UserName, failures: u32) -> HsmError {
        let batch = Batch { failures: vec![(user.clone(), failures)], ..Batch::default() };
        match self.turn().and_then(|turn| self.keep(turn, batch)) {
            Ok(()) if failures >= FAILURES_MAX => HsmError::UserLocked,
            Ok(()) => HsmError::WrongPassword { left: FAILURES_MAX.saturating_sub(failures) },
            // A try that can not be counted is none.
            Err(error) => error,
        }
    }

    fn open_session(&self, user: &UserName, born: RecordVersion) -> Result<SessionId, HsmError> {
        let mut id = [0; 16];
        self.token.random(&mut id)?;
        let id = SessionId(id);
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= SESSIONS_MAX {
            return Err(HsmError::Busy);
        }
        sessions.insert(id, Session { user: user.clone(), born });
        Ok(id)
    }

    /// Logs out.
    pub(crate) fn logout(&self, session: &SessionId) -> Answer {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(session);
        Answer::Done
    }

    /// Calls `look` with the session's user, its role, and the mind. The one way to find out who asks.
    pub(crate) fn as_user<T>(
        &self,
        session: &SessionId,
        look: impl FnOnce(&UserName, Role, &Mind) -> Result<T, HsmError>,
    ) -> Result<T, HsmError> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        let open = sessions.get(session).ok_or(HsmError::NotLoggedIn)?;
        let mind = self.member()?;
        let row = mind.users.get(&open.user).filter(|row| row.born == open.born);
        let row = row.ok_or(HsmError::NotLoggedIn)?;
        look(&open.user, row.role, &mind)
    }

    /// How many sessions a user has here.
    pub(crate) fn sessions_of(&self, user: &UserName) -> u32 {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        let count = sessions.values().filter(|session| session.user == *user).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Forgets the sessions of users who are gone.
    pub(crate) fn close_sessions_of_the_gone(&self) {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        let mind = self.mind();
        sessions
            .retain(|_, session| mind.users.get(&session.user).is_some_and(|row| row.born == session.born));
    }
}

/// Whether five wrong PINs have locked the user here.
pub(crate) fn is_locked(mind: &Mind, user: &UserName) -> bool {
    mind.failures.get(user).is_some_and(|failures| *failures >= FAILURES_MAX)
}
