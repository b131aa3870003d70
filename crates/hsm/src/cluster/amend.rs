//! Operations that make keys, from before an HSM is asked until it is certain that their caller has what they made. What never becomes
//! certain is undone.
//!
//! ```text
//! under way ──answered──► gone from the list         under way ──lost, or the HSM left──► to undo ──undone──► gone
//! ```
//!
//! Each try on an HSM is an operation of its own. When the HSM comes back, everything that it was asked and has not answered is undone
//! before it is in step, so that nobody ever sees those keys. An answer that arrives after that is too late.
//! The list is in memory: when this process ends, a key may stay that is whole and on every HSM, but its handle was told to
//! nobody; its owner finds and deletes it.

use crate::api::ids::OperationId;

/// The list.
#[derive(Default)]
pub(crate) struct Amends(Vec<Amend>);

/// One operation on one member.
struct Amend {
    /// The member's number.
    member: u64,
    operation: OperationId,
    is_under_way: bool,
}

impl Amends {
    /// A member is about to be asked.
    pub(crate) fn begin(&mut self, member: u64, operation: OperationId) {
        self.0.push(Amend { member, operation, is_under_way: true });
    }

    /// The member has answered. False when it came too late: what was done is undone, or will be.
    pub(crate) fn answered(&mut self, member: u64, operation: OperationId) -> bool {
        let is_it = |amend: &Amend| amend.is(member, operation) && amend.is_under_way;
        let place = self.0.iter().position(is_it);
        place.map(|place| self.0.swap_remove(place)).is_some()
    }

    /// The member has not answered: whatever it says from now on is too late.
    pub(crate) fn lost(&mut self, member: u64, operation: OperationId) {
        for amend in self.0.iter_mut().filter(|amend| amend.is(member, operation)) {
            amend.is_under_way = false;
        }
    }

    /// What is to be undone on a member that comes back: also what is still waited for.
    pub(crate) fn concerning(&mut self, member: u64) -> Vec<OperationId> {
        let mut found = Vec::new();
        for amend in self.0.iter_mut().filter(|amend| amend.member == member) {
            amend.is_under_way = false;
            found.push(amend.operation);
        }
        found
    }

    /// It is undone.
    pub(crate) fn done(&mut self, member: u64, operation: OperationId) {
        self.0.retain(|amend| !amend.is(member, operation));
    }

    /// The member is no longer one.
    pub(crate) fn forget(&mut self, member: u64) {
        self.0.retain(|amend| amend.member != member);
    }
}

impl Amend {
    fn is(&self, member: u64, operation: OperationId) -> bool {
        (self.member, self.operation) == (member, operation)
    }
}
