//! An HSM's process: its start in the right order, its workers, its end with its client.
//!
//! Only [`main`] can be named from outside. The process has no asynchronous runtime: one thread reads, a few work.

mod enrol;
mod fleet_key;
mod lane;
mod pool;
mod process;
mod session;

pub use process::main;
