//! Plaintext on its way out of an HSM.

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

/// Plaintext, wiped when dropped. It prints its length only.
pub struct Plaintext(pub(crate) Zeroizing<Vec<u8>>);

impl Deref for Plaintext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Plaintext {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.0.len())
    }
}
