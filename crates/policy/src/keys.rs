//! Where a condition key is looked up: the operation's own keys, then the request's global ones.

use std::borrow::Cow;

use crate::ConditionValues;

/// The layers of condition keys of one request; the first that has a key gives its values.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a>(pub [&'a ConditionValues; 2]);

impl<'a> Keys<'a> {
    /// No keys at all.
    pub fn none() -> Self {
        static NONE: ConditionValues = ConditionValues::new();
        Keys([&NONE; 2])
    }

    /// The values of `key`; `None` when no layer has it.
    pub fn get(self, key: &str) -> Option<&'a [Cow<'static, str>]> {
        self.0.into_iter().find_map(|layer| layer.get(key))
    }

    /// The value of `key` when it has exactly one.
    pub(crate) fn single(self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            [value] => Some(value),
            _ => None,
        }
    }
}
