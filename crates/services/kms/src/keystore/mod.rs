//! Custom key stores: where the material of some keys is, and how this service reaches it.
//!
//! A store is a row: its cluster, the password of `kmsuser` sealed by the vault, and the state of its connection. The
//! connection itself (a login at the cluster's HSMs) lives in memory and follows the row. Deliberately absent:
//! clusters and HSMs, which belong to CloudHSM and are asked through the gate.

pub(crate) mod blob;
mod cluster;
mod create;
mod credentials;
pub(crate) mod faults;
mod find;
mod record;
mod rows;
mod sessions;

pub(crate) use blob::ClusterBlob;
pub(crate) use cluster::{ActiveCluster, active_cluster};
pub(crate) use find::{FoundStore, NamedStore, check, places, refuse_external_members};
pub(crate) use record::{
    CertificateFingerprint, Connection, Credentials, FailureCode, KeyStoreRecord, KeyStoreRow,
};
pub(crate) use rows::{IdRow, KeyStorePlaces, all as all_stores, parse_store};
pub(crate) use sessions::{KeyStores, use_fault};
