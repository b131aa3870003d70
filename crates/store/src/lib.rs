//! Ordered key-value transactions with compare, watch and lease.
//!
//! The trait is small so that a laptop's file and a fleet's etcd can stand behind it alike, and every
//! store keeps to etcd's limits. Nothing here knows what the rows mean.

mod api;
mod blobs;
mod check;
mod embedded;
mod faulty;
mod history;
mod simulated;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
mod tenure;

pub use api::{
    BoxFuture, Compare, Event, Key, KeyRange, Lease, LeaseError, Revision, Row, Store, StoreError, Txn,
    TxnError, Watch, WatchLost, limits,
};
pub use blobs::{BlobError, BlobName, Blobs, FolderBlobs, MemoryBlobs};
pub use embedded::{EmbeddedStore, OpenError, OpenProblem};
pub use faulty::{FaultyStore, StoreFault};
pub use simulated::SimulatedStore;
