//! Change batches: what they do to a zone's record sets, and why some are refused.
//!
//! Pure: a batch is applied to a working copy of the sets at the names that it touches, all or nothing.
//! The refusals are AWS's texts. Deliberately absent: reading and writing rows.

mod batch;
mod read;
mod refusal;

pub(crate) use batch::{Action, Change, Outcome, WorkingCopy};
pub(crate) use read::read_change;
pub(crate) use refusal::Refusal;
