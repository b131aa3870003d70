//! The boundary around a child process that holds keys: our own binary, started with a socket on its standard input, behind a
//! mutually authenticated, encrypted session.
//!
//! Both sides are here. The client's: enrol, launch, supervise, and a connection on which many requests are under way at once.
//! The child's: its start in the right order, confinement, its sealed private folder, answers on their way out. What is
//! carried is bytes. Deliberately absent: what the bytes mean, and everything about keys.

pub mod bytes;
pub mod client;
pub mod confine;
pub mod frame;
mod kind;
pub mod seal;
pub mod server;
pub mod session;

pub use kind::Kind;
