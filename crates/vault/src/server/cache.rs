//! Keys in use: a bounded cache, so that a key is not unwrapped and parsed for every request.
//!
//! An entry is found by the hash of token and binding together, so that a token that was accepted under one
//! binding is not accepted under another. What falls out is wiped once its last request has ended.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use lru::LruCache;

use crate::mechanism::LoadedKey;
use crate::protocol::request::KeyArg;

/// A key that is ready for use.
pub(crate) type Loaded = Arc<dyn LoadedKey>;

/// The keys that were used last.
pub(crate) struct KeyCache(Mutex<LruCache<Fingerprint, Loaded>>);

/// SHA-256 over token and binding, each behind its length.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a token under a binding.
    pub(crate) fn of(key: &KeyArg<'_>) -> Self {
        let mut hash = Context::new(&SHA256);
        hash.update(&key.ekt.0.len().to_be_bytes());
        hash.update(key.ekt.0);
        hash.update(key.binding.0);
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(hash.finish().as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl KeyCache {
    /// A cache of at most `keys_max` keys.
    pub(crate) fn new(keys_max: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(keys_max)))
    }

    /// The key, if it was used lately.
    pub(crate) fn find(&self, fingerprint: &Fingerprint) -> Option<Loaded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(fingerprint).cloned()
    }

    /// Keeps a key; the one that was unused for longest falls out when there is no room.
    pub(crate) fn keep(&self, fingerprint: Fingerprint, key: Loaded) {
        // The key that falls out is dropped (and wiped) after the lock is free.
        let _evicted = self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fingerprint, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::bytes::Bytes;

    struct Nothing;
    impl LoadedKey for Nothing {}

    fn fingerprint(ekt: &[u8], binding: &[u8]) -> Fingerprint {
        Fingerprint::of(&KeyArg { ekt: Bytes(ekt), binding: Bytes(binding) })
    }

    #[test]
    fn token_and_binding_count_each_for_itself() {
        assert!(fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc"));
        assert!(fingerprint(b"ab", b"c") == fingerprint(b"ab", b"c"));
    }

    #[test]
    fn the_key_unused_for_longest_falls_out_and_is_dropped() {
        let cache = KeyCache::new(NonZeroUsize::new(2).unwrap());
        let keys: Vec<Loaded> = (0..3).map(|_| Arc::new(Nothing) as Loaded).collect();
        let ids: Vec<_> = (0..3u8).map(|id| fingerprint(&[id], b"")).collect();
        cache.keep(ids[0], keys[0].clone());
        cache.keep(ids[1], keys[1].clone());
        assert!(cache.find(&ids[0]).is_some());
        cache.keep(ids[2], keys[2].clone());
        assert!(cache.find(&ids[1]).is_none());
        assert_eq!(Arc::strong_count(&keys[1]), 1);
        assert!(cache.find(&ids[0]).is_some() && cache.find(&ids[2]).is_some());
    }
}
