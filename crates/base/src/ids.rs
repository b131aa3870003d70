//! Ids that every service shares.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Random;

/// Why a text is not the id it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdError {
    what: &'static str,
    value: String,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not {}", self.value, self.what)
    }
}

impl std::error::Error for IdError {}

/// An AWS account id: twelve decimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(u64);

impl AccountId {
    const LIMIT: u64 = 1_000_000_000_000;

    /// A random account id that does not begin with zero.
    pub fn random(random: &dyn Random) -> Self {
        let high = u64::from(random.below(900_000)) + 100_000;
        Self(high * 1_000_000 + u64::from(random.below(1_000_000)))
    }

    /// The id as a number, below 10¹².
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError { what: "an account id of twelve digits", value: text.to_owned() };
        if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        text.parse().ok().filter(|number| *number < Self::LIMIT).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl TryFrom<String> for AccountId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(account: AccountId) -> Self {
        account.to_string()
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError { what: $what, value: text.to_owned() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A region's name, such as `us-east-1`.
    Region, "a region name such as 'us-east-1'", is_dashed_name
}

text_id! {
    /// An ARN partition: `aws`, or another that the configuration names.
    Partition, "an ARN partition such as 'aws'", is_dashed_name
}

text_id! {
    /// The id of one request, a UUID, as `x-amzn-requestid` shows it.
    RequestId, "a request id", |text| !text.is_empty() && text.len() <= 64
}

impl RequestId {
    /// A fresh id.
    pub fn random(random: &dyn Random) -> Self {
        Self(random.uuid().into())
    }
}

fn is_dashed_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (2..=40).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && bytes[0].is_ascii_lowercase()
        && bytes[bytes.len() - 1] != b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;

    #[test]
    fn account_ids_keep_leading_zeros_and_refuse_the_rest() {
        let account: AccountId = "000000000042".parse().unwrap();
        assert_eq!(account.to_string(), "000000000042");
        for wrong in ["", "42", "1234567890123", "12345678901a", "+12345678901"] {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn random_accounts_have_twelve_digits() {
        let account = AccountId::random(&SeededRandom::new(3));
        assert_eq!(account.to_string().parse(), Ok(account));
        assert!(account.as_u64() >= 100_000_000_000);
    }

    #[test]
    fn region_names_are_checked() {
        assert!("us-east-1".parse::<Region>().is_ok());
        for wrong in ["", "US-EAST-1", "us east", "-a", "us-east-"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong}");
        }
    }
}
