//! Route 53: hosted zones, their records, and DNSSEC.
//!
//! One operation one file in `ops`; the pure parts (names, change batches, delegation sets, the states of
//! key-signing keys) know no store and no clock. Rows lie under `route53/…` and are read by nobody else.
//! Deliberately absent: answering DNS, signing and publishing (that is the zone builder and the name
//! server), and every wire format.

mod changes;
mod config;
mod delegation;
mod dnssec;
mod ids;
mod names;
mod record;

pub use config::{Quotas, Route53Config};
pub use delegation::NameServerScheme;
pub use ids::{ChangeId, ZoneId};
pub use names::{NameError, RecordName};
