//! Alias names (developer guide, "Aliases": form, reserved prefix).

use std::fmt;

use keyward_base::Fault;
use serde::{Deserialize, Serialize};

use crate::fault;

/// Where every alias name begins.
pub(crate) const PREFIX: &str = "alias/";

/// Where the names of AWS managed keys' aliases begin.
pub(crate) const RESERVED_PREFIX: &str = "alias/aws/";

/// An alias's name with its prefix `alias/`, as it stands in an ARN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct AliasName(String);

impl AliasName {
    /// The name that `text` is, if it has the form of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let valid = !rest.is_empty() && text.len() <= 256 && rest.bytes().all(is_name_byte);
        valid.then(|| Self(text.to_owned()))
    }

    /// The `AliasName` of `DeleteAlias` and `UpdateAlias`.
    pub(crate) fn given(text: &str) -> Result<Self, Fault> {
        if !text.starts_with(PREFIX) {
            return Err(fault::validation(
                "Alias must start with the prefix \"alias/\". Please see \
                 https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
            ));
        }
        Self::parse(text).ok_or_else(|| {
            let message = format!("Alias name '{text}' is not valid.");
            Fault::caller("InvalidAliasNameException", message)
        })
    }

    /// The `AliasName` of an operation that changes aliases: the reserved ones are refused.
    pub(crate) fn customers(text: &str) -> Result<Self, Fault> {
        let name = Self::given(text)?;
        if text.starts_with(RESERVED_PREFIX) {
            let message = format!("Aliases that begin with {RESERVED_PREFIX} are reserved for AWS services.");
            return Err(Fault::caller("NotAuthorizedException", message));
        }
        Ok(name)
    }

    /// The alias of the AWS managed key of the service called `name`.
    pub(crate) fn of_service(name: &'static str) -> Self {
        Self(format!("{RESERVED_PREFIX}{name}"))
    }

    /// The name with its prefix.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-')
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        AliasName::customers(text).unwrap_err().code().to_owned()
    }

    #[test]
    fn takes_the_documented_characters() {
        for right in ["alias/a", "alias/Team_1/app-key", "alias/awsome", "alias/Aws/x"] {
            assert_eq!(AliasName::customers(right).unwrap().as_str(), right);
        }
        let longest = format!("alias/{}", "x".repeat(250));
        assert!(AliasName::customers(&longest).is_ok());
    }

    #[test]
    fn refuses_other_prefixes_reserved_names_and_characters() {
        assert_eq!(code("my-key"), "ValidationException");
        assert_eq!(code("Alias/x"), "ValidationException");
        assert_eq!(code("alias/"), "InvalidAliasNameException");
        assert_eq!(code("alias/a:b"), "InvalidAliasNameException");
        assert_eq!(code(&format!("alias/{}", "x".repeat(251))), "InvalidAliasNameException");
        assert_eq!(code("alias/aws/s3"), "NotAuthorizedException");
        assert!(AliasName::given("alias/aws/s3").is_ok());
    }
}
