//! The vault's side: the process, its workers, and what it does with a request.
//!
//! Only [`main`] can be named from outside; every type that holds keys is private to this side.

pub(crate) mod cache;
pub(crate) mod vault;

use std::ffi::OsString;
use std::process::ExitCode;

/// The vault's process: `run --folder F` serves the session on its standard input until that ends;
/// `enrol --folder F --client KEY` makes what is missing and lets a client in. Logging is the caller's to set up.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let _ = arguments.into_iter();
    ExitCode::FAILURE
}
