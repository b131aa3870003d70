//! Credentials that were loaded, each with the rows that it was made of.
//!
//! Whoever writes such a row drops what was made of it, and the store's watch does so for what other
//! nodes write. A load that a write overtook is not kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use keyward_gate::Credential;
use keyward_store::Key;

/// More are not kept; a fleet's worth of keys fits many times.
const KEPT_MAX: usize = 100_000;

#[derive(Default)]
pub(crate) struct Cache(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    /// Counts what was forgotten, to tell a load that was overtaken.
    generation: u64,
    credentials: HashMap<String, (Arc<Credential>, Vec<Key>)>,
}

impl Cache {
    /// The credential of an access key, and when it was asked for.
    pub(crate) fn find(&self, access_key_id: &str) -> (Option<Arc<Credential>>, u64) {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = kept.credentials.get(access_key_id).map(|(credential, _)| Arc::clone(credential));
        (found, kept.generation)
    }

    /// Keeps a credential made of `rows`, unless something was forgotten since `generation`.
    pub(crate) fn keep(
        &self,
        access_key_id: &str,
        credential: &Arc<Credential>,
        rows: Vec<Key>,
        generation: u64,
    ) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.generation != generation {
            return;
        }
        if kept.credentials.len() >= KEPT_MAX {
            kept.credentials.clear();
        }
        kept.credentials.insert(access_key_id.to_owned(), (Arc::clone(credential), rows));
    }

    /// Drops what was made of any of `changed`.
    pub(crate) fn forget<'a>(&self, changed: impl IntoIterator<Item = &'a Key>) {
        let changed: Vec<&Key> = changed.into_iter().collect();
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.generation += 1;
        kept.credentials.retain(|_, (_, rows)| !rows.iter().any(|row| changed.contains(&row)));
    }

    /// Drops everything.
    pub(crate) fn clear(&self) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.generation += 1;
        kept.credentials.clear();
    }
}

#[cfg(test)]
mod tests {
    use keyward_gate::{Attributes, Principal, SecretKey};

    use super::*;

    fn credential() -> Arc<Credential> {
        Arc::new(Credential::long_term(
            "AKIA".to_owned(),
            SecretKey::new("s".to_owned()),
            Principal::Root { account: "111122223333".parse().unwrap() },
            "aws".parse().unwrap(),
            Attributes::default(),
        ))
    }

    #[test]
    fn a_credential_goes_with_any_row_that_it_was_made_of() {
        let (cache, rows) = (Cache::default(), [Key::of(&["a"]), Key::of(&["b"])]);
        let (_, generation) = cache.find("AKIA");
        cache.keep("AKIA", &credential(), rows.to_vec(), generation);
        cache.forget([&Key::of(&["c"])]);
        assert!(cache.find("AKIA").0.is_some());
        cache.forget([&rows[1]]);
        assert!(cache.find("AKIA").0.is_none());
    }

    #[test]
    fn a_load_that_a_write_overtook_is_not_kept() {
        let cache = Cache::default();
        let (_, generation) = cache.find("AKIA");
        cache.forget([&Key::of(&["a"])]);
        cache.keep("AKIA", &credential(), vec![Key::of(&["a"])], generation);
        assert!(cache.find("AKIA").0.is_none());
    }
}
