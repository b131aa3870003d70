//! Simulated parts of a machine, for the tests of whoever keeps things on one. Never in the binary.
//!
//! The clock and the randomness that are handed in have their simulations beside them, in `keyward-base`; this is for
//! what needs a library to be one.

mod disk;

pub use disk::{Disk, Trouble};
