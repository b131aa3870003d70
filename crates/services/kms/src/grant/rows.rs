//! Where grants are, and by what they are found.
//!
//! ```text
//! kms/<account>/<region>/grant/<key id>/<grant id>                      GrantRow
//! kms/<account>/<region>/grantee/<key id>/<grantee>/<bucket>/<grant id> empty: the grants of a grantee
//! kms/<account>/<region>/grant-name/<key id>/<digest>                   the id of the grant with this name and all the same parameters
//! kms/<account>/<region>/grant-count/<key id>                           CountRow: how many there are
//! kms/retiring/<region>/<retiring>/<account>/<key id>/<grant id>        empty: the grants that one can retire
//! ```
//!
//! Grantees and retiring principals are digests of their names. A bucket holds the grants without an
//! encryption context, those with a subset, or those with exactly one context, so that a request reads only
//! those that can fit it, of however many there are.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use keyward_base::{Fault, Timestamp};
use keyward_store::{Key, Row, Txn};
use serde::{Deserialize, Serialize};

use super::record::{Constraints, Context, GrantId, GrantRecord, GrantRow, Party};
use crate::key::KeyArn;
use crate::rows;

/// How many grants a key has, as stored.
#[derive(Debug, Serialize, Deserialize)]
enum CountRow {
    /// The first version.
    V1(u32),
}

/// Reads a count; no row is none.
pub(crate) fn counted(row: Option<&Row>) -> Result<u32, Fault> {
    let Some(row) = row else { return Ok(0) };
    let CountRow::V1(count) = rows::decode(&row.value)?;
    Ok(count)
}

/// The places of one key's grants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrantPlaces<'a>(pub(crate) &'a KeyArn);

impl GrantPlaces<'_> {
    fn place(&self, kind: &str, more: &[&str]) -> Key {
        let KeyArn { account, region, id, .. } = self.0;
        let account = account.to_string();
        Key::of(&[&["kms", &account, region.as_str(), kind, id.as_str()], more].concat())
    }

    /// One grant.
    pub(crate) fn grant(&self, id: &GrantId) -> Key {
        self.place("grant", &[id.as_str()])
    }

    /// Where they begin.
    pub(crate) fn grants(&self) -> Key {
        self.place("grant", &[""])
    }

    /// How many there are.
    pub(crate) fn count(&self) -> Key {
        self.place("grant-count", &[])
    }

    /// Where the grants of `grantee` begin.
    pub(crate) fn of_grantee(&self, grantee: &str) -> Key {
        self.place("grantee", &[&hash(grantee.as_bytes()), ""])
    }

    /// Where those of them begin that can fit a request with this encryption context.
    pub(crate) fn fitting(&self, grantee: &str, context: &Context) -> Result<[Key; 3], Fault> {
        let grantee = hash(grantee.as_bytes());
        let exactly = exactly(context)?;
        Ok([ANY, SUBSET, &exactly].map(|bucket| self.place("grantee", &[&grantee, bucket, ""])))
    }

    /// What is found by its name: the grant that has it and all the same parameters.
    pub(crate) fn named(&self, record: &GrantRecord) -> Result<Key, Fault> {
        let same = GrantRecord { created: Timestamp::EPOCH, ..record.clone() };
        Ok(self.place("grant-name", &[&hash(&rows::encode(&GrantRow::V1(same))?)]))
    }

    fn index(&self, id: &GrantId, record: &GrantRecord) -> Result<Key, Fault> {
        let Constraints { equals, subset, .. } = &record.constraints;
        let bucket = match (equals, subset) {
            (Some(context), _) => exactly(context)?,
            (None, Some(_)) => SUBSET.to_owned(),
            (None, None) => ANY.to_owned(),
        };
        Ok(self.place("grantee", &[&hash(record.grantee.name().as_bytes()), &bucket, id.as_str()]))
    }

    fn retirable(&self, id: &GrantId, retiring: &Party) -> Key {
        let KeyArn { account, region, id: key, .. } = self.0;
        let below = Filed::retirable(region.as_str(), retiring.name());
        let rest = format!("{account}/{key}/{id}");
        Key::new([below.as_bytes(), rest.as_bytes()].concat())
    }

    /// Adds a grant to `txn`, and what it is found by.
    pub(crate) fn file(&self, txn: Txn, id: &GrantId, record: &GrantRecord) -> Result<Txn, Fault> {
        let mut txn = txn
            .create(self.grant(id), rows::encode(&GrantRow::V1(record.clone()))?)
            .put(self.index(id, record)?, Vec::new());
        if let Some(retiring) = &record.retiring {
            txn = txn.put(self.retirable(id, retiring), Vec::new());
        }
        if !record.name.is_empty() {
            txn = txn.put(self.named(record)?, rows::encode(id)?);
        }
        Ok(txn)
    }

    /// Removes a grant in `txn`, and what it is found by.
    pub(crate) fn remove(&self, txn: Txn, id: &GrantId, record: &GrantRecord) -> Result<Txn, Fault> {
        let mut txn = txn.delete(self.grant(id)).delete(self.index(id, record)?);
        if let Some(retiring) = &record.retiring {
            txn = txn.delete(self.retirable(id, retiring));
        }
        if !record.name.is_empty() {
            txn = txn.delete(self.named(record)?);
        }
        Ok(txn)
    }

    /// Sets how many there are.
    pub(crate) fn set_count(&self, txn: Txn, count: u32) -> Result<Txn, Fault> {
        Ok(txn.put(self.count(), rows::encode(&CountRow::V1(count))?))
    }
}

/// A grant found by one of its indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filed;

impl Filed {
    /// Where the grants begin that `retiring` can retire.
    pub(crate) fn retirable(region: &str, retiring: &str) -> Key {
        Key::of(&["kms", "retiring", region, &hash(retiring.as_bytes()), ""])
    }
}

const ANY: &str = "any";
const SUBSET: &str = "subset";

fn exactly(context: &Context) -> Result<String, Fault> {
    Ok(format!("exactly-{}", hash(&rows::encode(context)?)))
}

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}
