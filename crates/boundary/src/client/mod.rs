//! The client's side: starts the child, keeps it alive, and carries requests to it.

pub mod connection;
pub mod launch;
pub mod supervisor;

pub use connection::{CallError, Connection};
pub use launch::ChildConfig;
pub use supervisor::{StartError, Supervisor};
