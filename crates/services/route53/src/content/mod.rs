//! Reading and writing a zone's record sets: rows, with the journal laid over them.
//!
//! A reader takes the journal first and the rows after it. What is folded in between is the same as what the
//! journal says; what is committed in between changes the zone's row, by which the reader notices and reads again.

use std::collections::BTreeMap;

use keyward_base::Fault;
use keyward_store::{Compare, Key, KeyRange, Revision, Row, Store, Txn, TxnError};

use crate::changes::Outcome;
use crate::record::{RecordSet, SetKey};
use crate::rows::{self, Effect, Journal, JournalRow, RecordSetRow};
use crate::{RecordName, ZoneId};

/// Effects that are written as rows at once; more go through the journal. With what else a change writes
/// and compares, a transaction stays below the store's limit.
const DIRECT_EFFECTS_MAX: usize = 64;
/// Effects that one folding transaction writes.
const FOLD_EFFECTS_MAX: usize = 100;
/// Rows read at a time.
const CHUNK: usize = 1_000;

/// What waits in a zone's journal, newest state of each set.
type Overlay = BTreeMap<SetKey, Option<RecordSet>>;

/// The record sets of one zone.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    store: &'a dyn Store,
    zone: &'a ZoneId,
}

impl<'a> Content<'a> {
    /// The record sets of `zone`.
    pub(crate) fn new(store: &'a dyn Store, zone: &'a ZoneId) -> Self {
        Self { store, zone }
    }

    /// The first `limit` sets from `start` on, in list order, all of one moment.
    pub(crate) async fn page(self, start: Option<&SetKey>, limit: usize) -> Result<Vec<RecordSet>, Fault> {
        loop {
            let before = self.revision().await?;
            let page = self.page_once(start, limit).await?;
            if self.revision().await? == before {
                return Ok(page);
            }
        }
    }

    /// Every set, in list order, all of one moment.
    pub(crate) async fn all(self) -> Result<Vec<RecordSet>, Fault> {
        self.page(None, usize::MAX - CHUNK).await
    }

    /// The sets at these names. The caller's transaction compares on the zone's row.
    pub(crate) async fn at_names(
        self,
        names: impl IntoIterator<Item = &RecordName>,
    ) -> Result<Vec<RecordSet>, Fault> {
        let overlay = self.overlay().await?;
        let mut sets = Vec::new();
        for name in names {
            let prefix = SetKey::name_prefix(name);
            let mut found = BTreeMap::new();
            for row in self.rows(KeyRange::prefix(&rows::sets_at(self.zone, name)), usize::MAX).await? {
                self.insert(&mut found, &row)?;
            }
            let waiting = overlay.range(SetKey::from_octets(&prefix)..);
            lay_over(&mut found, waiting.take_while(|(key, _)| key.as_octets().starts_with(&prefix)));
            sets.extend(found.into_values());
        }
        Ok(sets)
    }

    /// Adds what `outcome` leaves behind to `txn`, which makes `version` of the zone and compares on its row.
    pub(crate) async fn write(self, txn: Txn, outcome: Outcome, version: u64) -> Result<Txn, Fault> {
        let idle = self.rows(KeyRange::prefix(&rows::journals(self.zone)), 1).await?.is_empty();
        if idle && outcome.effects.len() <= DIRECT_EFFECTS_MAX {
            let effects = outcome.effects.into_iter().map(|(key, after)| effect(key, after));
            return self.write_effects(txn, effects);
        }
        let effects = outcome.effects.into_iter().map(|(key, after)| effect(key, after)).collect();
        let journal = rows::encode(&JournalRow::V1(Journal { effects }))?;
        Ok(txn.create(rows::journal(self.zone, version), journal))
    }

