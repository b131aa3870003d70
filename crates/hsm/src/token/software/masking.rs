//! The cluster's masking key: AES-256, at rest in one sealed file of the HSM's folder.

use keyward_boundary::bytes::Octets;
use keyward_boundary::seal::{Folder, SealError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::token::TokenError;
use crate::token::software::cipher::AesGcm;
use crate::token::software::keywrap::WrapKey;

const FILE: &str = "masking.sealed";
const KEY_BYTES: usize = 32;

/// The masking key in the forms in which it is used.
pub(crate) struct Masking {
    raw: Zeroizing<Vec<u8>>,
    pub(crate) seal: AesGcm,
    pub(crate) wrap: WrapKey,
}

#[derive(Serialize, Deserialize)]
enum Stored {
    V1(Octets),
}

impl Masking {
    pub(crate) fn new(raw: Zeroizing<Vec<u8>>) -> Result<Self, TokenError> {
        if raw.len() != KEY_BYTES {
            return Err(TokenError::InvalidCiphertext);
        }
        Ok(Self { seal: AesGcm::new(&raw)?, wrap: WrapKey::new(&raw)?, raw })
    }

    pub(crate) fn fresh() -> Result<Self, TokenError> {
        let mut raw = Zeroizing::new(vec![0; KEY_BYTES]);
        aws_lc_rs::rand::fill(&mut raw).map_err(crate::token::software::material::unexpected)?;
        Self::new(raw)
    }

    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Whether both are the same key.
    pub(crate) fn is(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.raw, &other.raw).is_ok()
    }

    /// The masking key of a folder; `None` in one that has none.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, SealError> {
        if !folder.holds(FILE) {
            return Ok(None);
        }
        let damaged = || SealError::Damaged(folder.path_of(FILE));
        let plain = folder.read(FILE)?;
        let Stored::V1(raw) = postcard::from_bytes(&plain).map_err(|_| damaged())?;
        Self::new(raw.0).map(Some).map_err(|_| damaged())
    }

    /// Puts it into a folder; durable when this returns.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), TokenError> {
        let stored = Stored::V1(self.raw.to_vec().into());
        let buffer = Vec::with_capacity(KEY_BYTES + 16);
        let plain = Zeroizing::new(postcard::to_extend(&stored, buffer).unwrap_or_default());
        folder.write(FILE, &plain).map_err(|error| TokenError::Failed(error.to_string()))
    }

    /// Takes it out of a folder.
    pub(crate) fn erase(folder: &Folder) -> Result<(), TokenError> {
        match std::fs::remove_file(folder.path_of(FILE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(TokenError::Failed(error.to_string()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_version_1_is_fixed() {
        let stored = Stored::V1(vec![7; 32].into());
        assert_eq!(postcard::to_allocvec(&stored).unwrap(), [&[0, 32][..], &[7; 32]].concat());
    }

    #[test]
    fn a_folder_keeps_the_masking_key() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::create(place.path()).unwrap();
        assert!(Masking::read(&folder).unwrap().is_none());
        let made = Masking::fresh().unwrap();
        made.write(&folder).unwrap();
        assert!(Masking::read(&folder).unwrap().unwrap().is(&made));
        Masking::erase(&folder).unwrap();
        assert!(Masking::read(&folder).unwrap().is_none());
    }
}
