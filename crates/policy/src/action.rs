//! The `Action` and `NotAction` elements: `service:Name` with wildcards, in any case.

use crate::pattern::{Pattern, Syntax};

/// A pattern for actions, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActionPattern(Pattern);

impl ActionPattern {
    /// Reads `*`, `kms:*`, `kms:Get*`; `None` when there is no service, or a wildcard in it.
    pub(crate) fn compile(text: &str) -> Option<Self> {
        if text != "*" {
            let (service, name) = text.split_once(':')?;
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let named = |byte: u8| byte.is_ascii_alphanumeric() || b"*?-_".contains(&byte);
            let wrong = service.is_empty() || name.is_empty();
            if wrong || !service.bytes().all(valid) || !name.bytes().all(named) {
                return None;
            }
        }
        let syntax = Syntax { wildcards: true, variables: false };
        Pattern::compile(&text.to_ascii_lowercase(), syntax).map(Self)
    }

    /// Whether `action`, in lower case, matches.
    pub(crate) fn matches(&self, action: &str) -> bool {
        self.0.matches_plain(action)
    }

    /// The only action that matches, if there is only one.
    pub(crate) fn exact(&self) -> Option<&str> {
        self.0.exact()
    }
}
