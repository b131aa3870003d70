//! AES key wrap (RFC 3394) and with padding (RFC 5649) by aws-lc's C library.
//!
//! aws-lc-rs has both for 128 and 256 bits only, and copies the key for each use into memory that it does not wipe. The
//! only `unsafe` of this crate is here: each call passes buffers with their lengths.
#![expect(
    unsafe_code,
    reason = "aws-lc-rs has no key wrap under AES-192 and leaves copies of the key behind"
)]

use std::mem::MaybeUninit;
use std::ptr;

use aws_lc_sys as c;
use zeroize::{Zeroize, Zeroizing};

use crate::token::TokenError;

/// Eight bytes: the unit of both algorithms.
const SEMIBLOCK: usize = 8;

/// An AES key that wraps keys; both schedules are made once, and wiped when dropped.
pub(crate) struct WrapKey {
    wrapping: c::AES_KEY,
    unwrapping: c::AES_KEY,
}

impl Drop for WrapKey {
    fn drop(&mut self) {
        self.wrapping.rd_key.zeroize();
        self.unwrapping.rd_key.zeroize();
    }
}

impl WrapKey {
    /// A key of 16, 24 or 32 bytes.
    pub(crate) fn new(key: &[u8]) -> Result<Self, TokenError> {
        let bits = u32::try_from(key.len() * 8).map_err(|_| failed())?;
        let mut wrapping = MaybeUninit::<c::AES_KEY>::zeroed();
        let mut unwrapping = MaybeUninit::<c::AES_KEY>::zeroed();
        // SAFETY: both schedules are ours to write, the key is as long as `bits` says, and aws-lc refuses other lengths
        // before it reads. Zeros are a value of this plain structure, whatever the outcome.
        unsafe {
            let ready = c::AES_set_encrypt_key(key.as_ptr(), bits, wrapping.as_mut_ptr())
                | c::AES_set_decrypt_key(key.as_ptr(), bits, unwrapping.as_mut_ptr());
            let made = Self { wrapping: wrapping.assume_init(), unwrapping: unwrapping.assume_init() };
            if ready == 0 { Ok(made) } else { Err(failed()) }
        }
    }

    /// RFC 3394; the plaintext has at least 16 bytes, a multiple of 8.
    pub(crate) fn wrap(&self, plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        if plain.len() < 2 * SEMIBLOCK || !plain.len().is_multiple_of(SEMIBLOCK) {
            return Err(TokenError::KeyType);
        }
        let mut wrapped = vec![0; plain.len() + SEMIBLOCK];
        // SAFETY: `wrapped` has the 8 bytes more than `plain` that aws-lc writes; no IV means the standard's.
        let length = unsafe {
            c::AES_wrap_key(
                &raw const self.wrapping,
                ptr::null(),
                wrapped.as_mut_ptr(),
                plain.as_ptr(),
                plain.len(),
            )
        };
        if usize::try_from(length) == Ok(wrapped.len()) { Ok(wrapped) } else { Err(failed()) }
    }

    /// Undoes `wrap`.
    pub(crate) fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        if wrapped.len() < 3 * SEMIBLOCK || !wrapped.len().is_multiple_of(SEMIBLOCK) {
            return Err(TokenError::InvalidCiphertext);
        }
        let mut plain = Zeroizing::new(vec![0; wrapped.len() - SEMIBLOCK]);
        // SAFETY: `plain` has the 8 bytes less than `wrapped` that aws-lc writes; no IV means the standard's.
        let length = unsafe {
            let key = &raw const self.unwrapping;
            c::AES_unwrap_key(key, ptr::null(), plain.as_mut_ptr(), wrapped.as_ptr(), wrapped.len())
        };
        if usize::try_from(length) == Ok(plain.len()) {
            Ok(plain)
        } else {
            Err(TokenError::InvalidCiphertext)
        }
    }

    /// RFC 5649; any plaintext of at least one byte.
    pub(crate) fn wrap_padded(&self, plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        let mut wrapped = vec![0; plain.len().next_multiple_of(SEMIBLOCK) + SEMIBLOCK];
        let mut length = 0;
        // SAFETY: aws-lc is told how much room `wrapped` has, and how long `plain` is.
        let done = unsafe {
            let (key, out) = (&raw const self.wrapping, wrapped.as_mut_ptr());
            c::AES_wrap_key_padded(key, out, &raw mut length, wrapped.len(), plain.as_ptr(), plain.len())
        };
        wrapped.truncate(length);
        if done == 1 { Ok(wrapped) } else { Err(failed()) }
    }

    /// Undoes `wrap_padded`.
    pub(crate) fn unwrap_padded(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let mut plain = Zeroizing::new(vec![0; wrapped.len()]);
        let mut length = 0;
        // SAFETY: aws-lc is told how much room `plain` has, and how long `wrapped` is.
        let done = unsafe {
            let (key, out) = (&raw const self.unwrapping, plain.as_mut_ptr());
            c::AES_unwrap_key_padded(key, out, &raw mut length, plain.len(), wrapped.as_ptr(), wrapped.len())
        };
        plain.truncate(length);
        if done == 1 { Ok(plain) } else { Err(TokenError::InvalidCiphertext) }
    }
}

fn failed() -> TokenError {
    TokenError::Failed("aws-lc failed".to_owned())
}

#[cfg(test)]
mod tests;
