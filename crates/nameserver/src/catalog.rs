//! All zones that are loaded, and from them what each listener serves. Knows neither store nor sockets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use keyward_zone::answer::ZoneSet;
use keyward_zone::publication::{PublishedZone, ZoneId};
use keyward_zone::{Generation, Name, NameKey};

use crate::choose::{Candidate, choose, counts_below, delegation};
use crate::config::StandsFor;
use crate::served::Served;

/// A zone as loaded.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) row: PublishedZone,
    pub(crate) zone: Arc<Generation>,
}

/// In which names a zone's new state differs from the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    /// In any.
    All,
    /// In these at most.
    Names(BTreeSet<Name>),
}

/// What one listener serves.
struct View {
    stands_for: StandsFor,
    zones: ZoneSet,
    chosen: HashMap<Name, ZoneId>,
}

/// The loaded zones and the views that follow from them. Views change in `settle` alone, and only for names
/// whose own zones or whose parents' delegations may have changed.
pub(crate) struct Catalog {
    zones: BTreeMap<ZoneId, Loaded>,
    by_name: BTreeMap<NameKey, (Name, BTreeSet<ZoneId>)>,
    changed: BTreeSet<Name>,
    /// First what a listener that stands for everything serves, from which delegations are read; then one a
    /// listener.
    views: Vec<View>,
}

impl Catalog {
    /// A catalog without zones, with a view for each listener.
    pub(crate) fn new(listeners: impl IntoIterator<Item = StandsFor>) -> Self {
        let all = std::iter::once(StandsFor::Everything).chain(listeners);
        let view = |stands_for| View { stands_for, zones: ZoneSet::new(), chosen: HashMap::new() };
        Self {
            zones: BTreeMap::new(),
            by_name: BTreeMap::new(),
            changed: BTreeSet::new(),
            views: all.map(view).collect(),
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
    pub(crate) fn put(&mut self, id: ZoneId, loaded: Loaded, touched: &Touched) {
        self.remove(&id);
        let name = loaded.row.apex.clone();
        self.zones.insert(id.clone(), loaded);
        let ids = &mut self.by_name.entry(name.key()).or_insert_with(|| (name.clone(), BTreeSet::new())).1;
        ids.insert(id);
        match touched {
            Touched::All => self.changed.extend(self.names_from(&name)),
            // A delegation may have come or gone there. The apex has none.
            Touched::Names(touched) => {
                for touched in touched.iter().filter(|touched| **touched != name) {
                    self.changed.extend(self.names_from(touched));
                }
            }
        }
    }

    /// Takes a zone out.
    pub(crate) fn remove(&mut self, id: &ZoneId) {
        let Some(old) = self.zones.remove(id) else { return };
        let name = old.row.apex;
        if let Some((_, ids)) = self.by_name.get_mut(&name.key()) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_name.remove(&name.key());
            }
        }
        self.changed.insert(name);
    }

    /// The names of zones at and below `top`.
    fn names_from(&self, top: &Name) -> Vec<Name> {
        let key = top.key();
        let from = self.by_name.range(key.clone()..);
        let within = from.take_while(|(other, _)| other.as_bytes().starts_with(key.as_bytes()));
        within.map(|(_, (name, _))| name.clone()).collect()
    }

    /// Brings the views to what the zones ask for. Parents go first: their delegations decide below them.
    pub(crate) fn settle(&mut self) -> Served {
        // In canonical order a parent comes before all below it.
        let mut names = std::mem::take(&mut self.changed);
        while let Some(name) = names.pop_first() {
            if self.settle_name(&name) {
                names.extend(self.names_from(&name).into_iter().filter(|below| *below != name));
            }
        }
        Served::new(self.views.iter().skip(1).map(|view| view.zones.clone()).collect())
    }

    /// Whether another zone of this name is served now in some view, or none.
    fn settle_name(&mut self, name: &Name) -> bool {
        let parent = self.views.first().and_then(|everything| everything.zones.above(name));
        let delegated_to = parent.map(|parent| delegation(parent, name)).unwrap_or_default();
        let Self { zones, by_name, views, .. } = self;
        let ids = by_name.get(&name.key()).map(|(_, ids)| ids);
        let loaded = || ids.into_iter().flatten().filter_map(|id| Some((id, zones.get(id)?)));
        let mut switched = false;
        for view in views {
            let candidates = loaded().filter(|(_, loaded)| view.stands_for.includes(&loaded.row));
            let chosen = choose(candidates.map(|(id, loaded)| Candidate::of(id, &loaded.row)), &delegated_to);
            let chosen = chosen.filter(|_| view.leaves_to_others(name, zones));
            switched |= view.place(name, chosen.and_then(|id| Some((id, zones.get(id)?))));
        }
        switched
    }
}

impl View {
    /// Whether the next zone above does not speak for `name`.
    fn leaves_to_others(&self, name: &Name, zones: &BTreeMap<ZoneId, Loaded>) -> bool {
        let parent = self.zones.above(name).and_then(|parent| self.chosen.get(parent.apex()));
        let parent = parent.and_then(|id| zones.get(id));
        parent.is_none_or(|parent| counts_below(&parent.zone, parent.row.kind, name))
    }

    fn place(&mut self, name: &Name, zone: Option<(&ZoneId, &Loaded)>) -> bool {
        let before = match zone {
            Some((id, loaded)) => {
                self.zones = self.zones.with(loaded.zone.clone());
                self.chosen.insert(name.clone(), id.clone())
            }
            None => {
                self.zones = self.zones.without(name);
                self.chosen.remove(name)
            }
        };
        before.as_ref() != zone.map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests;
