//! Ids: of HSMs, clusters, keys, users, sessions and operations.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is no id of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdError(&'static str);

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for IdError {}

/// An HSM's serial number: drawn at random when it is made, never used again. Printed as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HsmSerial(pub u64);

impl fmt::Display for HsmSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

/// A key's handle: the same on every HSM of the cluster, never used again. Printed as CloudHSM's `key-reference`,
/// `0x00000000002e06bf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyHandle(pub u64);

impl fmt::Display for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

impl FromStr for KeyHandle {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits =
            text.strip_prefix("0x").ok_or(IdError("a key reference is 0x and up to 16 hex digits"))?;
        let plain = digits.len() <= 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(digits, 16).ok().filter(|_| plain);
        number.map(Self).ok_or(IdError("a key reference is 0x and up to 16 hex digits"))
    }
}

/// A user's name: 1 to 31 letters, digits and `_`; case does not matter, shown in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// The most characters of a name.
    pub const LENGTH_MAX: usize = 31;

    /// The user that clones and synchronizes, on every HSM; nobody logs in as it.
    pub fn app_user() -> Self {
        Self("app_user".to_owned())
    }

    /// The first admin, unactivated until it has set its password.
    pub fn admin() -> Self {
        Self("admin".to_owned())
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        fits.then(|| Self(text.to_ascii_lowercase()))
            .ok_or(IdError("a user name has 1 to 31 letters, digits or underscores"))
    }
}

impl TryFrom<String> for UserName {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id with a prefix and 11 to 16 characters of the base32 alphabet (CloudHSM's models: `[2-7a-zA-Z]{11,16}`).
fn is_prefixed(text: &str, prefix: &str) -> bool {
    let base32 = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'2'..=b'7');
    let rest = text.strip_prefix(prefix);
    rest.is_some_and(|rest| (11..=16).contains(&rest.len()) && rest.bytes().all(base32))
}

macro_rules! prefixed_id {
    ($(#[$about:meta])* $name:ident, $prefix:literal, $wrong:literal) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                is_prefixed(text, $prefix).then(|| Self(text.to_owned())).ok_or(IdError($wrong))
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
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

prefixed_id!(
    /// A cluster's id, `cluster-` and 11 to 16 base32 characters.
    ClusterId,
    "cluster-",
    "a cluster id is cluster- and 11 to 16 letters or digits 2 to 7"
);
prefixed_id!(
    /// An HSM's id in the CloudHSM API, `hsm-` and 11 to 16 base32 characters; names its folder in the fleet.
    HsmId,
    "hsm-",
    "an HSM id is hsm- and 11 to 16 letters or digits 2 to 7"
);

/// One mutation, named by whoever asks for it (16 random bytes), so that it can be asked again when the answer was lost: the
/// HSM does it once and gives the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationId(pub [u8; 16]);

/// A login on one HSM: 16 random bytes that only that HSM and its client know. Gone when the HSM restarts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SessionId(pub(crate) [u8; 16]);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_prints_as_cloudhsm_prints_it_and_reads_back() {
        let handle = KeyHandle(0x002e_06bf);
        assert_eq!(handle.to_string(), "0x00000000002e06bf");
        assert_eq!("0x2e06bf".parse(), Ok(handle));
        for wrong in ["", "0x", "2e06bf", "0x+1", "0x00000000000000001", "0xg"] {
            assert!(wrong.parse::<KeyHandle>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn user_names_are_short_plain_and_lower_case() {
        assert_eq!("KmsUser_1".parse::<UserName>().unwrap().as_str(), "kmsuser_1");
        for wrong in ["", "a-b", "a:b", "ä", &"a".repeat(32)] {
            assert!(wrong.parse::<UserName>().is_err(), "{wrong}");
        }
        assert!("a".repeat(31).parse::<UserName>().is_ok());
    }

    #[test]
    fn cluster_and_hsm_ids_have_cloudhsms_form() {
        assert!("cluster-1234567abcd".parse::<ClusterId>().is_err(), "1 is not in the alphabet");
        assert!("cluster-234567abcde".parse::<ClusterId>().is_ok());
        assert!("hsm-234567abcde/../x".parse::<HsmId>().is_err());
        assert!("hsm-234567abcdeabcde".parse::<HsmId>().is_ok());
    }
}
