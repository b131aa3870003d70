//! Applying a change batch to a working copy (API page of `ChangeResourceRecordSets`).

use std::collections::{BTreeMap, BTreeSet};

use super::Refusal;
use crate::RecordName;
use crate::record::{RecordSet, RecordType, SetKey};

/// Record elements in a batch, UPSERT counted twice.
const RECORDS_MAX: usize = 1000;
/// Characters of values in a batch, UPSERT counted twice.
const CHARACTERS_MAX: usize = 32_000;

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Makes a set that is not there.
    Create,
    /// Removes a set that is exactly as told.
    Delete,
    /// Makes or replaces a set.
    Upsert,
}

/// One change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What to do.
    pub(crate) action: Action,
    /// With which set.
    pub(crate) set: RecordSet,
}

/// Reads a value of a type: its canonical octets, by which values are compared, or why it is none.
pub(crate) type ReadValue = dyn Fn(RecordType, &str) -> Result<Vec<u8>, String> + Send + Sync;

/// What a batch does to a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The sets that are different now; `None` where one went.
    pub(crate) effects: BTreeMap<SetKey, Option<RecordSet>>,
    /// The names whose sets changed.
    pub(crate) touched: BTreeSet<RecordName>,
    /// How many sets the zone has gained or lost.
    pub(crate) growth: i64,
}

/// The sets at the names that a batch touches, as it finds and leaves them.
pub(crate) struct WorkingCopy<'a> {
    zone: &'a RecordName,
    values_max: usize,
    read_value: &'a ReadValue,
    before: BTreeMap<SetKey, RecordSet>,
    sets: BTreeMap<SetKey, RecordSet>,
    done: BTreeMap<SetKey, Action>,
    touched: BTreeSet<RecordName>,
}

impl<'a> WorkingCopy<'a> {
    /// A working copy of `sets`: all that `zone` has at the names of the batch and at its apex.
    pub(crate) fn new(
        zone: &'a RecordName,
        sets: impl IntoIterator<Item = RecordSet>,
        values_max: usize,
        read_value: &'a ReadValue,
    ) -> Self {
        let before: BTreeMap<SetKey, RecordSet> = sets.into_iter().map(|set| (set.key(), set)).collect();
        let sets = before.clone();
        Self { zone, values_max, read_value, before, sets, done: BTreeMap::new(), touched: BTreeSet::new() }
    }

    /// Applies the whole batch, in order, or answers everything that is wrong with it.
    pub(crate) fn apply(mut self, changes: &[Change]) -> Result<Outcome, Vec<Refusal>> {
        check_size(changes).map_err(|refusal| vec![refusal])?;
        let refusals: Vec<Refusal> = changes.iter().filter_map(|change| self.change(change).err()).collect();
        if !refusals.is_empty() {
            return Err(refusals);
        }
        self.check_apex().map_err(|refusal| vec![refusal])?;
        Ok(self.outcome())
    }

    fn change(&mut self, change: &Change) -> Result<(), Refusal> {
        let set = &change.set;
        let key = set.key();
        self.check_place(set)?;
        self.note_done(&key, change)?;
        let canonical = self.read_values(set)?;
        match change.action {
            Action::Delete => self.delete(&key, set, &canonical)?,
            Action::Create if self.sets.contains_key(&key) => {
                return Err(Refusal::AlreadyExists { name: set.name.clone(), kind: set.kind });
            }
            Action::Create | Action::Upsert => {
                self.check_cname(set)?;
                self.sets.insert(key, set.clone());
            }
        }
        self.touched.insert(set.name.clone());
        Ok(())
    }

    /// Rules of place: what may be at the apex, below it, at a wildcard.
    fn check_place(&self, set: &RecordSet) -> Result<(), Refusal> {
        let (name, zone) = (set.name.clone(), self.zone.clone());
        let apex = name == zone;
        match set.kind {
            _ if !name.is_within(&zone) => Err(Refusal::OutsideZone { name, zone }),
            RecordType::Cname if apex => Err(Refusal::CnameAtApex { zone }),
            RecordType::Ds if apex => Err(Refusal::DsAtApex { zone }),
            RecordType::Soa if !apex => Err(Refusal::SoaBelowApex { name, zone }),
            RecordType::Ns if name.is_wildcard() => Err(Refusal::WildcardNs { name, zone }),
            _ => Ok(()),
        }
    }

