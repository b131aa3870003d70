//! Follows the published rows: loads generations, swaps what is served, reports it.
//!
//! Nothing that fails here takes anything away from what is served: a row that can't be read, a blob that
//! is missing or altered, a store that is gone leave the last good state in place and are tried again.
//! A zone's generation only moves forward.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use keyward_base::Clock;
use keyward_store::{Blobs, Event, Key, KeyRange, Revision, Row, Store, StoreError, Txn, TxnError};
use keyward_zone::GenerationNumber;
use keyward_zone::publication::{
    NODE_TERM, Node, NodeId, PublishedZone, Served as ServedRow, ZoneId, ZoneKind, keys,
};
use tokio::sync::watch;

use crate::catalog::{Catalog, Loaded, Touched};
use crate::fetch::fetch;
use crate::served::Served;

/// Rows that are read at a time.
const PAGE_ROWS: usize = 512;
/// Reports that go into one transaction.
const REPORT_ROWS: usize = 100;
/// How long it waits before it tries again what failed.
const RETRY: Duration = Duration::from_secs(1);

/// What a node serves of each zone.
pub(crate) type Reached = Arc<Mutex<BTreeMap<ZoneId, GenerationNumber>>>;

pub(crate) struct Loader {
    pub(crate) node: NodeId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) served: Arc<ArcSwap<Served>>,
    pub(crate) reached: Reached,
    catalog: Catalog,
    /// Rows whose generations could not be had yet.
    owed: BTreeMap<ZoneId, PublishedZone>,
    /// Zones of which the node's report is not in the store yet.
    unreported: BTreeSet<ZoneId>,
}

/// Why the loader stopped following.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Stopped,
    WatchLost,
}

impl Loader {
    pub(crate) fn new(
        node: NodeId,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        served: Arc<ArcSwap<Served>>,
        catalog: Catalog,
    ) -> Self {
        let reached = Reached::default();
        Self {
            node,
            clock,
            store,
            blobs,
            served,
            reached,
            catalog,
            owed: BTreeMap::new(),
            unreported: BTreeSet::new(),
        }
    }

    /// Reads every published row once; the revision from which to watch.
    pub(crate) async fn load_all(&mut self) -> Result<Revision, StoreError> {
        // Alive before it has anything: no change is taken for served before this node serves it, too.
        self.live().await;
        let (reports, _) = self.rows(keys::SERVED).await?;
        // Later pages may be newer; the events since the first page tell it all again.
        let (rows, revision) = self.rows(keys::PUBLISHED).await?;
        let mut seen = BTreeSet::new();
        for row in &rows {
            seen.extend(self.take_row(&row.key, &row.value).await);
        }
        self.forget_all_but(&seen);
        self.compare_reports(&reports);
        self.publish().await;
        Ok(revision)
    }

    /// All rows below `prefix`, and the revision of the first page.
    async fn rows(&self, prefix: &str) -> Result<(Vec<Row>, Revision), StoreError> {
        let prefix = Key::of(&[prefix]);
        let mut range = KeyRange::prefix(&prefix);
        let (mut all, mut first_revision) = (Vec::new(), None);
        loop {
            let (rows, revision) = self.store.range(&range, PAGE_ROWS).await?;
            let first_revision = *first_revision.get_or_insert(revision);
            let more = rows.len() == PAGE_ROWS;
            all.extend(rows);
            match all.last().filter(|_| more) {
                Some(last) => range = KeyRange::prefix_after(&prefix, &last.key),
                None => return Ok((all, first_revision)),
            }
        }
    }

    /// Finds out which of this node's reports are to be written or removed; an earlier life of the node may
    /// have left some.
    fn compare_reports(&mut self, reports: &[Row]) {
        let mine = reports.iter().filter_map(|row| {
            let (zone, node) = keys::zone_and_node_of(row.key.as_bytes())?;
            (node == self.node).then(|| (zone, ServedRow::decode(&row.value).ok()))
        });
        let reported: BTreeMap<ZoneId, Option<ServedRow>> = mine.collect();
        let reached = self.lock_reached().clone();
        let right = |id: &ZoneId| {
            let reported = reported.get(id).map(|row| row.map(|row| row.generation));
            reported == reached.get(id).copied().map(Some)
        };
        self.unreported = reached.keys().chain(reported.keys()).filter(|id| !right(id)).cloned().collect();
    }

    /// Follows the store until `stop` changes. `revision` is where `load_all` has read, if it could.
    pub(crate) async fn run(mut self, mut revision: Option<Revision>, mut stop: watch::Receiver<bool>) {
        loop {
            if let Some(revision) = revision.take()
                && self.follow(revision, &mut stop).await == Ended::Stopped
            {
                break;
            }
            match self.load_all().await {
                Ok(read) => revision = Some(read),
                Err(error) => {
                    tracing::warn!(%error, "the name server serves on what it has; its store is away");
                    tokio::select! {
                        () = self.clock.sleep(RETRY) => {}
                        _ = stop.changed() => break,
                    }
                }
            }
        }
        self.leave().await;
    }

