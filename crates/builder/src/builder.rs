//! The builder: its means, and what it remembers between passes. All of that can be lost at any moment.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_base::{Clock, Random, Timestamp};
use keyward_store::{Blobs, Store};
use keyward_vault::VaultClient;
use keyward_zone::publication::ZoneId;

use crate::load::Cached;
use crate::served::Awaited;
use crate::{Progress, ZoneSource};

/// What the builder works with.
#[derive(Clone)]
pub struct Means {
    /// Rows.
    pub store: Arc<dyn Store>,
    /// Generations.
    pub blobs: Arc<dyn Blobs>,
    /// Zone-signing keys.
    pub vault: VaultClient,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids; keys come from the vault.
    pub random: Arc<dyn Random>,
}

/// A zone that could not be built; what was published before stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Since when it fails.
    pub since: Timestamp,
    /// Why, at the last attempt.
    pub reason: String,
}

/// Builds the zones of its sources.
pub struct Builder {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) vault: VaultClient,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) sources: Vec<Arc<dyn ZoneSource>>,
    pub(crate) awaited: Awaited,
    cache: Mutex<HashMap<ZoneId, Cached>>,
    alarms: Mutex<BTreeMap<ZoneId, Alarm>>,
}

impl Builder {
    /// A builder for the zones of `sources`. It does nothing until it runs.
    pub fn new(means: Means, sources: Vec<Arc<dyn ZoneSource>>) -> Arc<Self> {
        let Means { store, blobs, vault, clock, random } = means;
        let (awaited, cache, alarms) = (Awaited::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { store, blobs, vault, clock, random, sources, awaited, cache, alarms })
    }

    /// The zones that can't be built at present, for metrics and operators.
    pub fn alarms(&self) -> BTreeMap<ZoneId, Alarm> {
        locked(&self.alarms).clone()
    }

    /// Raises the zone's alarm, or lowers it when `reason` is `None`.
    pub(crate) fn set_alarm(&self, zone: &ZoneId, reason: Option<String>) {
        let mut alarms = locked(&self.alarms);
        match reason {
            None => _ = alarms.remove(zone),
            Some(reason) => {
                let since = alarms.get(zone).map_or_else(|| self.clock.now(), |alarm| alarm.since);
                alarms.insert(zone.clone(), Alarm { since, reason });
            }
        }
    }

    pub(crate) fn cached(&self, zone: &ZoneId) -> Option<Cached> {
        locked(&self.cache).get(zone).cloned()
    }

    pub(crate) fn remember(&self, zone: &ZoneId, cached: Cached) {
        locked(&self.cache).insert(zone.clone(), cached);
    }

    pub(crate) fn note_progress(&self, zone: &ZoneId, progress: Progress) {
        self.awaited.note(zone, progress);
    }

    pub(crate) fn forget(&self, zone: &ZoneId) {
        locked(&self.cache).remove(zone);
        locked(&self.alarms).remove(zone);
        self.awaited.forget(zone);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
