//! What is still to be put right: keys that a write left on some HSM though its caller got no key.
//!
//! It is put right when that HSM comes back, as long as the login under which it happened is open. A key that stays
//! (because it isn't) is whole and on every HSM, but its handle was told to nobody; its owner finds and deletes it.

use std::sync::{Arc, Weak};

use crate::api::ids::KeyHandle;
use crate::cluster::login::Login;

/// The list.
#[derive(Default)]
pub(crate) struct Amends(Vec<Amend>);

/// One thing to put right.
pub(crate) struct Amend {
    /// Whose key it is.
    login: Weak<Login>,
    what: Unwanted,
}

/// Which key has to go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwanted {
    /// The key was on too few HSMs.
    Key(KeyHandle),
    /// The member with this number may have made a key that only it knows.
    MadeBy(u64),
}

impl Amends {
    pub(crate) fn add(&mut self, login: &Arc<Login>, what: Unwanted) {
        self.0.push(Amend { login: Arc::downgrade(login), what });
    }

    /// What concerns a member, or every member; what nobody can put right any more is forgotten.
    pub(crate) fn concerning(&mut self, member: u64) -> Vec<(Arc<Login>, Unwanted)> {
        self.0.retain(|amend| amend.login.strong_count() > 0);
        let concerns = |what| !matches!(what, Unwanted::MadeBy(number) if number != member);
        let amends = self.0.iter().filter(|amend| concerns(amend.what));
        amends.filter_map(|amend| Some((amend.login.upgrade()?, amend.what))).collect()
    }

    pub(crate) fn done(&mut self, login: &Arc<Login>, what: Unwanted) {
        self.0.retain(|amend| amend.what != what || !std::ptr::eq(amend.login.as_ptr(), Arc::as_ptr(login)));
    }
}
