//! Aliases: second names for keys.

mod name;
mod record;

pub use name::{ALIASES_MAX, AliasName};
pub use record::{AliasRecord, AliasRow};
