//! What two HSMs have to tell each other so that both hold the same. Pure.

use std::collections::HashMap;

use crate::api::record::{RecordKey, Stamp};

/// What the one lacks of the other, by key.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What the left one holds and the right one has to take.
    pub(crate) to_right: Vec<RecordKey>,
    /// What the right one holds and the left one has to take.
    pub(crate) to_left: Vec<RecordKey>,
}

impl Difference {
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.to_left.is_empty() && self.to_right.is_empty()
    }
}

/// Compares two digests.
pub(crate) fn compare(left: &[Stamp], right: &[Stamp]) -> Difference {
    Difference { to_right: lacking(right, left), to_left: lacking(left, right) }
}

/// The keys of `whole` whose record supersedes what `partial` has, or that it has not at all.
fn lacking(partial: &[Stamp], whole: &[Stamp]) -> Vec<RecordKey> {
    let held: HashMap<&RecordKey, &Stamp> = partial.iter().map(|stamp| (&stamp.key, stamp)).collect();
    let newer = |stamp: &&Stamp| held.get(&stamp.key).is_none_or(|old| stamp.supersedes(old));
    whole.iter().filter(newer).map(|stamp| stamp.key.clone()).collect()
}

#[cfg(test)]
mod tests;
