//! The encrypted key token: a key under a domain key, bound to what the key is.
//!
//! ```text
//! version (1) | domain key (4, big endian) | nonce (12) | AES-256-GCM of the material | tag (16)
//! ```
//!
//! Associated data: a label, the token's first five bytes, and the canonical binding. A token under another
//! key's binding does not open, nor one whose version or domain key was changed.

use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};

use crate::api::error::VaultError;
use crate::mechanism::{Secret, unexpected};

const VERSION: u8 = 1;
const LABEL: &[u8] = b"keyward key token\0";
const HEAD_BYTES: usize = 5;

/// Which domain key a token is under; `None` when the bytes are no token of a known version.
pub(crate) fn domain_key(token: &[u8]) -> Option<u32> {
    match token.split_first_chunk::<HEAD_BYTES>()? {
        ([VERSION, version @ ..], _) => Some(u32::from_be_bytes(*version)),
        _ => None,
    }
}

/// Makes a token of `material` under the domain key with this version.
pub(crate) fn seal(
    key: &LessSafeKey,
    version: u32,
    binding: &[u8],
    material: &Secret,
) -> Result<Vec<u8>, VaultError> {
    let head = [&[VERSION][..], &version.to_be_bytes()].concat();
    let mut nonce = [0; NONCE_LEN];
    aws_lc_rs::rand::fill(&mut nonce).map_err(unexpected)?;
    let mut token = Vec::with_capacity(HEAD_BYTES + NONCE_LEN + material.expose().len() + 16);
    token.extend_from_slice(&head);
    token.extend_from_slice(&nonce);
    token.extend_from_slice(material.expose());
    let body = token.get_mut(HEAD_BYTES + NONCE_LEN..).unwrap_or_default();
    let aad = Aad::from([LABEL, &head, binding].concat());
    let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, body);
    token.extend_from_slice(tag.map_err(unexpected)?.as_ref());
    Ok(token)
}

/// Opens a token under its domain key and the binding that it must have.
pub(crate) fn open(key: &LessSafeKey, binding: &[u8], token: &[u8]) -> Result<Secret, VaultError> {
    let wrong = VaultError::WrongToken;
    let (head, rest) = token.split_first_chunk::<HEAD_BYTES>().ok_or(wrong)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::WrongToken)?;
    let length = sealed.len().checked_sub(16).ok_or(VaultError::WrongToken)?;
    let (body, tag) = sealed.split_at_checked(length).ok_or(VaultError::WrongToken)?;
    let aad = Aad::from([LABEL, head, binding].concat());
    let mut material = vec![0; length];
    let opened =
        key.open_separate_gather(Nonce::assume_unique_for_key(*nonce), aad, body, tag, &mut material);
    let material = Secret::new(material);
    opened.map(|()| material).map_err(|_| VaultError::WrongToken)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{AES_256_GCM, UnboundKey};

    use super::*;

    /// Made with another implementation from this module's head; tokens like it are in people's stores.
    const VERSION_1: &str = "01000000000909090909090909090909090dafaebe94daeb4b8a48e112ccc089f5\
                             fe9a49d91ec4ddea45846c8cff5e2b509af9984b2467f5d23d580937de3a8409";

    #[test]
    fn a_token_of_version_1_opens() {
        let token = data_encoding::HEXLOWER.decode(VERSION_1.as_bytes()).unwrap();
        assert_eq!(domain_key(&token), Some(0));
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
        let material = open(&key, b"binding of one key", &token).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(material.expose(), [42; 32]);
    }

    #[test]
    fn a_token_of_another_version_is_none() {
        assert_eq!(domain_key(&[2, 0, 0, 0, 0, 1]), None);
        assert_eq!(domain_key(&[1, 0, 0, 0]), None);
    }
}
