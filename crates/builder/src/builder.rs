//! The builder: its means, and what it remembers between passes. All of that can be lost at any moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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

/// How the zones of this process are, for metrics and operators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How many zones this process has published or looked after.
    pub zones: usize,
    /// Those that can't be built at present.
    pub failing: BTreeMap<ZoneId, Alarm>,
    /// Those that live on DNSKEY signatures in stock, because a key-signing key does not sign.
    pub ksk_trouble: BTreeSet<ZoneId>,
    /// Seconds since the epoch at which the first signature of any zone expires, unless it is made again.
    pub earliest_expiration: Option<u32>,
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
    ksk_trouble: Mutex<BTreeSet<ZoneId>>,
}

impl Builder {
    /// A builder for the zones of `sources`. It does nothing until it runs.
    pub fn new(means: Means, sources: Vec<Arc<dyn ZoneSource>>) -> Arc<Self> {
        let Means { store, blobs, vault, clock, random } = means;
        let (cache, alarms, ksk_trouble) = (Mutex::default(), Mutex::default(), Mutex::default());
        let awaited = Awaited::default();
        Arc::new(Self { store, blobs, vault, clock, random, sources, awaited, cache, alarms, ksk_trouble })
    }

    /// How the zones are. A process that does not hold the builder's lease knows of none.
    pub fn health(&self) -> Health {
        let cache = locked(&self.cache);
        Health {
            zones: cache.len(),
            failing: locked(&self.alarms).clone(),
            ksk_trouble: locked(&self.ksk_trouble).clone(),
            earliest_expiration: cache
                .values()
                .filter_map(|zone| zone.generation.earliest_expiration())
                .min(),
        }
    }

    /// Notes whether the zone's key-signing keys sign.
    pub(crate) fn note_ksk_trouble(&self, zone: &ZoneId, trouble: bool) {
        let mut zones = locked(&self.ksk_trouble);
        if trouble {
            zones.insert(zone.clone());
        } else {
            zones.remove(zone);
        }
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
        locked(&self.ksk_trouble).remove(zone);
        self.awaited.forget(zone);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
