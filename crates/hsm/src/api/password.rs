//! Passwords (PINs) of users. Wiped when dropped; never printed.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A password of 7 to 32 printable ASCII characters without `:` (which ends the name in `user:password`).
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// The text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordError;

impl Password {
    /// Checks and takes over a password.
    pub fn new(text: impl Into<String>) -> Result<Self, PasswordError> {
        let text = Zeroizing::new(text.into());
        let fits = (7..=32).contains(&text.len())
            && text.bytes().all(|byte| (byte.is_ascii_graphic() || byte == b' ') && byte != b':');
        fits.then_some(Self(text)).ok_or(PasswordError)
    }

    /// The text itself, for what must hash, send or store it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Serialize for Password {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Borrowed: an owned copy on the way would be wiped by nobody.
        let text = <&str>::deserialize(deserializer)?;
        Self::new(text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a password has 7 to 32 printable characters without a colon")
    }
}

impl std::error::Error for PasswordError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_have_7_to_32_characters_and_never_print() {
        for wrong in ["", "123456", "with:colon", "tab\tinside", "ümlaut1", &"a".repeat(33)] {
            assert!(Password::new(wrong).is_err(), "{wrong}");
        }
        let password = Password::new("1234567").unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert!(Password::new("a".repeat(32)).is_ok());
    }
}
