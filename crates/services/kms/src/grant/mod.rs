//! Grants: what they allow, where they are kept, and how the gate finds those of a caller.

mod authorize;
mod input;
mod record;
mod rows;

pub(crate) use authorize::{KeyGrants, no_such_grant};
pub(crate) use input::{bind, new_record, validate};
#[cfg(test)]
pub(crate) use record::Party;
pub(crate) use record::{Constraints, GrantId, GrantRecord, GrantRow};
pub(crate) use rows::{Filed, GrantPlaces, counted};
