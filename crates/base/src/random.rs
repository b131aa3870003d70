//! Randomness, handed in so that a failing test can be replayed from its seed.
//!
//! Keys never come from here: the vault has a generator of its own.

use std::sync::Mutex;

use aws_lc_rs::rand::SecureRandom;

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
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// `length` characters, each drawn from `alphabet` (ASCII, not empty).
    fn text(&self, alphabet: &[u8], length: usize) -> String {
        let size = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
        (0..length).map(|_| char::from(alphabet[self.below(size) as usize])).collect()
    }
}

/// The operating system's generator, by way of aws-lc.
#[derive(Debug, Default)]
pub struct SystemRandom(aws_lc_rs::rand::SystemRandom);

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // Going on without randomness would make ids and nonces guessable.
        #[expect(clippy::expect_used, reason = "aws-lc aborts rather than fail once seeded")]
        self.0.fill(bytes).expect("the system's random generator works");
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
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
    fn the_same_seed_gives_the_same_sequence() {
        assert_eq!(SeededRandom::new(1).text(b"abc", 20), SeededRandom::new(1).text(b"abc", 20));
        assert_ne!(SeededRandom::new(1).uuid(), SeededRandom::new(2).uuid());
    }
}
