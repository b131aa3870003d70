//! DNS zones: model, signing plan, denial, verification and answers.
//!
//! Everything here is a pure function of what is handed in: no clock, no I/O, no private key, no async
//! runtime. A zone is planned and signed (`plan`), verified (`verify`), and only then
//! published; the name server answers from generations alone.

pub mod answer;
mod delta;
pub mod dnskeys;
pub mod export;
mod generation;
pub mod keys;
mod name;
mod nsec3;
pub mod plan;
mod policy;
pub mod publication;
pub mod records;
pub mod rollover;
mod rrset;
mod rrsig;
mod sign;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verify;

pub use delta::{Delta, DeltaError};
pub use domain::base::iana::Rtype;
pub use generation::{Exact, Generation, GenerationNumber, Node, Search, SignedRrset};
pub use name::{Escapes, LABEL_BYTES_MAX, NAME_BYTES_MAX, Name, NameError, NameKey};
pub use nsec3::{NSEC3_HASH_BYTES, Nsec3Hash, nsec3_bitmap, nsec3_hash, nsec3_next};
pub use policy::{Policy, SerialPolicy, dns_time};
pub use rrset::Rrset;
pub use rrsig::Signature;
pub use sign::SigningJob;
