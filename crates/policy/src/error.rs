//! Why a text is not a policy, in AWS's words.

use std::fmt;

/// The message of `MalformedPolicyDocument` (`MalformedPolicyDocumentException` in KMS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(String);

impl PolicyError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Not JSON, a repeated or unknown element, or a value of the wrong kind.
    pub(crate) fn syntax() -> Self {
        Self::new("Syntax errors in policy.")
    }

    /// AWS's message.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PolicyError {}
