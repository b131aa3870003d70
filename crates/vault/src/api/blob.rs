//! The symmetric ciphertext: a clear header that is authenticated, then the encrypted part.
//!
//! ```text
//! version (1) | algorithm (1) | length of key id (1) | key id | material id (32) | N (16) | IV (12)
//! | AES-256-GCM ciphertext | tag (16)
//! ```
//!
//! AWS's own form is not published and its clients never look inside; this one carries what AWS's is
//! documented to carry (which key, which material), so that Decrypt needs no key id.

use crate::api::binding::MaterialId;

const VERSION: u8 = 1;
const AES_256_GCM: u8 = 1;
pub(crate) const NONCE_BYTES: usize = 16;
pub(crate) const IV_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// The clear header of a symmetric ciphertext. Nothing in it is to be believed until the vault has decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobHeader<'a> {
    /// The key's id as [`crate::KeyBinding::key_id`] gives it.
    pub key_id: &'a str,
    /// Which of the key's materials made it.
    pub material_id: MaterialId,
    /// N, from which the message's key is derived.
    pub(crate) nonce: [u8; NONCE_BYTES],
    /// The initialization vector.
    pub(crate) iv: [u8; IV_BYTES],
}

impl<'a> BlobHeader<'a> {
    /// Writes the header, with room for `rest` more bytes. A key id over 255 bytes has no blob form.
    pub(crate) fn write(&self, rest: usize) -> Option<Vec<u8>> {
        let length = u8::try_from(self.key_id.len()).ok()?;
        let size = 3 + self.key_id.len() + 32 + NONCE_BYTES + IV_BYTES;
        let mut bytes = Vec::with_capacity(size + rest);
        bytes.extend_from_slice(&[VERSION, AES_256_GCM, length]);
        bytes.extend_from_slice(self.key_id.as_bytes());
        bytes.extend_from_slice(&self.material_id.0);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.iv);
        Some(bytes)
    }

    /// Splits a blob into its header, the header's own bytes, and the encrypted part with its tag.
    pub(crate) fn split(blob: &'a [u8]) -> Option<(Self, &'a [u8], &'a [u8])> {
        let (&[version, algorithm, length], rest) = blob.split_first_chunk::<3>()?;
        if version != VERSION || algorithm != AES_256_GCM || length == 0 {
            return None;
        }
        let (key_id, rest) = rest.split_at_checked(usize::from(length))?;
        let (material, rest) = rest.split_first_chunk::<32>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let (iv, sealed) = rest.split_first_chunk::<IV_BYTES>()?;
        if sealed.len() < TAG_BYTES {
            return None;
        }
        let (head, _) = blob.split_at_checked(blob.len().checked_sub(sealed.len())?)?;
        let key_id = std::str::from_utf8(key_id).ok()?;
        Some((Self { key_id, material_id: MaterialId(*material), nonce: *nonce, iv: *iv }, head, sealed))
    }
}

/// Reads which key and material a symmetric ciphertext claims; `None` when it is not one of ours.
pub fn parse_ciphertext_header(blob: &[u8]) -> Option<BlobHeader<'_>> {
    BlobHeader::split(blob).map(|(header, _, _)| header)
}

#[cfg(test)]
mod tests;
