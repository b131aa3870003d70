//! `keyward cloudhsm`: AWS's CloudHSM CLI's words, on the clusters of the `serve` that runs on a folder.
//!
//! The client (`client`) reads words, files and passwords where the user is, and sends them over the operator's
//! socket; `serve` (`run`) does them at the cluster. Who may do what is decided by the HSMs alone, by the login.

pub(crate) mod client;
mod outcome;
pub(crate) mod run;
pub(crate) mod words;

pub(crate) use crate::cloudhsm::outcome::Outcome;
