//! Leases of a store that lives in one process: who holds what, and until when.
//!
//! A lease's row is written once, when it is taken, so that a holder's fence stays good over renewals and
//! breaks when somebody else takes over. Terms are kept in memory only: with the process its holders
//! are gone, and the next one to ask takes the row over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyward_base::{Clock, Timestamp};

use crate::{BoxFuture, Compare, Key, Lease, LeaseError, Revision, Store, Txn, TxnError};

/// The leases of one store.
pub(crate) struct Tenures {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: HashMap<String, Tenure>,
    holders: u64,
}

struct Tenure {
    holder: u64,
    expires: Timestamp,
}

impl Tenures {
    /// Nobody holds anything.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    /// Takes `name` for `term`, writing its row to `store`.
    pub(crate) async fn take(
        self: &Arc<Self>,
        store: Arc<dyn Store>,
        name: &str,
        term: Duration,
    ) -> Result<Box<dyn Lease>, LeaseError> {
        let holder = self.reserve(name, term).ok_or(LeaseError::Held)?;
        let key = Key::of(&["lease", name]);
        // Unconditional: whose the lease is was decided above, and an older row's holder is gone.
        match store.txn(Txn::default().put(key.clone(), holder.to_be_bytes().to_vec())).await {
            Ok(revision) => {
                let tenures = Arc::clone(self);
                Ok(Box::new(Holding { tenures, store, name: name.to_owned(), term, holder, key, revision }))
            }
            Err(error) => {
                self.end(name, holder);
                Err(match error {
                    TxnError::Conflict => LeaseError::Held,
                    TxnError::Store(error) => LeaseError::Store(error),
                })
            }
        }
    }

    fn reserve(&self, name: &str, term: Duration) -> Option<u64> {
        let now = self.clock.now();
        self.with(|state| {
            if state.held.get(name).is_some_and(|tenure| now < tenure.expires) {
                return None;
            }
            state.holders += 1;
            let holder = state.holders;
            state.held.insert(name.to_owned(), Tenure { holder, expires: now.plus(term) });
            Some(holder)
        })
    }

    fn renew(&self, name: &str, holder: u64, term: Duration) -> Result<(), LeaseError> {
        let now = self.clock.now();
        self.with(|state| match state.held.get_mut(name) {
            Some(tenure) if tenure.holder == holder && now < tenure.expires => {
                tenure.expires = now.plus(term);
                Ok(())
            }
            _ => Err(LeaseError::Held),
        })
    }

    fn end(&self, name: &str, holder: u64) {
        self.with(|state| {
            if state.held.get(name).is_some_and(|tenure| tenure.holder == holder) {
                state.held.remove(name);
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Holding {
    tenures: Arc<Tenures>,
    store: Arc<dyn Store>,
    name: String,
    term: Duration,
    holder: u64,
    key: Key,
    revision: Revision,
}

impl Lease for Holding {
    fn renew(&mut self) -> BoxFuture<'_, Result<(), LeaseError>> {
        Box::pin(async { self.tenures.renew(&self.name, self.holder, self.term) })
    }

    fn fence(&self) -> Compare {
        Compare { key: self.key.clone(), revision: self.revision }
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let fence = self.fence();
            // A row that stays behind is overwritten by the next holder, so a failure does no harm.
            let _ = self.store.txn(Txn::when(vec![fence]).delete(self.key.clone())).await;
            self.tenures.end(&self.name, self.holder);
        })
    }
}
