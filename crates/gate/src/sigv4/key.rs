//! Signing keys, derived from the secret once a day, region and service.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::TERMINATOR;

/// How many scopes a credential keeps keys for: a day's regions and services of one client.
const KEPT_MAX: usize = 32;

/// The keys derived from one secret. They go when their credential goes.
#[derive(Default)]
pub(crate) struct SigningKeys(RwLock<Vec<(String, Arc<hmac::Key>)>>);

impl SigningKeys {
    /// The key for a scope (`date/region/service/aws4_request`), derived when it is new.
    pub(crate) fn of(&self, secret: &[u8], scope: &str) -> Arc<hmac::Key> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = kept.iter().find(|(kept, _)| kept == scope) {
            return Arc::clone(key);
        }
        drop(kept);
        let key = Arc::new(derive(secret, scope));
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push((scope.to_owned(), Arc::clone(&key)));
        key
    }
}

/// HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request").
pub(super) fn derive(secret: &[u8], scope: &str) -> hmac::Key {
    let mut first = Zeroizing::new(b"AWS4".to_vec());
    first.extend_from_slice(secret);
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, &first);
    for part in scope.split('/') {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    debug_assert!(scope.ends_with(TERMINATOR), "a scope ends with its terminator");
    key
}
