//! SoftHSM 2 against the suite that every token passes, and what is special about tokens of somebody else's.

use super::*;

pub(crate) mod softhsm;

crate::token::conformance::conformance!(softhsm::run);
