//! All zones that are loaded, and from them what each listener serves. Knows neither store nor sockets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use keyward_zone::answer::ZoneSet;
use keyward_zone::publication::{PublishedZone, ZoneId};
use keyward_zone::{Generation, Name};

use crate::choose::{Candidate, choose, delegation};
use crate::config::StandsFor;
use crate::served::Served;

/// A zone as loaded.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) row: PublishedZone,
    pub(crate) zone: Arc<Generation>,
}

/// The loaded zones and the views that follow from them. Views change in `settle` alone, and only for names
/// whose zones changed or of which there are several.
pub(crate) struct Catalog {
    zones: BTreeMap<ZoneId, Loaded>,
    by_name: HashMap<Name, BTreeSet<ZoneId>>,
    contested: BTreeSet<Name>,
    changed: BTreeSet<Name>,
    /// What a listener that stands for everything serves; delegations are read from it.
    everything: ZoneSet,
    views: Vec<(StandsFor, ZoneSet)>,
}

impl Catalog {
    /// A catalog without zones, with a view for each listener.
    pub(crate) fn new(listeners: impl IntoIterator<Item = StandsFor>) -> Self {
        Self {
            zones: BTreeMap::new(),
            by_name: HashMap::new(),
            contested: BTreeSet::new(),
            changed: BTreeSet::new(),
            everything: ZoneSet::new(),
            views: listeners.into_iter().map(|stands_for| (stands_for, ZoneSet::new())).collect(),
        }
    }

    /// A loaded zone.
    pub(crate) fn get(&self, id: &ZoneId) -> Option<&Loaded> {
        self.zones.get(id)
    }

    /// The ids of the loaded zones.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &ZoneId> {
        self.zones.keys()
    }

    /// Adds a zone, or puts a new state of it in place of the old.
    pub(crate) fn put(&mut self, id: ZoneId, loaded: Loaded) {
        self.remove(&id);
        let name = loaded.row.apex.clone();
        self.zones.insert(id.clone(), loaded);
        self.by_name.entry(name.clone()).or_default().insert(id);
        self.touch(name);
    }

    /// Takes a zone out.
    pub(crate) fn remove(&mut self, id: &ZoneId) {
        let Some(old) = self.zones.remove(id) else { return };
        let name = old.row.apex;
        if let Some(ids) = self.by_name.get_mut(&name) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_name.remove(&name);
            }
        }
        self.touch(name);
    }

    fn touch(&mut self, name: Name) {
        if self.by_name.get(&name).is_some_and(|ids| ids.len() > 1) {
            self.contested.insert(name.clone());
        } else {
            self.contested.remove(&name);
        }
        self.changed.insert(name);
    }

    /// Brings the views to what the zones ask for. Parents go first: their delegations decide below them.
    pub(crate) fn settle(&mut self) -> Served {
        let mut names = std::mem::take(&mut self.changed);
        names.extend(self.contested.iter().cloned());
        let mut names: Vec<Name> = names.into_iter().collect();
        names.sort_by_key(Name::label_count);
        for name in names {
            self.settle_name(&name);
        }
        Served::new(self.views.iter().map(|(_, view)| view.clone()).collect())
    }

    fn settle_name(&mut self, name: &Name) {
        let ids = self.by_name.get(name);
        let loaded = || ids.into_iter().flatten().filter_map(|id| Some((id, self.zones.get(id)?)));
        let delegated_to =
            self.everything.above(name).map(|parent| delegation(parent, name)).unwrap_or_default();
        let chosen = |stands_for: &StandsFor| {
            let candidates = loaded().filter(|(_, loaded)| stands_for.includes(&loaded.row));
            let id = choose(candidates.map(|(id, loaded)| Candidate::of(id, &loaded.row)), &delegated_to)?;
            self.zones.get(id).map(|loaded| loaded.zone.clone())
        };
        let everything = place(&self.everything, name, chosen(&StandsFor::Everything));
        let views: Vec<ZoneSet> =
            self.views.iter().map(|(stands_for, view)| place(view, name, chosen(stands_for))).collect();
        self.everything = everything;
        for ((_, view), new) in self.views.iter_mut().zip(views) {
            *view = new;
        }
    }
}

fn place(view: &ZoneSet, name: &Name, zone: Option<Arc<Generation>>) -> ZoneSet {
    match zone {
        Some(zone) => view.with(zone),
        None => view.without(name),
    }
}

#[cfg(test)]
mod tests;
