//! The zones that one listener serves: at most one of each name, replaced as a whole.

use std::sync::Arc;

use domain::base::iana::Rtype;
use rpds::HashTrieMapSync;

use crate::{Generation, Name, NameKey};

/// An immutable set of zones. A clone costs nothing.
#[derive(Clone, Debug, Default)]
pub struct ZoneSet {
    zones: HashTrieMapSync<NameKey, Arc<Generation>>,
}

impl ZoneSet {
    /// A set without zones: everything is refused.
    pub fn new() -> Self {
        Self { zones: HashTrieMapSync::new_sync() }
    }

    /// The set with `zone` in place of what it had of that name.
    #[must_use]
    pub fn with(&self, zone: Arc<Generation>) -> Self {
        Self { zones: self.zones.insert(zone.apex().key(), zone) }
    }

    /// The set without the zone of this name.
    #[must_use]
    pub fn without(&self, apex: &Name) -> Self {
        Self { zones: self.zones.remove(&apex.key()) }
    }

    /// The zone of exactly this name.
    pub fn get(&self, apex: &Name) -> Option<&Arc<Generation>> {
        self.zones.get(&apex.key())
    }

    /// The deepest zone at or above `name`.
    pub fn enclosing(&self, name: &Name) -> Option<&Arc<Generation>> {
        self.deepest(&name.key(), name.label_count())
    }

    /// The deepest zone above `name`.
    pub fn above(&self, name: &Name) -> Option<&Arc<Generation>> {
        self.deepest(&name.key(), name.label_count().checked_sub(1)?)
    }

    /// Every zone, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Generation>> {
        self.zones.values()
    }

    /// How many zones there are.
    pub fn len(&self) -> usize {
        self.zones.size()
    }

    /// Whether there is no zone.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// The zone that answers for `name` and `rtype`.
    //= rfc4035#section-3.1.4.1: DS is the parent's; only a server without the parent answers from the child.
    pub(super) fn responsible(&self, name: &Name, rtype: Rtype) -> Option<&Generation> {
        let zone = self.enclosing(name)?;
        let parent = if rtype == Rtype::DS && zone.apex() == name { self.above(name) } else { None };
        Some(parent.unwrap_or(zone))
    }

    fn deepest(&self, key: &NameKey, labels: usize) -> Option<&Arc<Generation>> {
        key.suffixes().take(labels + 1).filter_map(|suffix| self.zones.get(suffix)).last()
    }
}

impl FromIterator<Generation> for ZoneSet {
    fn from_iter<I: IntoIterator<Item = Generation>>(zones: I) -> Self {
        zones.into_iter().fold(Self::new(), |set, zone| set.with(Arc::new(zone)))
    }
}
