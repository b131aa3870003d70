//! The vault's side: the process, its workers, and what it does with a request.
//!
//! Only [`main`] can be named from outside; every type that holds keys is private to this side. The
//! process has no asynchronous runtime: one thread reads, a few work.

pub(crate) mod batch;
pub(crate) mod cache;
pub(crate) mod connection;
pub(crate) mod enrol;
pub(crate) mod lane;
pub(crate) mod pool;
pub(crate) mod process;
mod recipient;
pub(crate) mod vault;

pub use process::main;
