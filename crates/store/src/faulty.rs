//! Wraps any store and makes it fail on demand: before a commit, after it, late, or cut off.
//!
//! What it does is decided by a script (one entry a transaction) or drawn from a seed, never by chance.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_base::{Clock, Random, SeededRandom};
use tokio::sync::watch;

use crate::{
    BoxFuture, Compare, Event, Key, KeyRange, Lease, LeaseError, Revision, Row, Store, StoreError, Txn,
    TxnError, Watch, WatchLost,
};

/// What happens to one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// Nothing; it goes through.
    Pass,
    /// It fails and nothing is written.
    FailBefore,
    /// It is written, and its caller gets an error all the same.
    FailAfter,
    /// It goes through after this much of the clock's time.
    Delay(Duration),
}

/// A store that fails when it is told to. Clones are handles to the same store and script.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Arc<Plan>,
}

struct Plan {
    clock: Arc<dyn Clock>,
    script: Mutex<Script>,
    cut: watch::Sender<bool>,
}

#[derive(Default)]
struct Script {
    next: VecDeque<StoreFault>,
    /// A generator and how many of a hundred transactions fail.
    drawn: Option<(SeededRandom, u32)>,
}

impl FaultyStore {
    /// `inner`, which for now goes on as it did. `clock` times the delays.
    pub fn new(inner: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let plan = Plan { clock, script: Mutex::default(), cut: watch::Sender::new(false) };
        Self { inner, plan: Arc::new(plan) }
    }

    /// Adds to the script: the next transactions meet these faults in order, later ones pass.
    pub fn script(&self, faults: impl IntoIterator<Item = StoreFault>) {
        self.plan.script().next.extend(faults);
    }

    /// Makes about `percent` of the transactions that the script leaves fail, before or after their commit.
    pub fn draw_faults(&self, seed: u64, percent: u32) {
        self.plan.script().drawn = Some((SeededRandom::new(seed), percent));
    }

    /// Cuts the store off: every call fails and every watch is lost, until `heal`.
    pub fn cut_off(&self) {
        self.plan.cut.send_replace(true);
    }

    /// Ends what `cut_off` began.
    pub fn heal(&self) {
        self.plan.cut.send_replace(false);
    }
}

impl Plan {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_reachable(&self) -> Result<(), StoreError> {
        if *self.cut.borrow() { Err(injected("cut off")) } else { Ok(()) }
    }

    fn next_fault(&self) -> StoreFault {
        let mut script = self.script();
        if let Some(fault) = script.next.pop_front() {
            return fault;
        }
        match &script.drawn {
            Some((random, percent)) if random.below(100) < *percent => match random.below(2) {
                0 => StoreFault::FailBefore,
                _ => StoreFault::FailAfter,
            },
            _ => StoreFault::Pass,
        }
    }
}

fn injected(what: &str) -> StoreError {
    StoreError::Backend(Box::new(io::Error::other(format!("injected fault: {what}"))))
}

impl Store for FaultyStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(async move {
            self.plan.check_reachable()?;
            self.inner.get(key).await
        })
    }

    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> BoxFuture<'a, Result<(Vec<Row>, Revision), StoreError>> {
        Box::pin(async move {
            self.plan.check_reachable()?;
            self.inner.range(range, limit).await
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, TxnError>> {
        Box::pin(async move {
            self.plan.check_reachable()?;
            match self.plan.next_fault() {
                StoreFault::Pass => self.inner.txn(txn).await,
                StoreFault::FailBefore => Err(injected("before the commit").into()),
                StoreFault::FailAfter => {
                    self.inner.txn(txn).await?;
                    Err(injected("after the commit").into())
                }
                StoreFault::Delay(time) => {
                    self.plan.clock.sleep(time).await;
                    self.inner.txn(txn).await
                }
            }
        })
    }

    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn Watch> {
        let inner = self.inner.watch(prefix, after);
        Box::new(FaultyWatch { inner, cut: self.plan.cut.subscribe(), lost: false })
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Lease>, LeaseError>> {
        Box::pin(async move {
            self.plan.check_reachable().map_err(LeaseError::Store)?;
            let inner = self.inner.lease(name, term).await?;
            Ok(Box::new(FaultyLease { inner, plan: Arc::clone(&self.plan) }) as Box<dyn Lease>)
        })
    }
}

struct FaultyWatch {
    inner: Box<dyn Watch>,
    cut: watch::Receiver<bool>,
    lost: bool,
}

impl Watch for FaultyWatch {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Event>, WatchLost>> {
        Box::pin(async move {
            if self.lost {
                return Err(WatchLost);
            }
            tokio::select! {
                biased;
                _ = self.cut.wait_for(|cut| *cut) => {
                    self.lost = true;
                    Err(WatchLost)
                }
                events = self.inner.next() => events,
            }
        })
    }
}

struct FaultyLease {
    inner: Box<dyn Lease>,
    plan: Arc<Plan>,
}

impl Lease for FaultyLease {
    fn renew(&mut self) -> BoxFuture<'_, Result<(), LeaseError>> {
        Box::pin(async move {
            self.plan.check_reachable().map_err(LeaseError::Store)?;
            self.inner.renew().await
        })
    }

    fn fence(&self) -> Compare {
        self.inner.fence()
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // Cut off, it can't be given up; it ends with its term.
            if self.plan.check_reachable().is_ok() {
                self.inner.release().await;
            }
        })
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
