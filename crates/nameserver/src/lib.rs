//! The DNS data plane: serves published generations over UDP and TCP.
//!
//! It stands alone: it holds no private key, makes no call to anything while it answers, and goes on
//! serving what it has when store and blobs are away. What is served is one immutable set of zones behind
//! one pointer; the loader swaps it and nothing else changes it.

mod catalog;
mod choose;
mod config;
mod engine;
mod fetch;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod loader;
mod message;
mod metrics;
mod records;
mod respond;
mod served;
mod server;
mod sockets;
mod tcp;
mod transfer;
mod udp;

#[cfg(test)]
mod testing;

pub use config::{ClientNetwork, Config, Listener, NetworkError, StandsFor};
pub use metrics::{Counts, Metrics};
pub use server::{NameServer, Running};
pub use sockets::{BoundAddress, StartError};
