//! Randomness, handed in so that a failing test can be replayed from its seed.
//!
//! Keys never come from here: the vault has a generator of its own.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand::SecureRandom;
use zeroize::Zeroize as _;

/// Fills buffers with random bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// A number below `bound`, which is at least 1. The bias is below 2⁻³² for every bound in use.
    fn below(&self, bound: u32) -> u32 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        let reduced = u64::from_le_bytes(bytes) % u64::from(bound.max(1));
        u32::try_from(reduced).unwrap_or(0)
    }

    /// A version 4 UUID in lower case with dashes (RFC 9562 section 5.4).
    fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = data_encoding::HEXLOWER.encode(&bytes);
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        parts.join("-")
    }

    /// `length` characters, each drawn from `alphabet` (ASCII, not empty).
    fn text(&self, alphabet: &[u8], length: usize) -> String {
        let size = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
        (0..length).map(|_| char::from(alphabet[self.below(size) as usize])).collect()
    }
}

/// The operating system's generator, by way of aws-lc.
///
/// A draw costs much more than its bytes, and every request draws an id: small ones are served from a stock,
/// which forgets what it gave out.
#[derive(Default)]
pub struct SystemRandom {
    generator: aws_lc_rs::rand::SystemRandom,
    stock: Mutex<Vec<u8>>,
}

impl SystemRandom {
    const STOCK_BYTES: usize = 1024;
    /// What is longer is drawn by itself.
    const SMALL_BYTES_MAX: usize = 64;

    fn draw(&self, bytes: &mut [u8]) {
        // Going on without randomness would make ids and nonces guessable.
        #[expect(clippy::expect_used, reason = "aws-lc aborts rather than fail once seeded")]
        self.generator.fill(bytes).expect("the system's random generator works");
    }
}

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > Self::SMALL_BYTES_MAX {
            return self.draw(bytes);
        }
        let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        if stock.len() < bytes.len() {
            stock.resize(Self::STOCK_BYTES, 0);
            self.draw(&mut stock);
        }
        let rest = stock.len().saturating_sub(bytes.len());
        if let Some(taken) = stock.get_mut(rest..) {
            bytes.copy_from_slice(taken);
            taken.zeroize();
        }
        stock.truncate(rest);
    }
}

impl std::fmt::Debug for SystemRandom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SystemRandom")
    }
}

/// A repeatable sequence (SplitMix64) for tests and simulations. Not for secrets.
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// The sequence that `seed` gives.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_version_and_variant() {
        let uuid = SeededRandom::new(7).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn the_stock_gives_nothing_twice() {
        let random = SystemRandom::default();
        let drawn: std::collections::HashSet<String> = (0..1000).map(|_| random.uuid()).collect();
        assert_eq!(drawn.len(), 1000);
        let mut long = [0; 200];
        random.fill(&mut long);
        assert!(long.iter().any(|byte| *byte != 0));
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        assert_eq!(SeededRandom::new(1).text(b"abc", 20), SeededRandom::new(1).text(b"abc", 20));
        assert_ne!(SeededRandom::new(1).uuid(), SeededRandom::new(2).uuid());
    }
}