    async fn follow(&mut self, revision: Revision, stop: &mut watch::Receiver<bool>) -> Ended {
        let mut watch = self.store.watch(&Key::of(&[keys::PUBLISHED]), revision);
        let mut beat = self.clock.sleep(NODE_TERM / 3);
        loop {
            // Held across the other branches, so that no event is lost when one of them comes first.
            let mut next = watch.next();
            let events = loop {
                let retry = !self.owed.is_empty() || !self.unreported.is_empty();
                tokio::select! {
                    events = &mut next => break events,
                    () = &mut beat => {
                        self.live().await;
                        beat = self.clock.sleep(NODE_TERM / 3);
                    }
                    () = self.clock.sleep(RETRY), if retry => self.retry().await,
                    _ = stop.changed() => return Ended::Stopped,
                }
            };
            match events {
                Ok(events) => self.take_events(&events).await,
                Err(_) => return Ended::WatchLost,
            }
        }
    }

    async fn take_events(&mut self, events: &[Event]) {
        for event in events {
            match &event.value {
                Some(value) => {
                    self.take_row(&event.key, value).await;
                }
                None => {
                    if let Some(id) = keys::zone_of_published(event.key.as_bytes()) {
                        self.forget(&id);
                    }
                }
            }
        }
        self.publish().await;
    }

    /// Takes what a row says; the zone's id when its key has one.
    async fn take_row(&mut self, key: &Key, value: &[u8]) -> Option<ZoneId> {
        let id = keys::zone_of_published(key.as_bytes())?;
        match PublishedZone::decode(value) {
            Ok(row) => self.take(id.clone(), row).await,
            Err(error) => tracing::error!(zone = %id, %error, "the zone stays as it was"),
        }
        Some(id)
    }

    async fn take(&mut self, id: ZoneId, row: PublishedZone) {
        self.owed.remove(&id);
        if row.kind == ZoneKind::HostedPrivate {
            // Nothing to serve here, so that nobody has to wait for this node.
            self.catalog.remove(&id);
            self.reach(id, Some(row.generation));
            return;
        }
        let present = self.catalog.get(&id).filter(|present| present.row.apex == row.apex);
        if let Some(present) = present
            && present.row.generation >= row.generation
        {
            if present.row.generation == row.generation {
                let zone = present.zone.clone();
                self.catalog.put(id, Loaded { row, zone }, &Touched::Names(BTreeSet::new()));
            }
            return;
        }
        let previous = present.map(|present| present.zone.clone());
        match fetch(&*self.blobs, &row, previous.as_deref()).await {
            Ok((zone, touched)) => {
                let generation = zone.number();
                self.catalog.put(id.clone(), Loaded { row, zone: Arc::new(zone) }, &touched);
                self.reach(id, Some(generation));
            }
            Err(error) => {
                tracing::error!(zone = %row.apex, %id, %error, "a new generation can't be served yet");
                self.owed.insert(id, row);
            }
        }
    }

    fn forget(&mut self, id: &ZoneId) {
        self.owed.remove(id);
        self.catalog.remove(id);
        self.reach(id.clone(), None);
    }

    fn forget_all_but(&mut self, seen: &BTreeSet<ZoneId>) {
        let known: BTreeSet<ZoneId> =
            self.catalog.ids().chain(self.owed.keys()).chain(self.lock_reached().keys()).cloned().collect();
        for id in known.difference(seen) {
            self.forget(id);
        }
    }

    fn reach(&mut self, id: ZoneId, generation: Option<GenerationNumber>) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        match generation {
            Some(generation) => reached.insert(id.clone(), generation),
            None => reached.remove(&id),
        };
        drop(reached);
        self.unreported.insert(id);
    }

    fn lock_reached(&self) -> std::sync::MutexGuard<'_, BTreeMap<ZoneId, GenerationNumber>> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves what was taken, then says so.
    async fn publish(&mut self) {
        self.served.store(Arc::new(self.catalog.settle()));
        self.report().await;
    }

    async fn retry(&mut self) {
        for (id, row) in std::mem::take(&mut self.owed) {
            self.take(id, row).await;
        }
        self.publish().await;
    }

    async fn report(&mut self) {
        while !self.unreported.is_empty() {
            let ids: Vec<ZoneId> = self.unreported.iter().take(REPORT_ROWS).cloned().collect();
            let mut txn = Txn::default();
            for id in &ids {
                let key = Key::of(&[&keys::served(id, &self.node)]);
                txn = match self.lock_reached().get(id) {
                    Some(generation) => txn.put(key, ServedRow { generation: *generation }.encode()),
                    None => txn.delete(key),
                };
            }
            if let Err(error) = self.store.txn(txn).await {
                tracing::warn!(%error, "what is served could not be reported yet");
                return;
            }
            for id in ids {
                self.unreported.remove(&id);
            }
        }
    }

    /// Says that this node lives.
    async fn live(&self) {
        let row = Node { alive_until: self.clock.now().plus(NODE_TERM) };
        let txn = Txn::default().put(self.node_key(), row.encode());
        self.log_failure(self.store.txn(txn).await);
    }

    /// Says that nobody has to wait for this node any longer.
    async fn leave(&self) {
        self.log_failure(self.store.txn(Txn::default().delete(self.node_key())).await);
    }

    fn node_key(&self) -> Key {
        Key::of(&[&keys::node(&self.node)])
    }

    fn log_failure(&self, outcome: Result<Revision, TxnError>) {
        if let Err(error) = outcome {
            tracing::warn!(%error, node = %self.node, "the name server could not report itself");
        }
    }
}

#[cfg(test)]
mod tests;
