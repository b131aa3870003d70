//! Noise's AES-256-GCM by aws-lc, in place of snow's own: several times as fast, with the key expanded once.
//!
//! An adapter only; everything else of the handshake stays snow's.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{BoxedCryptoResolver, CryptoResolver, DefaultResolver, FallbackResolver};
use snow::types::{Cipher, Dh, Hash, Random};

const TAG_BYTES: usize = 16;

/// Snow's primitives, but for the cipher.
pub fn resolver() -> BoxedCryptoResolver {
    Box::new(FallbackResolver::new(Box::new(AwsLc), Box::new(DefaultResolver)))
}

struct AwsLc;

impl CryptoResolver for AwsLc {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        None
    }

    fn resolve_dh(&self, _: &DHChoice) -> Option<Box<dyn Dh>> {
        None
    }

    fn resolve_hash(&self, _: &HashChoice) -> Option<Box<dyn Hash>> {
        None
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        matches!(choice, CipherChoice::AESGCM).then(|| Box::new(AesGcm(None)) as Box<dyn Cipher>)
    }
}

struct AesGcm(Option<LessSafeKey>);

impl Cipher for AesGcm {
    fn name(&self) -> &'static str {
        "AESGCM"
    }

    fn set(&mut self, key: &[u8; 32]) {
        self.0 = UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new);
    }

    fn encrypt(&self, nonce: u64, authtext: &[u8], plaintext: &[u8], out: &mut [u8]) -> usize {
        if self.seal(nonce, authtext, plaintext, out).is_none() {
            // The interface knows no failure. Nothing may leave in clear; zeros end the session on the other side.
            out.fill(0);
        }
        plaintext.len() + TAG_BYTES
    }

    fn decrypt(
        &self,
        nonce: u64,
        authtext: &[u8],
        ciphertext: &[u8],
        out: &mut [u8],
    ) -> Result<usize, snow::Error> {
        self.open(nonce, authtext, ciphertext, out).ok_or(snow::Error::Decrypt)
    }
}

impl AesGcm {
    fn seal(&self, nonce: u64, authtext: &[u8], plaintext: &[u8], out: &mut [u8]) -> Option<()> {
        let (body, rest) = out.split_at_mut_checked(plaintext.len())?;
        body.copy_from_slice(plaintext);
        let key = self.0.as_ref()?;
        let tag = key.seal_in_place_separate_tag(iv(nonce), Aad::from(authtext), body).ok()?;
        rest.get_mut(..TAG_BYTES)?.copy_from_slice(tag.as_ref());
        Some(())
    }

    fn open(&self, nonce: u64, authtext: &[u8], ciphertext: &[u8], out: &mut [u8]) -> Option<usize> {
        let length = ciphertext.len().checked_sub(TAG_BYTES)?;
        let (body, tag) = ciphertext.split_at_checked(length)?;
        let plain = out.get_mut(..length)?;
        let key = self.0.as_ref()?;
        key.open_separate_gather(iv(nonce), Aad::from(authtext), body, tag, plain).ok()?;
        Some(length)
    }
}

/// The Noise Protocol Framework, section 12.4: 32 bits of zeros, then n in big endian.
fn iv(nonce: u64) -> Nonce {
    let mut bytes = [0; 12];
    if let Some(counter) = bytes.last_chunk_mut::<8>() {
        *counter = nonce.to_be_bytes();
    }
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both directions against snow's own cipher.
    #[test]
    fn speaks_as_snows_own_cipher_does() {
        let mut ours = AesGcm(None);
        let mut theirs = DefaultResolver.resolve_cipher(&CipherChoice::AESGCM).unwrap();
        ours.set(&[7; 32]);
        theirs.set(&[7; 32]);
        for length in [0, 1, 16, 1000] {
            let plain = vec![3; length];
            let (mut one, mut two) = (vec![0; length + 16], vec![0; length + 16]);
            assert_eq!(ours.encrypt(9, b"ad", &plain, &mut one), theirs.encrypt(9, b"ad", &plain, &mut two));
            assert_eq!(one, two);
            let mut opened = vec![0; length];
            assert_eq!(ours.decrypt(9, b"ad", &two, &mut opened).ok(), Some(length));
            assert_eq!(opened, plain);
            assert!(ours.decrypt(8, b"ad", &two, &mut opened).is_err());
        }
        assert!(ours.decrypt(9, b"ad", b"short", &mut [0; 64]).is_err());
    }

    #[test]
    fn without_a_key_nothing_leaves_in_clear() {
        let mut out = [1; 20];
        assert_eq!(AesGcm(None).encrypt(0, b"", b"body", &mut out), 20);
        assert_eq!(out, [0; 20]);
    }
}
