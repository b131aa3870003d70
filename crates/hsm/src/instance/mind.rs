//! What an HSM knows: the records opened, and what follows from them. In memory; `records` has the durable form.

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::digest;

use crate::api::error::HsmError;
use crate::api::ids::{HsmSerial, KeyHandle, OperationId, UserName};
use crate::api::key::KeyInfo;
use crate::api::quorum::QuorumService;
use crate::api::record::{MaskedRecord, RecordKey, RecordVersion, Stamp};
use crate::api::status::Membership;
use crate::instance::body::{self, Body, ClusterKeyRow, KeyMaterial, KeyRow, QuorumTokenRow, UserRow};
use crate::records::{Done, Kept};
use crate::token::Token;

/// So many mutations are remembered, so that asking again gives the same answer.
const OPERATIONS_MAX: usize = 4096;

/// The state of an HSM.
#[derive(Default)]
pub(crate) struct Mind {
    pub(crate) membership: Option<Membership>,
    /// The membership of an HSM whose token lost the masking key, and that knows nothing else of itself.
    pub(crate) bereft: Option<Membership>,
    /// The highest counter of any record seen.
    counter: u64,
    records: BTreeMap<RecordKey, MaskedRecord>,
    pub(crate) keys: BTreeMap<KeyHandle, KeyRow>,
    pub(crate) users: BTreeMap<UserName, UserRow>,
    pub(crate) quorum: BTreeMap<QuorumService, u8>,
    pub(crate) tokens: BTreeMap<(QuorumService, UserName), QuorumTokenRow>,
    pub(crate) cluster_key: Option<ClusterKeyRow>,
    pub(crate) failures: BTreeMap<UserName, u32>,
    operations: HashMap<OperationId, Done>,
    order: BTreeMap<u64, OperationId>,
    sum: [u8; 32],
}

impl Mind {
    /// What was kept, which can't be opened.
    pub(crate) fn bereft(membership: Membership) -> Self {
        Self { bereft: Some(membership), ..Self::default() }
    }

    /// What was kept, opened.
    pub(crate) fn of(kept: Kept, token: &dyn Token) -> Result<Self, HsmError> {
        let mut mind = Self { membership: kept.membership, ..Self::default() };
        for record in kept.records {
            let body = body::open(token, &record)?;
            mind.apply(record, body);
        }
        mind.failures.extend(kept.failures);
        for done in kept.operations {
            mind.remember(done);
        }
        Ok(mind)
    }

    /// The version of the next record that this HSM writes.
    pub(crate) fn next_version(&self, origin: HsmSerial) -> RecordVersion {
        RecordVersion { counter: self.counter + 1, origin }
    }

    /// Whether a record takes the place of what is there.
    pub(crate) fn is_won_by(&self, stamp: &Stamp) -> bool {
        self.records.get(&stamp.key).is_none_or(|held| stamp.supersedes(&held.stamp))
    }

    /// Whether there is, or was, such a thing.
    pub(crate) fn knows(&self, key: &RecordKey) -> bool {
        self.records.contains_key(key)
    }

    /// Puts a record in, in place of what was there.
    pub(crate) fn apply(&mut self, record: MaskedRecord, body: Body) {
        self.counter = self.counter.max(record.stamp.version.counter);
        self.put(&record.stamp.key, body);
        self.add_to_sum(&record.stamp);
        if let Some(old) = self.records.insert(record.stamp.key.clone(), record) {
            self.add_to_sum(&old.stamp);
        }
    }

    fn put(&mut self, key: &RecordKey, body: Body) {
        match (key, body) {
            (RecordKey::Key(handle), Body::KeyV1(row)) => drop(self.keys.insert(*handle, row)),
            (RecordKey::Key(handle), _) => drop(self.keys.remove(handle)),
            (RecordKey::User(name), Body::UserV1(row)) => drop(self.users.insert(name.clone(), row)),
            (RecordKey::User(name), _) => drop(self.users.remove(name)),
            (RecordKey::Quorum(service), Body::QuorumV1(value)) => drop(self.quorum.insert(*service, value)),
            (RecordKey::Quorum(service), _) => drop(self.quorum.remove(service)),
            (RecordKey::QuorumToken(service, user), body) => {
                let place = (*service, user.clone());
                match body {
                    Body::QuorumTokenV1(row) => drop(self.tokens.insert(place, row)),
                    _ => drop(self.tokens.remove(&place)),
                }
            }
            (RecordKey::ClusterKey, Body::ClusterKeyV1(row)) => self.cluster_key = Some(row),
            (RecordKey::ClusterKey, _) => self.cluster_key = None,
        }
    }

