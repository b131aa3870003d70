//! CloudHSM v2: clusters, HSMs, backups: one operation, one file (`ops/`).
//!
//! A request changes rows and answers; duties carry out what rows ask for (make an HSM, take a backup, let one go) and
//! write what became of it. Every step of a duty can be repeated, so that a crash between any two leaves a state that the next look
//! completes. Rows lie under `cloudhsm/…` and are read by nobody else. Deliberately absent: keys and users, which live
//! inside the HSMs, wire formats, and networks: there is no VPC here, so addresses are made up and never change.

mod backup;
mod certificates;
mod cluster;
mod config;
mod duty;
mod fault;
mod hsms;
mod ids;
mod network;
mod ops;
mod page;
mod policy;
mod resolve;
mod rows;
mod service;
mod tags;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use config::{CloudHsmConfig, Quotas};
pub use hsms::{Hsms, HsmsError};
pub use ops::register;
pub use service::{CloudHsm, CloudHsmParts};