    /// Folds what waits in the journal into the rows, oldest first. Can be done by anybody, at any time.
    pub(crate) async fn fold(self) -> Result<(), Fault> {
        let waiting = self.rows(KeyRange::prefix(&rows::journals(self.zone)), usize::MAX).await?;
        for row in waiting {
            let Journal { effects } = rows::decode::<JournalRow>(&row)?.into();
            match self.fold_one(&row, effects).await {
                // Somebody else folded it and removed it.
                Err(TxnError::Conflict) => return Ok(()),
                Err(TxnError::Store(error)) => return Err(Fault::ours(error)),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    async fn fold_one(self, journal: &Row, effects: Vec<Effect>) -> Result<(), TxnError> {
        let present = Compare { key: journal.key.clone(), revision: journal.revision };
        let mut effects = effects.into_iter().peekable();
        loop {
            let chunk: Vec<Effect> = effects.by_ref().take(FOLD_EFFECTS_MAX).collect();
            let last = effects.peek().is_none();
            let mut txn = self
                .write_effects(Txn::when(vec![present.clone()]), chunk)
                .map_err(|fault| keyward_store::StoreError::Backend(fault.into()))?;
            if last {
                txn = txn.delete(journal.key.clone());
            }
            self.store.txn(txn).await?;
            if last {
                return Ok(());
            }
        }
    }

    fn write_effects(self, txn: Txn, effects: impl IntoIterator<Item = Effect>) -> Result<Txn, Fault> {
        effects.into_iter().try_fold(txn, |txn, effect| {
            Ok(match effect {
                Effect::Put(set) => {
                    let key = rows::set(self.zone, &set.key());
                    txn.put(key, rows::encode(&RecordSetRow::V1(set))?)
                }
                Effect::Gone(key) => txn.delete(rows::set(self.zone, &key)),
            })
        })
    }

    async fn page_once(self, start: Option<&SetKey>, limit: usize) -> Result<Vec<RecordSet>, Fault> {
        let overlay = self.overlay().await?;
        let mut found = BTreeMap::new();
        let wanted = limit.saturating_add(overlay.len());
        let whole = KeyRange::prefix(&rows::sets(self.zone));
        let mut range = match start {
            Some(start) => {
                KeyRange { start: std::ops::Bound::Included(rows::set(self.zone, start)), ..whole }
            }
            None => whole,
        };
        // The last key up to which the rows were read; the journal counts no further.
        let mut read_to = None;
        while found.len() < wanted {
            let chunk = self.rows(range.clone(), CHUNK.min(wanted - found.len())).await?;
            let Some(last) = chunk.last() else {
                read_to = None;
                break;
            };
            range.start = std::ops::Bound::Excluded(last.key.clone());
            read_to = rows::set_key(self.zone, &last.key);
            for row in &chunk {
                self.insert(&mut found, row)?;
            }
        }
        let within = |key: &SetKey| {
            start.is_none_or(|start| key >= start) && read_to.as_ref().is_none_or(|last| key <= last)
        };
        lay_over(&mut found, overlay.iter().filter(|(key, _)| within(key)));
        Ok(found.into_values().take(limit).collect())
    }

    async fn overlay(self) -> Result<Overlay, Fault> {
        let mut overlay = Overlay::new();
        for row in self.rows(KeyRange::prefix(&rows::journals(self.zone)), usize::MAX).await? {
            let Journal { effects } = rows::decode::<JournalRow>(&row)?.into();
            for effect in effects {
                match effect {
                    Effect::Put(set) => overlay.insert(set.key(), Some(set)),
                    Effect::Gone(key) => overlay.insert(key, None),
                };
            }
        }
        Ok(overlay)
    }

    fn insert(self, found: &mut BTreeMap<SetKey, RecordSet>, row: &Row) -> Result<(), Fault> {
        let key =
            rows::set_key(self.zone, &row.key).ok_or_else(|| Fault::ours("a record set's key is odd"))?;
        found.insert(key, rows::decode::<RecordSetRow>(row)?.into());
        Ok(())
    }

    async fn rows(self, range: KeyRange, limit: usize) -> Result<Vec<Row>, Fault> {
        let (rows, _) = self.store.range(&range, limit).await.map_err(Fault::ours)?;
        Ok(rows)
    }

    async fn revision(self) -> Result<Revision, Fault> {
        revision_of(self.store, &rows::zone(self.zone)).await
    }
}

async fn revision_of(store: &dyn Store, key: &Key) -> Result<Revision, Fault> {
    let row = store.get(key).await.map_err(Fault::ours)?;
    Ok(row.map_or(Revision::ABSENT, |row| row.revision))
}

fn effect(key: SetKey, after: Option<RecordSet>) -> Effect {
    after.map_or(Effect::Gone(key), Effect::Put)
}

fn lay_over<'o>(
    found: &mut BTreeMap<SetKey, RecordSet>,
    overlay: impl Iterator<Item = (&'o SetKey, &'o Option<RecordSet>)>,
) {
    for (key, after) in overlay {
        match after {
            Some(set) => found.insert(key.clone(), set.clone()),
            None => found.remove(key),
        };
    }
}

#[cfg(test)]
mod tests;
