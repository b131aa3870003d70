//! Route 53 Domains: the registrar.
//!
//! A request reserves, records an operation, and answers with its id; a duty carries the operation out at the
//! registry and ends it when every name server serves the change. Rows lie under `domains/…` and are read
//! by nobody else. Deliberately absent: the TLD zones (that is the registry), wire formats, payment,
//! transfers between registrars and renewal.

mod config;
mod contact;
mod dnssec;
mod domain;
mod duty;
mod fault;
mod name;
mod nameservers;
mod operation;
mod ops;
mod page;
mod rows;
mod service;

pub use config::{DomainsConfig, Quotas};
pub use ops::register;
pub use service::{Domains, DomainsParts};
