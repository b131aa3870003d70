//! Certificates of clusters: what an owner claims a cluster with, and what this deployment certifies its HSMs with.

mod claim;
mod roots;
mod signer;

pub(crate) use claim::check_claim;
pub(crate) use roots::Roots;
