//! Where grants are, and by what they are found.
//!
//! ```text
//! kms/<account>/<region>/grant/<key id>/<grant id>                      GrantRow
//! kms/<account>/<region>/granted/<key id>/<grantee>/<grant id>          empty: the grants of a grantee
//! kms/<account>/<region>/grantee/<key id>/<grantee>/<source>/<bucket>/<operations>/<grant id>
//!                                                                       empty: what allows a grantee something
//! kms/<account>/<region>/grant-name/<key id>/<digest>                   the id of the grant with this name and all the same parameters
//! kms/<account>/<region>/grant-count/<key id>                           CountRow: how many there are
//! kms/retiring/<region>/<retiring>/<account>/<key id>/<grant id>        empty: the grants that one can retire
//! ```
//!
//! Grantees, retiring principals and sources are digests of their names; what allows a user or a role something is
//! found by its unique id. A bucket holds the grants without an
//! encryption context, those whose subset begins with one pair, those with exactly one context, or those that
//! allow `DescribeKey`, whatever the context; within it grants with the same operations stand together. So a
//! request reads only those that can fit it, of however many there are.

use std::ops::Bound;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use keyward_base::{Fault, Timestamp};
use keyward_store::{Key, KeyRange, Row, Txn};
use serde::{Deserialize, Serialize};

use super::record::{Asked, Constraints, Context, GrantId, GrantRecord, GrantRow, Party};
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

    /// Where the grants of `grantee` begin, in order of their ids.
    pub(crate) fn of_grantee(&self, grantee: &str) -> Key {
        self.place("granted", &[&hash(grantee.as_bytes()), ""])
    }

    /// Where those of them begin that can fit what is asked.
    pub(crate) fn fitting(&self, grantee: &str, asked: &Asked<'_>) -> Result<Vec<Key>, Fault> {
        let grantee = hash(grantee.as_bytes());
        let mut places = Vec::new();
        let sources = std::iter::once(None).chain(asked.source_arn.map(Some));
        let buckets = buckets(asked)?;
        for source in sources {
            let below = |bucket: &String| self.place("grantee", &[&grantee, &from(source), bucket, ""]);
            places.extend(buckets.iter().map(below));
        }
        Ok(places)
    }

    /// What is found by its name: the grant that has it and all the same parameters.
    pub(crate) fn named(&self, record: &GrantRecord) -> Result<Key, Fault> {
        let same = GrantRecord { created: Timestamp::EPOCH, ..record.clone() };
        Ok(self.place("grant-name", &[&hash(&rows::encode(&GrantRow::V1(same))?)]))
    }

    /// What a grant is found by, by its grantee.
    fn index(&self, id: &GrantId, record: &GrantRecord) -> Result<Vec<Key>, Fault> {
        let (listed, grantee) = (record.grantee.name(), record.grantee.caller_name());
        let (listed, grantee) = (hash(listed.as_bytes()), hash(grantee.as_bytes()));
        let Constraints { equals, subset, source_arn } = &record.constraints;
        let bucket = match (equals, subset) {
            (Some(context), _) => exactly(context)?,
            (None, Some(context)) => context.iter().next().map_or_else(any, with)?,
            (None, None) => any()?,
        };
        let (source, operations) = (from(source_arn.as_deref()), mask_text(mask(&record.operations)));
        let below =
            |bucket: &str| self.place("grantee", &[&grantee, &source, bucket, &operations, id.as_str()]);
        let mut places = vec![below(&bucket), self.place("granted", &[&listed, id.as_str()])];
        if record.operations.iter().any(|operation| operation == DESCRIBE_KEY) {
            places.push(below(DESCRIBES));
        }
        Ok(places)
    }

    fn retirable(&self, id: &GrantId, retiring: &Party) -> Key {
        let KeyArn { account, region, id: key, .. } = self.0;
        let below = Filed::retirable(region.as_str(), retiring.name());
        let rest = format!("{account}/{key}/{id}");
        Key::new([below.as_bytes(), rest.as_bytes()].concat())
    }

    /// Adds a grant to `txn`, and what it is found by.
    pub(crate) fn file(&self, txn: Txn, id: &GrantId, record: &GrantRecord) -> Result<Txn, Fault> {
        let mut txn = txn.create(self.grant(id), rows::encode(&GrantRow::V1(record.clone()))?);
        for place in self.index(id, record)? {
            txn = txn.put(place, Vec::new());
        }
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
        let mut txn = txn.delete(self.grant(id));
        for place in self.index(id, record)? {
            txn = txn.delete(place);
        }
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
const DESCRIBES: &str = "describes";
const DESCRIBE_KEY: &str = "DescribeKey";

/// The operations of grants. Their order is on disk; new ones come last.
const OPERATIONS: [&str; 19] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    DESCRIBE_KEY,
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
];

/// The operations as bits.
fn mask(operations: &[String]) -> u32 {
    operations.iter().fold(0, |mask, operation| mask | bit(operation))
}

/// The bit of one operation; none for what grants don't know.
pub(crate) fn bit(operation: &str) -> u32 {
    OPERATIONS.iter().position(|known| *known == operation).map_or(0, |place| 1 << place)
}

fn mask_text(mask: u32) -> String {
    format!("{mask:08x}")
}

/// The operations and the grant that an index row below a bucket names.
pub(crate) fn parse_index(bucket: &Key, row: &Key) -> Option<(u32, GrantId)> {
    let (operations, id) = rows::name_below(bucket, row)?.split_once('/')?;
    Some((u32::from_str_radix(operations, 16).ok()?, GrantId::parse(id)?))
}

/// Where the index rows of a bucket go on after those with these operations.
pub(crate) fn after_operations(bucket: &Key, mask: u32) -> KeyRange {
    let text = mask_text(mask);
    // `0` comes right after `/`.
    let start = Key::new([bucket.as_bytes(), text.as_bytes(), b"0"].concat());
    KeyRange { start: Bound::Included(start), end: KeyRange::prefix(bucket).end }
}

/// The buckets of what can fit.
fn buckets(asked: &Asked<'_>) -> Result<Vec<String>, Fault> {
    let (equals, pairs) = match (asked.operation, asked.child) {
        (DESCRIBE_KEY, _) => return Ok(vec![DESCRIBES.to_owned()]),
        // A grant makes grants that are as strict: with the same context, or with one that has its pairs.
        (_, Some(child)) => {
            let Constraints { equals, subset, .. } = &child.constraints;
            (equals.as_ref(), equals.as_ref().or(subset.as_ref()))
        }
        (_, None) => (Some(asked.context), Some(asked.context)),
    };
    let mut buckets = vec![any()?];
    buckets.extend(equals.map(exactly).transpose()?);
    for pair in pairs.into_iter().flatten() {
        buckets.push(with(pair)?);
    }
    Ok(buckets)
}

fn from(source_arn: Option<&str>) -> String {
    source_arn.map_or_else(|| "anywhere".to_owned(), |arn| format!("from-{}", hash(arn.as_bytes())))
}

fn any() -> Result<String, Fault> {
    Ok(ANY.to_owned())
}

fn with(pair: (&String, &String)) -> Result<String, Fault> {
    Ok(format!("with-{}", hash(&rows::encode(&pair)?)))
}

fn exactly(context: &Context) -> Result<String, Fault> {
    Ok(format!("exactly-{}", hash(&rows::encode(context)?)))
}

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}
