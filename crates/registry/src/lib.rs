//! The root and the top-level domains: delegations, DS records, host addresses.
//!
//! A registry zone comes by configuration or when a name below it is needed, each with a key-signing key
//! in the vault; its DS enters its parent by itself. The zones are built and signed like any other, by the
//! zone builder, whose source this is. Who may change a delegation is its sponsor, the registrar's
//! customer. Deliberately absent: signing, publishing, serving, and every API (that is the registrar's).

mod anchor;
mod config;
mod content;
mod delegation;
mod duty;
mod edit;
mod error;
mod hosts;
mod registry;
mod rows;
mod source;
mod suffix;
#[cfg(test)]
mod tests;
mod zones;

pub use anchor::RootAnchor;
pub use config::{RegistryConfig, Server, ServerPattern, ZoneTimes};
pub use delegation::{Delegation, DsError, DsRecord, NameServer};
pub use error::RegistryError;
pub use registry::{Availability, Registry, RegistryParts, Ticket};
pub use suffix::is_special_use;
