//! The recent transactions, kept in memory for watchers, and their wake-ups.
//!
//! Bounded by count and bytes: a watcher that falls behind the oldest one kept is told that it lost its
//! place. Nothing here is durable; after a restart the history begins anew at the store's revision.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::{BoxFuture, Event, Key, Revision, Watch, WatchLost};

/// How much of the past is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HistoryBounds {
    /// Transactions.
    pub(crate) transactions_max: usize,
    /// Bytes of their keys and values.
    pub(crate) bytes_max: usize,
}

impl Default for HistoryBounds {
    fn default() -> Self {
        Self { transactions_max: 10_000, bytes_max: 32 << 20 }
    }
}

/// The past of one store.
pub(crate) struct History {
    bounds: HistoryBounds,
    past: Mutex<Past>,
    /// Counts publications, so that no wake-up is missed.
    bell: watch::Sender<u64>,
}

struct Past {
    /// Transactions with a revision above this one are all here.
    floor: Revision,
    /// In the order of their revisions; the events of each in key order.
    transactions: VecDeque<Arc<[Event]>>,
    bytes: usize,
    closed: bool,
}

impl History {
    /// A history that begins after `floor`.
    pub(crate) fn new(floor: Revision, bounds: HistoryBounds) -> Arc<Self> {
        let past = Past { floor, transactions: VecDeque::new(), bytes: 0, closed: false };
        Arc::new(Self { bounds, past: Mutex::new(past), bell: watch::Sender::new(0) })
    }

    /// Adds committed transactions, oldest first, and wakes the watchers. Those without events are left out.
    pub(crate) fn publish(&self, transactions: impl IntoIterator<Item = Vec<Event>>) {
        let mut past = self.past();
        for events in transactions.into_iter().filter(|events| !events.is_empty()) {
            past.bytes += size(&events);
            past.transactions.push_back(events.into());
        }
        while past.transactions.len() > self.bounds.transactions_max || past.bytes > self.bounds.bytes_max {
            past.forget_oldest();
        }
        drop(past);
        self.ring();
    }

    /// Forgets everything: what lies between the old history and `floor` is not known.
    pub(crate) fn restart(&self, floor: Revision) {
        let mut past = self.past();
        past.transactions.clear();
        past.bytes = 0;
        past.floor = floor;
        drop(past);
        self.ring();
    }

    /// Ends every watch.
    pub(crate) fn close(&self) {
        self.past().closed = true;
        self.ring();
    }

    /// Watches below `prefix` from the transaction after `after` on.
    pub(crate) fn watch(self: &Arc<Self>, prefix: &Key, after: Revision) -> Box<dyn Watch> {
        let bell = self.bell.subscribe();
        Box::new(Watcher { history: Arc::clone(self), prefix: prefix.clone(), place: Some(after), bell })
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.bell.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Past {
    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.transactions.pop_front() {
            self.bytes = self.bytes.saturating_sub(size(&oldest));
            self.floor = oldest.first().map_or(self.floor, |event| event.revision);
        }
    }

    /// The first transaction after `after` that touched `prefix`; `after` moves past what was looked at.
    fn next(&self, prefix: &Key, after: &mut Revision) -> Result<Option<Vec<Event>>, WatchLost> {
        if self.closed || *after < self.floor {
            return Err(WatchLost);
        }
        let from = self.transactions.partition_point(|events| revision(events) <= *after);
        for events in self.transactions.range(from..) {
            *after = revision(events);
            let touched: Vec<Event> = events
                .iter()
                .filter(|event| event.key.as_bytes().starts_with(prefix.as_bytes()))
                .cloned()
                .collect();
            if !touched.is_empty() {
                return Ok(Some(touched));
            }
        }
        Ok(None)
    }
}

fn size(events: &[Event]) -> usize {
    let bytes = |event: &Event| event.key.as_bytes().len() + event.value.as_ref().map_or(0, |v| v.len());
    events.iter().map(bytes).sum()
}

fn revision(events: &[Event]) -> Revision {
    events.first().map_or(Revision::ABSENT, |event| event.revision)
}

struct Watcher {
    history: Arc<History>,
    prefix: Key,
    /// What it has seen; `None` once lost, so that it never finds its way into a later history.
    place: Option<Revision>,
    bell: watch::Receiver<u64>,
}

impl Watcher {
    fn look(&mut self) -> Result<Option<Vec<Event>>, WatchLost> {
        let mut after = self.place.take().ok_or(WatchLost)?;
        let found = self.history.past().next(&self.prefix, &mut after)?;
        self.place = Some(after);
        Ok(found)
    }
}

impl Watch for Watcher {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Event>, WatchLost>> {
        Box::pin(async move {
            loop {
                // Marked as heard before looking: a publication in between rings again.
                self.bell.borrow_and_update();
                if let Some(events) = self.look()? {
                    return Ok(events);
                }
                self.bell.changed().await.map_err(|_| WatchLost)?;
            }
        })
    }
}

#[cfg(test)]
mod tests;