    /// The counts of failed logins that end with these records: whoever gets a new PIN may try again, whoever goes takes them along.
    pub(crate) fn forgiven(&self, records: &[(MaskedRecord, Body)]) -> Vec<(UserName, u32)> {
        let is_forgiven = |name: &UserName, body: &Body| match body {
            Body::UserV1(row) => self.users.get(name).is_none_or(|old| old.pin != row.pin),
            _ => true,
        };
        let users = records.iter().filter_map(|(record, body)| match &record.stamp.key {
            RecordKey::User(name) if is_forgiven(name, body) => Some((name.clone(), 0)),
            _ => None,
        });
        users.collect()
    }

    /// The sum is an exclusive or, so that putting in and taking out are the same.
    fn add_to_sum(&mut self, stamp: &Stamp) {
        let bytes = postcard::to_allocvec(stamp).unwrap_or_default();
        let hash = digest::digest(&digest::SHA256, &bytes);
        self.sum.iter_mut().zip(hash.as_ref()).for_each(|(sum, byte)| *sum ^= byte);
    }

    /// A sum over all stamps.
    pub(crate) fn sum(&self) -> [u8; 32] {
        self.sum
    }

    /// All stamps, in order of their keys.
    pub(crate) fn stamps(&self) -> Vec<Stamp> {
        self.records.values().map(|record| record.stamp.clone()).collect()
    }

    /// All records.
    pub(crate) fn all_records(&self) -> impl Iterator<Item = &MaskedRecord> {
        self.records.values()
    }

    /// These records, as far as they are there.
    pub(crate) fn records(&self, keys: &[RecordKey]) -> Vec<MaskedRecord> {
        keys.iter().filter_map(|key| self.records.get(key).cloned()).collect()
    }

    /// The place of the next operation in the order, and which are to be forgotten for it.
    pub(crate) fn next_order(&self) -> (u64, Vec<u64>) {
        let next = self.order.last_key_value().map_or(0, |(order, _)| order + 1);
        let surplus = (self.order.len() + 1).saturating_sub(OPERATIONS_MAX);
        (next, self.order.keys().take(surplus).copied().collect())
    }

    /// Remembers a mutation that was done.
    pub(crate) fn remember(&mut self, done: Done) {
        if let Some(before) = self.operations.get(&done.operation) {
            self.order.remove(&before.order);
        }
        self.order.insert(done.order, done.operation);
        self.operations.insert(done.operation, done);
    }

    /// Forgets mutations, by their order.
    pub(crate) fn forget(&mut self, orders: &[u64]) {
        for order in orders {
            if let Some(operation) = self.order.remove(order) {
                self.operations.remove(&operation);
            }
        }
    }

    /// A mutation that was done already, and stands: one whose records were written over by others, because nobody had heard of it, is
    /// to be done again.
    pub(crate) fn standing(&self, operation: &OperationId) -> Option<&Done> {
        let is_there = |done: &Done, key: &RecordKey| {
            let stamp = self.records.get(key).map(|record| &record.stamp);
            stamp.is_some_and(|stamp| stamp.is_final() || Some(stamp.version) == done.version)
        };
        let stands = |done: &&Done| {
            done.version.is_none() || !done.made.is_empty() || done.keys.iter().all(|key| is_there(done, key))
        };
        self.done(operation).filter(stands)
    }

    /// A mutation that was done already.
    pub(crate) fn done(&self, operation: &OperationId) -> Option<&Done> {
        self.operations.get(operation)
    }
}

/// A key as it is shown.
pub(crate) fn info(handle: KeyHandle, row: &KeyRow) -> KeyInfo {
    KeyInfo {
        handle,
        attributes: row.attributes.clone(),
        owner: row.owner.clone(),
        shared_with: row.shared_with.iter().cloned().collect(),
        public_key: match &row.material {
            KeyMaterial::Public(spki) => Some(spki.clone()),
            KeyMaterial::Masked { .. } => None,
        },
    }
}
