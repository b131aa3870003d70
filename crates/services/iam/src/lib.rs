//! IAM and STS: accounts, users, roles, access keys, sessions, inline policies.
//!
//! The service is also what the gate and other services ask about identities (`IdentitySource`,
//! `PrincipalDirectory`). Deliberately absent: deciding anything; that is the gate's and `policy`'s.

mod accounts;
mod cache;
mod document;
mod entity;
mod fault;
mod iam;
mod identities;
mod ids;
mod ops;
mod owner;
mod page;
mod place;
mod role;
mod rows;
mod secrets;
#[cfg(test)]
mod testhouse;
mod user;

pub use accounts::{Account, Accounts, RootCredentials};
pub use iam::Iam;
pub use ops::register;
pub use secrets::Secrets;
