//! Content that must not show: wiped when dropped, without a readable `Debug`.

use std::fmt;

use zeroize::Zeroize;

/// A sensitive member: key material, plaintext, a password, a person's data.
///
/// Strings can be cloned, because people's data is stored and shown to its owner; bytes can't.
#[derive(Default)]
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// Keeps `content` from showing.
    pub const fn new(content: T) -> Self {
        Self(content)
    }

    /// The content.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Default> Sensitive<T> {
    /// Takes the content out; wiping it is then the caller's duty.
    pub fn into_exposed(mut self) -> T {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Sensitive<T> {
    fn from(content: T) -> Self {
        Self(content)
    }
}

impl Clone for Sensitive<String> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl PartialEq for Sensitive<String> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Sensitive;

    #[test]
    fn debug_shows_nothing() {
        let secret = Sensitive::new("wJalr".to_owned());
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.expose(), "wJalr");
        assert_eq!(secret.into_exposed(), "wJalr");
    }
}
