//! NSEC3 hashes: SHA-1, no salt, no additional iterations (RFC 5155, RFC 9276 section 3.1).

use std::fmt;

use aws_lc_rs::digest;

use crate::{Name, NameError};

mod record;

pub use record::{nsec3_bitmap, nsec3_next};
pub(crate) use record::{nsec3_set, nsec3param_set, type_bitmap};

/// Bytes of an NSEC3 hash.
pub const NSEC3_HASH_BYTES: usize = 20;

/// The hash of an owner name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nsec3Hash(pub [u8; NSEC3_HASH_BYTES]);

impl Nsec3Hash {
    /// The owner of the hash's NSEC3 record in the zone `apex` (RFC 5155 section 3).
    pub fn owner(&self, apex: &Name) -> Result<Name, NameError> {
        apex.child(self.to_string().as_bytes())
    }
}

/// Base 32 with the extended hex alphabet, lower case, no padding (RFC 5155 section 3.3).
impl fmt::Display for Nsec3Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::BASE32HEX_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

impl fmt::Debug for Nsec3Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of `name`: `IH(salt = empty, name, iterations = 0)` of RFC 5155 section 5.
pub fn nsec3_hash(name: &Name) -> Nsec3Hash {
    // SHA-1 is the only hash that RFC 5155 defines; nothing but denial depends on it.
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, name.as_wire());
    let mut bytes = [0; NSEC3_HASH_BYTES];
    for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    Nsec3Hash(bytes)
}
