//! What holds between KMS's rows at every moment.

use std::collections::BTreeSet;

use keyward_store::Key;

use super::House;
use crate::alias::AliasRow;
use crate::key::KeyArn;
use crate::planned::Plan;
use crate::rows::{self, OwnerRow};

impl House {
    /// What is stored, but for the count of keys.
    pub(crate) fn rows(&self) -> Vec<keyward_store::Row> {
        let mut rows = self.store.inner.rows();
        rows.retain(|row| !counts_keys(&row.key));
        rows
    }

    /// Checks that every key knows its aliases and every alias its key, that exactly the keys that wait for
    /// their deletion have a plan and every expiry has one, and that every key, and nothing else, has an owner.
    pub(crate) fn check_rows(&self) {
        let rows = self.store.inner.rows();
        let (mut expected, mut found) = (BTreeSet::new(), BTreeSet::new());
        for row in &rows {
            if let Some((account, region, id)) = rows::parse_key(&row.key) {
                let record = rows::read_key(&row.value).unwrap();
                for alias in &record.aliases {
                    expected.insert((rows::alias(account, &region, alias), id.to_string()));
                }
                let arn = KeyArn { partition: "aws".parse().unwrap(), region, account, id };
                let plan = record.lifecycle.deletion_at().map(|at| Plan::Deletion.of(&arn, at).row());
                expected.extend(plan.map(|plan| (plan, String::new())));
                let expiries = record.expiries().map(|at| Plan::Expiry.of(&arn, at).row());
                expected.extend(expiries.map(|plan| (plan, String::new())));
                expected.insert((rows::owner(&arn.region, &arn.id), account.to_string()));
            } else if row.key != rows::marker_key() && !is_elsewhere(&row.key) {
                found.insert((row.key.clone(), pointed_to(&row.key, &row.value)));
            }
        }
        assert_eq!(found, expected);
    }
}

/// Whether a row belongs to the count of keys.
fn counts_keys(key: &Key) -> bool {
    let text = String::from_utf8_lossy(key.as_bytes()).into_owned();
    text.ends_with("/key-count") || text.contains("/key-change/") || *key == rows::usage_since()
}

/// What other tests look at: the count of keys, grants, and rotations with their plans (a paused plan has no row
/// of its own).
fn is_elsewhere(key: &Key) -> bool {
    let text = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let kinds = ["rotation", "grant", "grant-count", "granted", "grantee", "grant-name", "usage"];
    let (first, kind) = (text.split('/').nth(1), text.split('/').nth(3));
    counts_keys(key)
        || first.is_some_and(|first| first == "rotation" || first == "retiring" || first.starts_with("grant"))
        || kind.is_some_and(|kind| kinds.contains(&kind))
}

/// What the row of an alias, an owner or a plan says.
fn pointed_to(place: &Key, value: &[u8]) -> String {
    let place = String::from_utf8(place.as_bytes().to_vec()).unwrap();
    if place.starts_with("kms/owner/") {
        let OwnerRow::V1(owner) = rows::decode(value).unwrap();
        owner.to_string()
    } else if place.starts_with("kms/deletion/") || place.starts_with("kms/expiry/") {
        String::new()
    } else {
        let AliasRow::V1(alias) = rows::decode(value).unwrap();
        alias.target.to_string()
    }
}
