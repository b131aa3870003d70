//! Clusters: HSMs that hold the same users and keys, so that one is enough to go on.
//!
//! Invariants:
//! - An Active member has every write that was acknowledged. One that missed a write is Away, and serves nothing.
//! - A write is acknowledged when every Active member has it, and on as many HSMs as asked for.
//! - Two HSMs that exchanged what they hold hold the same, whatever happened to them before (`Stamp::supersedes`).
//! - Nothing that an HSM was asked before it went Away is done after it has come back.
//!
//! Deliberately absent: keys (masked records are all that is carried), processes (`fleet` has them), and what a cluster is
//! to AWS's API.

mod amend;
mod catch_up;
mod clusters;
mod compare;
mod handle;
mod keeper;
mod limits;
mod login;
mod member;
mod read;
mod session;
mod shared;
mod write;

pub use clusters::Clusters;
pub use handle::Cluster;
pub use member::{MemberState, MemberStatus, NewMember};
pub use session::ClusterSession;

#[cfg(test)]
mod tests;
