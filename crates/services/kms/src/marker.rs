//! Pagination markers: where a list goes on, sealed so that nobody can forge or read one.
//!
//! A marker names the last entry of a page, not a place in a list, so that it survives changes: the next
//! page begins after that entry whether it is still there or not. It is bound to its list (operation,
//! account, Region, filter), so that one list's marker is refused by another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::BASE64URL_NOPAD;
use keyward_base::Fault;

use crate::fault;

/// Bytes of the sealing key.
pub(crate) const MARKER_KEY_BYTES: usize = 32;

/// Seals and opens markers.
#[derive(Debug)]
pub(crate) struct Markers(RandomizedNonceKey);

impl Markers {
    /// Markers under `key`, which every process of a deployment shares.
    pub(crate) fn new(key: &[u8; MARKER_KEY_BYTES]) -> Result<Self, Fault> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(fault::internal)
    }

    /// The marker after `last` in the list that `scope` names.
    pub(crate) fn seal(&self, scope: &str, last: &str) -> Result<String, Fault> {
        let mut sealed = last.as_bytes().to_vec();
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(scope), &mut sealed).map_err(fault::internal)?;
        Ok(BASE64URL_NOPAD.encode(&[nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// The last entry of the page before, or `InvalidMarkerException`.
    pub(crate) fn open(&self, scope: &str, marker: &str) -> Result<String, Fault> {
        self.unseal(scope, marker)
            .ok_or_else(|| Fault::caller("InvalidMarkerException", "The marker is not valid."))
    }

    fn unseal(&self, scope: &str, marker: &str) -> Option<String> {
        let bytes = BASE64URL_NOPAD.decode(marker.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let last = self.0.open_in_place(Nonce::from(nonce), Aad::from(scope), &mut sealed).ok()?;
        String::from_utf8(last.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_opens_in_its_own_list_only() {
        let markers = Markers::new(&[7; 32]).unwrap();
        let marker = markers.seal("ListKeys", "last").unwrap();
        assert_eq!(markers.open("ListKeys", &marker).unwrap(), "last");
        assert_eq!(markers.open("ListAliases", &marker).unwrap_err().code(), "InvalidMarkerException");
        assert!(Markers::new(&[8; 32]).unwrap().open("ListKeys", &marker).is_err());
    }

    #[test]
    fn a_changed_marker_is_refused() {
        let markers = Markers::new(&[7; 32]).unwrap();
        let marker = markers.seal("ListKeys", "last").unwrap();
        for wrong in ["", "x", "made up", &marker[1..], &format!("{marker}A")] {
            assert!(markers.open("ListKeys", wrong).is_err(), "{wrong}");
        }
        for place in 0..marker.len() {
            let mut bytes = marker.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(markers.open("ListKeys", &changed).is_err(), "{place}");
        }
    }

    #[test]
    fn the_longest_alias_fits_into_a_marker() {
        let marker = Markers::new(&[7; 32]).unwrap().seal("ListAliases", &"x".repeat(256)).unwrap();
        assert!(marker.len() <= 1024);
    }
}
