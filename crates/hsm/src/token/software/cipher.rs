//! AES-GCM with an IV made here: `iv (12) | ciphertext | tag (16)`.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use zeroize::Zeroizing;

use crate::token::TokenError;
use crate::token::software::material::unexpected;

const TAG_BYTES: usize = 16;

/// An AES key of 16, 24 or 32 bytes, expanded.
pub(crate) struct AesGcm(LessSafeKey);

impl AesGcm {
    pub(crate) fn new(key: &[u8]) -> Result<Self, TokenError> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            _ => &AES_256_GCM,
        };
        UnboundKey::new(algorithm, key).map(|key| Self(LessSafeKey::new(key))).map_err(unexpected)
    }

    /// IVs are random: 2³² messages under one key are far more than an HSM sees (SP 800-38D section 8.3).
    pub(crate) fn encrypt(&self, associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, TokenError> {
        let mut iv = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut iv).map_err(unexpected)?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + TAG_BYTES);
        sealed.extend_from_slice(&iv);
        sealed.extend_from_slice(plaintext);
        let body = sealed.get_mut(NONCE_LEN..).unwrap_or_default();
        let nonce = Nonce::assume_unique_for_key(iv);
        let tag =
            self.0.seal_in_place_separate_tag(nonce, Aad::from(associated), body).map_err(unexpected)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub(crate) fn decrypt(
        &self,
        associated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.open(associated, ciphertext).ok_or(TokenError::InvalidCiphertext)
    }

    fn open(&self, associated: &[u8], ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (iv, rest) = ciphertext.split_first_chunk::<NONCE_LEN>()?;
        let (body, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_BYTES)?)?;
        let mut plain = Zeroizing::new(vec![0; body.len()]);
        let nonce = Nonce::assume_unique_for_key(*iv);
        self.0.open_separate_gather(nonce, Aad::from(associated), body, tag, &mut plain).ok()?;
        Some(plain)
    }
}
