//! AWS KMS: one operation, one file (`ops/`), over pure keys (`key/`) and aliases (`alias/`).
//!
//! Nothing here sees private key material: tokens go to the vault and come back. Deliberately absent: wire
//! formats (`wire`), who may do what (`gate`), and any other service's rows.

mod alias;
mod attestation;
mod ciphertext;
mod count;
mod crypto;
mod data_key;
mod duty;
mod family;
mod fault;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod grant;
mod import;
mod key;
mod keystore;
mod kms;
mod loaded;
mod managed;
mod material;
mod ops;
mod page;
mod planned;
mod policy;
mod quota;
mod recipient;
mod resolve;
mod rotation;
mod rows;
mod signing;
mod token;
mod usage;
mod vault;

pub use attestation::AttestationRoots;
#[cfg(feature = "fuzz")]
pub use attestation::fuzz as fuzz_attestation;
pub use kms::{Kms, KmsParts};
pub use ops::register;
pub use quota::{QUOTA_CLASSES, ResourceQuotas};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
