//! Aliases: second names for keys.

mod name;
mod record;

pub(crate) use name::{AliasName, RESERVED_PREFIX};
pub(crate) use record::{AliasRecord, AliasRow};
