//! Route 53: hosted zones, their records, and DNSSEC.
//!
//! One operation one file in `ops`; the pure parts (names, change batches, delegation sets, the states of
//! key-signing keys) know no store and no clock. Rows lie under `route53/…` and are read by nobody else.
//! Deliberately absent: answering DNS, signing and publishing (that is the zone builder and the name
//! server), and every wire format.

#[cfg(test)]
mod bench;
mod changes;
mod config;
mod content;
mod delegation;
mod dnssec;
mod ids;
mod kms;
mod names;
mod ops;
mod parent;
mod record;
mod rows;
mod service;
mod source;
mod values;

pub use config::{Quotas, Route53Config};
pub use delegation::NameServerScheme;
pub use ids::{ChangeId, ZoneId};
pub use names::{NameError, RecordName};
pub use ops::register;
pub use parent::{Delegation, LookupFailed, NoParent, ParentDs, ParentView};
pub use service::{Route53, Route53Parts};
pub use source::HostedZones;
