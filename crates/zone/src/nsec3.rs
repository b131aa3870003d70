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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_the_com_zone_does() {
        // The apex record of `com.`, which has the same parameters and can be looked up by anybody.
        let hash = nsec3_hash(&Name::parse("com").unwrap());
        assert_eq!(hash.to_string(), "ck0pojmg874ljref7efn8430qvit8bsm");
        let owner = hash.owner(&Name::root()).unwrap();
        assert_eq!(owner.to_string(), "ck0pojmg874ljref7efn8430qvit8bsm.");
    }

    #[test]
    fn bitmaps_have_no_empty_windows_and_no_trailing_zeros() {
        use domain::base::iana::Rtype;
        //= rfc4034#section-4.1.2
        let bitmap = type_bitmap([Rtype::CAA, Rtype::A, Rtype::MX, Rtype::RRSIG]);
        assert_eq!(*bitmap, [0, 6, 0x40, 0x01, 0, 0, 0, 0x02, 1, 1, 0x40]);
        assert!(type_bitmap([]).is_empty());
    }
}