    /// A set may be changed once in a batch, or be deleted and then made again.
    fn note_done(&mut self, key: &SetKey, change: &Change) -> Result<(), Refusal> {
        let clash = match self.done.insert(key.clone(), change.action) {
            None => false,
            Some(Action::Delete) => change.action == Action::Delete,
            Some(_) => true,
        };
        if clash {
            return Err(Refusal::Clash { name: change.set.name.clone(), kind: change.set.kind });
        }
        Ok(())
    }

    fn read_values(&self, set: &RecordSet) -> Result<BTreeSet<Vec<u8>>, Refusal> {
        let (name, kind) = (set.name.clone(), set.kind);
        if kind.is_single() && set.values.len() != 1 {
            return Err(Refusal::SingleValue { name, kind });
        }
        if set.values.len() > self.values_max {
            return Err(Refusal::TooManyValues { name, kind, values_max: self.values_max });
        }
        let mut canonical = BTreeSet::new();
        for value in &set.values {
            let octets = (self.read_value)(kind, value).map_err(|reason| Refusal::InvalidValue { reason })?;
            if !canonical.insert(octets) {
                return Err(Refusal::DuplicateValue { value: value.clone() });
            }
        }
        Ok(canonical)
    }

    fn delete(
        &mut self,
        key: &SetKey,
        told: &RecordSet,
        canonical: &BTreeSet<Vec<u8>>,
    ) -> Result<(), Refusal> {
        let (name, kind) = (told.name.clone(), told.kind);
        let Some(found) = self.sets.get(key) else {
            return Err(Refusal::NotFound { name, kind });
        };
        if found.ttl_seconds != told.ttl_seconds || self.read_values(found)? != *canonical {
            return Err(Refusal::ValuesDiffer { name, kind });
        }
        self.sets.remove(key);
        Ok(())
    }

    /// A CNAME stands alone at its name (RFC 1034 section 3.6.2).
    fn check_cname(&self, set: &RecordSet) -> Result<(), Refusal> {
        let (name, kind, zone) = (set.name.clone(), set.kind, self.zone.clone());
        let cname = SetKey::new(&name, RecordType::Cname, None);
        if kind != RecordType::Cname {
            let conflict = self.sets.contains_key(&cname);
            return if conflict { Err(Refusal::CnameInTheWay { name, kind, zone }) } else { Ok(()) };
        }
        let prefix = SetKey::name_prefix(&name);
        let mut beside = self
            .sets
            .range(SetKey::from_octets(&prefix)..)
            .take_while(|(key, _)| key.as_octets().starts_with(&prefix));
        if beside.any(|(_, other)| other.kind != RecordType::Cname) {
            return Err(Refusal::OthersBesideCname { name, zone });
        }
        Ok(())
    }

    fn check_apex(&self) -> Result<(), Refusal> {
        if !self.sets.contains_key(&SetKey::new(self.zone, RecordType::Soa, None)) {
            return Err(Refusal::NotOneSoa);
        }
        if !self.sets.contains_key(&SetKey::new(self.zone, RecordType::Ns, None)) {
            return Err(Refusal::NoNs);
        }
        Ok(())
    }

    fn outcome(self) -> Outcome {
        let size = |sets: &BTreeMap<_, _>| i64::try_from(sets.len()).unwrap_or(i64::MAX);
        let growth = size(&self.sets) - size(&self.before);
        let effects = self.done.into_keys().filter_map(|key| {
            let after = self.sets.get(&key);
            (self.before.get(&key) != after).then(|| (key, after.cloned()))
        });
        Outcome { effects: effects.collect(), touched: self.touched, growth }
    }
}

fn check_size(changes: &[Change]) -> Result<(), Refusal> {
    let weigh = |measure: fn(&RecordSet) -> usize| -> usize {
        let weight = |action| if action == Action::Upsert { 2 } else { 1 };
        changes.iter().map(|change| weight(change.action) * measure(&change.set)).sum()
    };
    if weigh(|set| set.values.len()) > RECORDS_MAX {
        return Err(Refusal::TooManyRecords);
    }
    if weigh(|set| set.values.iter().map(|value| value.chars().count()).sum()) > CHARACTERS_MAX {
        return Err(Refusal::TooManyCharacters);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
