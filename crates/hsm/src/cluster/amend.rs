//! What is still to be put right: writes that made keys on some HSM though their caller did not get them.
//!
//! Such a write is undone when that HSM comes back, as long as the login under which it happened is open. A key that stays
//! (because it isn't) is whole and on every HSM, but its handle was told to nobody; its owner finds and deletes it.

use std::sync::{Arc, Weak};

use crate::api::ids::OperationId;
use crate::cluster::login::Login;

/// The list.
#[derive(Default)]
pub(crate) struct Amends(Vec<Amend>);

/// One write to undo.
struct Amend {
    /// Whose keys they are.
    login: Weak<Login>,
    /// On which member, by its number.
    member: u64,
    operation: OperationId,
}

impl Amends {
    pub(crate) fn add(&mut self, login: &Arc<Login>, member: u64, operation: OperationId) {
        self.0.push(Amend { login: Arc::downgrade(login), member, operation });
    }

    /// What is to be undone on a member; what nobody can put right any more is forgotten.
    pub(crate) fn concerning(&mut self, member: u64) -> Vec<(Arc<Login>, OperationId)> {
        self.0.retain(|amend| amend.login.strong_count() > 0);
        let amends = self.0.iter().filter(|amend| amend.member == member);
        amends.filter_map(|amend| Some((amend.login.upgrade()?, amend.operation))).collect()
    }

    pub(crate) fn done(&mut self, member: u64, operation: OperationId) {
        self.0.retain(|amend| (amend.member, amend.operation) != (member, operation));
    }
}
