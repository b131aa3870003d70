//! How many customer keys an account has in a Region, for the quota.
//!
//! ```text
//! kms/<account>/<region>/key-count            KeyCountRow: how many there were
//! kms/<account>/<region>/key-change/<uuid>    KeyChangeRow: one more or one less since
//! ```
//!
//! Who makes a key writes a change of its own, so that many can make keys at once without conflict; whoever
//! finds many changes folds them into the count. Near the quota every maker folds, so that they come one
//! after the other and the quota is exact.

use keyward_base::{Fault, Random};
use keyward_store::{Key, KeyRange, Revision, Row, Txn, TxnError};
use serde::{Deserialize, Serialize};

use crate::fault;
use crate::key::{KeyArn, KeyManager};
use crate::kms::Kms;
use crate::rows;

/// How many there were when changes were last folded, as stored.
#[derive(Debug, Serialize, Deserialize)]
enum KeyCountRow {
    /// The first version.
    V1(u32),
}

/// One more or one less, as stored.
#[derive(Debug, Serialize, Deserialize)]
enum KeyChangeRow {
    /// The first version.
    V1(i8),
}

/// So many changes are folded.
const FOLD_AT: usize = 64;
/// More are not read at once; they are there only when very many make keys at the same moment.
const CHANGES_MAX: usize = 1024;
/// So near the quota makers come one after the other.
const NEAR: i64 = 64;
/// How many keys are read at once where they were never counted.
const BATCH: usize = 1000;

/// What is known of the number of keys in one place.
struct Counted {
    revision: Revision,
    changes: Vec<Row>,
    total: i64,
}

impl Kms {
    /// Adds to `txn` that the account of `arn` has one more key in its Region; `LimitExceededException` when it
    /// has as many as it may.
    pub(crate) async fn count_key(&self, txn: Txn, arn: &KeyArn) -> Result<Txn, Fault> {
        let counted = self.folded(arn).await?;
        let most = i64::from(self.quotas.keys);
        if counted.total >= most {
            return Err(fault::limit_exceeded(format!(
                "The account {} has {most} KMS keys in {}, which is the limit.",
                arn.account, arn.region
            )));
        }
        if counted.total + NEAR >= most {
            fold(txn, arn, &counted, 1)
        } else {
            changed(txn, &*self.random, arn, 1)
        }
    }

    /// Adds to `txn` that the account of `arn` has one key less in its Region.
    pub(crate) async fn uncount_key(&self, txn: Txn, arn: &KeyArn) -> Result<Txn, Fault> {
        let counted = self.store.get(&count(arn)).await.map_err(fault::internal)?;
        if counted.is_none() {
            // Keys were never counted here: there is nothing to correct.
            return Ok(txn);
        }
        self.folded(arn).await?;
        changed(txn, &*self.random, arn, -1)
    }

    /// The count, with few changes.
    async fn folded(&self, arn: &KeyArn) -> Result<Counted, Fault> {
        let mut counted = self.counted(arn).await?;
        if counted.changes.len() >= FOLD_AT {
            // Whoever comes first folds; the others go on.
            self.try_txn(fold(Txn::default(), arn, &counted, 0)?).await?;
            counted = self.counted(arn).await?;
        }
        Ok(counted)
    }

    async fn counted(&self, arn: &KeyArn) -> Result<Counted, Fault> {
        let place = count(arn);
        let row = match self.store.get(&place).await.map_err(fault::internal)? {
            Some(row) => row,
            None => self.first_count(arn).await?,
        };
        let KeyCountRow::V1(before) = rows::decode(&row.value)?;
        let changes = KeyRange::prefix(&changes(arn));
        let (changes, _) = self.store.range(&changes, CHANGES_MAX).await.map_err(fault::internal)?;
        let mut total = i64::from(before);
        for change in &changes {
            let KeyChangeRow::V1(change) = rows::decode(&change.value)?;
            total += i64::from(change);
        }
        Ok(Counted { revision: row.revision, changes, total })
    }

    /// Counts the keys where none was ever made by this version, and writes down how many there are.
    async fn first_count(&self, arn: &KeyArn) -> Result<Row, Fault> {
        let prefix = rows::keys(arn.account, &arn.region);
        let (mut range, mut found) = (KeyRange::prefix(&prefix), 0u32);
        loop {
            let (keys, _) = self.store.range(&range, BATCH).await.map_err(fault::internal)?;
            for row in &keys {
                found += u32::from(rows::read_key(&row.value)?.manager == KeyManager::Customer);
            }
            match keys.last() {
                Some(last) if keys.len() == BATCH => range = KeyRange::prefix_after(&prefix, &last.key),
                _ => break,
            }
        }
        let place = count(arn);
        self.try_txn(Txn::default().create(place.clone(), rows::encode(&KeyCountRow::V1(found))?)).await?;
        let row = self.store.get(&place).await.map_err(fault::internal)?;
        row.ok_or_else(|| fault::internal("a count of keys went away"))
    }

    /// Commits `txn`, unless somebody else was first.
    async fn try_txn(&self, txn: Txn) -> Result<(), Fault> {
        match self.store.txn(txn).await {
            Ok(_) | Err(TxnError::Conflict) => Ok(()),
            Err(error) => Err(fault::internal(error)),
        }
    }
}

fn changed(txn: Txn, random: &dyn Random, arn: &KeyArn, by: i8) -> Result<Txn, Fault> {
    let place = Key::new([changes(arn).as_bytes(), random.uuid().as_bytes()].concat());
    Ok(txn.put(place, rows::encode(&KeyChangeRow::V1(by))?))
}

/// Adds to `txn` that the changes are part of the count, and `more` keys besides.
fn fold(mut txn: Txn, arn: &KeyArn, counted: &Counted, more: i64) -> Result<Txn, Fault> {
    let total = u32::try_from((counted.total + more).max(0)).map_err(fault::internal)?;
    for change in &counted.changes {
        txn = txn.delete(change.key.clone());
    }
    let place = count(arn);
    Ok(txn.compare(place.clone(), counted.revision).put(place, rows::encode(&KeyCountRow::V1(total))?))
}

fn count(arn: &KeyArn) -> Key {
    Key::of(&["kms", &arn.account.to_string(), arn.region.as_str(), "key-count"])
}

/// Where the changes begin.
fn changes(arn: &KeyArn) -> Key {
    Key::of(&["kms", &arn.account.to_string(), arn.region.as_str(), "key-change", ""])
}

#[cfg(test)]
mod tests;
