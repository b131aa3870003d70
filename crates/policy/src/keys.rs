//! Where a condition key is looked up: the operation's own keys, the resource's, the caller's, then the request's.

use std::borrow::Cow;
use std::fmt;

use crate::ConditionValues;

/// Condition keys that are made when a policy first asks for one of them.
pub trait KeySource: Sync {
    /// The keys.
    fn keys(&self) -> &ConditionValues;
}

impl KeySource for ConditionValues {
    fn keys(&self) -> &ConditionValues {
        self
    }
}

/// The layers of condition keys of one request; the first that has a key gives its values.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// What the operation says of its resource and input.
    pub operation: &'a ConditionValues,
    /// What is known of the resource whatever is done to it.
    pub resource: &'a ConditionValues,
    /// What is known of the caller.
    pub caller: &'a ConditionValues,
    /// What is known of the request.
    pub request: &'a dyn KeySource,
}

impl<'a> Keys<'a> {
    /// No keys at all.
    pub fn none() -> Self {
        static NONE: ConditionValues = ConditionValues::new();
        Keys { operation: &NONE, resource: &NONE, caller: &NONE, request: &NONE }
    }

    /// The values of `key`; `None` when no layer has it.
    pub fn get(self, key: &str) -> Option<&'a [Cow<'static, str>]> {
        let known = self.operation.get(key).or_else(|| self.resource.get(key));
        known.or_else(|| self.caller.get(key)).or_else(|| self.request.keys().get(key))
    }

    /// The value of `key` when it has exactly one.
    pub(crate) fn single(self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            [value] => Some(value),
            _ => None,
        }
    }
}

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries([self.operation, self.resource, self.caller]).finish_non_exhaustive()
    }
}
