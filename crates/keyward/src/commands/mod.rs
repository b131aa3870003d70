//! What each subcommand does.

pub(crate) mod account;
pub(crate) mod env;
pub(crate) mod hsm;
pub(crate) mod serve;
pub(crate) mod vault;
