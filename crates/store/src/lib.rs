//! Ordered key-value transactions with compare, watch and lease.
//!
//! The trait is small so that a laptop's file and a fleet's etcd can stand behind it alike, and every
//! store keeps to etcd's limits. Nothing here knows what the rows mean.

mod api;
mod check;
mod embedded;
mod history;
mod tenure;

pub use api::{
    BoxFuture, Compare, Event, Key, KeyRange, Lease, LeaseError, Revision, Row, Store, StoreError, Txn,
    TxnError, Watch, WatchLost, limits,
};
pub use embedded::{EmbeddedStore, OpenError, OpenProblem};
