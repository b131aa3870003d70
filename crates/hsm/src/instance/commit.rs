//! One change of the state: sealed, durable, applied; and the token's objects with it.
//!
//! The order makes every crash harmless. New objects go into the token first: if the commit does not happen they are in no record, and
//! go at the next start. Objects are removed from the token last: if that does not happen they go at the next start, too.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use crate::api::error::HsmError;
use crate::api::ids::{KeyHandle, OperationId, UserName};
use crate::api::record::{MaskedRecord, RecordKey, RecordVersion, Stamp};
use crate::api::status::Membership;
use crate::instance::body::{self, Body, KeyMaterial, KeyRow};
use crate::instance::mind::Mind;
use crate::instance::{Instance, birth, mutated};
use crate::protocol::answer::{Answer, Value};
use crate::records::{Batch, Done, Records, RecordsError};
use crate::token::{CLUSTER_KEY_HANDLE, Material, Token};

/// What a mutation wants to be so.
pub(crate) struct Change {
    pub(crate) drafts: Vec<(RecordKey, Body)>,
    pub(crate) value: Value,
}

/// Who asked for a mutation, and by what name.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) operation: OperationId,
    /// `None` for the activation, for which nobody is logged in.
    pub(crate) user: Option<UserName>,
}

/// The turn to change something.
pub(crate) type Turn<'a> = MutexGuard<'a, Records>;

impl Instance {
    /// Waits for the turn to change something.
    pub(crate) fn turn(&self) -> Result<Turn<'_>, HsmError> {
        let mut turn = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.is_doubtful() {
            // The last commit failed: what is on the disk decides.
            let mind = birth::wake(turn.reopen()?, &*self.token)?;
            *self.mind.write().unwrap_or_else(PoisonError::into_inner) = mind;
        }
        Ok(turn)
    }

    /// The answer of a mutation that was done before.
    pub(crate) fn done_before(&self, asked: &Asked) -> Result<Option<Answer>, HsmError> {
        let mind = self.mind();
        match mind.standing(&asked.operation) {
            None => Ok(None),
            Some(done) if done.user == asked.user => {
                Ok(Some(mutated(done.value.clone(), mind.records(&done.keys))))
            }
            Some(_) => Err(HsmError::NotPermitted),
        }
    }

    /// Makes a change that this HSM was asked for, unless that was done while this one waited for its turn.
    pub(crate) fn make(&self, turn: Turn<'_>, asked: Asked, change: Change) -> Result<Answer, HsmError> {
        if let Some(answer) = self.done_before(&asked)? {
            return Ok(answer);
        }
        let made = {
            let mind = self.mind();
            let new = change.drafts.iter().filter(|(key, _)| !mind.knows(key));
            new.filter_map(|(key, _)| if let RecordKey::Key(handle) = key { Some(*handle) } else { None })
                .collect()
        };
        let (order, forgotten, version) = {
            let mind = self.mind();
            let (order, mut forgotten) = mind.next_order();
            forgotten.extend(mind.done(&asked.operation).map(|before| before.order));
            (order, forgotten, mind.next_version(self.identity.serial))
        };
        let sealed = self.seal(change.drafts, version)?;
        let keys = sealed.iter().map(|(record, _)| record.stamp.key.clone()).collect();
        let value = change.value;
        let Asked { operation, user } = asked;
        let version = Some(version);
        let done = Done { order, operation, user, value: value.clone(), keys, version, made };
        let records = sealed.iter().map(|(record, _)| record.clone()).collect();
        let batch = Batch { done: Some(done), forgotten, ..Batch::default() };
        self.commit(turn, batch, sealed)?;
        Ok(mutated(value, records))
    }

    /// Deletes the keys that an operation made here, of which its asker never heard. One that was not done is noted as done, so that it never
    /// will be: it may be under way. The id is what allows it: 128 random bits that the asker made up, and has told this HSM alone.
    pub(crate) fn undo(&self, operation: OperationId) -> Result<Vec<MaskedRecord>, HsmError> {
        drop(self.member()?);
        let turn = self.turn()?;
        let (made, order, forgotten, version) = {
            let mind = self.mind();
            let is_there = |handle: &KeyHandle| mind.keys.contains_key(handle);
            let made = mind
                .done(&operation)
                .map(|done| done.made.iter().copied().filter(is_there).collect::<Vec<_>>());
            let (order, forgotten) = mind.next_order();
            (made, order, forgotten, mind.next_version(self.identity.serial))
        };
        let Some(made) = made else {
            let done = Done {
                order,
                operation,
                user: None,
                value: Value::Nothing,
                keys: vec![],
                version: None,
                made: vec![],
            };
            self.commit(turn, Batch { done: Some(done), forgotten, ..Batch::default() }, vec![])?;
            return Ok(Vec::new());
        };
        let drafts = made.into_iter().map(|handle| (RecordKey::Key(handle), Body::Tombstone));
        let sealed = self.seal(drafts.collect(), version)?;
        let records = sealed.iter().map(|(record, _)| record.clone()).collect();
        if !sealed.is_empty() {
            self.commit(turn, Batch::default(), sealed)?;
        }
        Ok(records)
    }

    /// Seals drafts as records of one version.
    pub(crate) fn seal(
        &self,
        drafts: Vec<(RecordKey, Body)>,
        version: RecordVersion,
    ) -> Result<Vec<(MaskedRecord, Body)>, HsmError> {
        let seal = |(key, body): (RecordKey, Body)| {
            let stamp = Stamp { key, version, tombstone: matches!(body, Body::Tombstone) };
            body::seal(&*self.token, stamp, &body).map(|record| (record, body))
        };
        drafts.into_iter().map(seal).collect()
    }

    /// Makes records durable, and applies them with the rest of the batch.
    pub(crate) fn commit(
        &self,
        mut turn: Turn<'_>,
        mut batch: Batch,
        records: Vec<(MaskedRecord, Body)>,
    ) -> Result<(), HsmError> {
        let new = self.install(&records).inspect_err(|_| self.withdraw(&records))?;
        batch.records = records.iter().map(|(record, _)| record.clone()).collect();
        batch.failures.extend(self.mind().forgiven(&records));
        if let Err(error) = turn.commit(&batch) {
            // Whether it happened is found out at the next turn, which puts the token in order, too.
            new.iter().for_each(|handle| drop(self.token.remove(*handle)));
            return Err(error.into());
        }
        let users_change = records.iter().any(|(record, _)| matches!(record.stamp.key, RecordKey::User(_)));
        let gone = self.apply(batch, records);
        if users_change {
            self.close_sessions_of_the_gone();
        }
        for handle in gone {
            if let Err(error) = self.token.remove(handle) {
                tracing::warn!(?error, %handle, "a deleted key is still an object of the token");
            }
        }
        Ok(())
    }

    /// Brings the token's objects to what the records say, but for those that are to go. Gives the handles that are new.
    fn install(&self, records: &[(MaskedRecord, Body)]) -> Result<Vec<KeyHandle>, HsmError> {
        let mut new = Vec::new();
        for (record, body) in records {
            match (&record.stamp.key, body) {
                (RecordKey::Key(handle), Body::KeyV1(row)) => {
                    let known = self.mind().keys.contains_key(handle);
                    if known {
                        self.token.set_attributes(*handle, &row.attributes)?;
                    } else {
                        install_key(&*self.token, *handle, row)?;
                        new.push(*handle);
                    }
                }
                (RecordKey::ClusterKey, Body::ClusterKeyV1(row)) => {
                    install_cluster_key(&*self.token, row)?;
                }
                _ => {}
            }
        }
        Ok(new)
    }

    /// After half an installation: takes new objects out again, and puts old attributes back.
    fn withdraw(&self, records: &[(MaskedRecord, Body)]) {
        let mind = self.mind();
        for (record, _) in records {
            if let RecordKey::Key(handle) = &record.stamp.key {
                let outcome = match mind.keys.get(handle) {
                    Some(old) => self.token.set_attributes(*handle, &old.attributes),
                    None => self.token.remove(*handle),
                };
                if let Err(error) = outcome {
                    tracing::warn!(?error, %handle, "an object of the token is not as its record says");
                }
            }
        }
    }

    /// Applies what is durable. Gives the handles of keys that are gone.
    fn apply(&self, batch: Batch, records: Vec<(MaskedRecord, Body)>) -> Vec<KeyHandle> {
        let mut gone = Vec::new();
        let mut mind = self.mind.write().unwrap_or_else(PoisonError::into_inner);
        for (record, body) in records {
            if let (RecordKey::Key(handle), true) = (&record.stamp.key, record.stamp.tombstone) {
                gone.push(*handle);
            }
            mind.apply(record, body);
        }
        if batch.membership.is_some() {
            mind.membership = batch.membership;
        }
        for (user, count) in batch.failures {
            match count {
                0 => mind.failures.remove(&user),
                count => mind.failures.insert(user, count),
            };
        }
        mind.forget(&batch.forgotten);
        if let Some(done) = batch.done {
            mind.remember(done);
        }
        gone
    }

    /// Installs a key's object again; false when there is no such key. It has the turn, so that a key that is being deleted
    /// does not come back.
    pub(crate) fn restore_object(&self, key: KeyHandle) -> Result<bool, HsmError> {
        let _turn = self.turn()?;
        match self.mind().keys.get(&key) {
            Some(row) => install_key(&*self.token, key, row).map(|()| true),
            None => Ok(false),
        }
    }

    /// Keeps facts of this HSM alone.
    pub(crate) fn keep(&self, turn: Turn<'_>, batch: Batch) -> Result<(), HsmError> {
        self.commit(turn, batch, vec![])
    }

    /// Keeps a changed membership.
    pub(crate) fn keep_membership(&self, turn: Turn<'_>, membership: Membership) -> Result<(), HsmError> {
        self.keep(turn, Batch { membership: Some(membership), ..Batch::default() })
    }
}

/// Brings the token's objects in line with the records: after a crash, and in a token that keeps none.
pub(crate) fn reconcile(mind: &Mind, token: &dyn Token) -> Result<(), HsmError> {
    if mind.membership.is_none() {
        return Ok(());
    }
    let present: BTreeSet<_> = token.handles()?.into_iter().collect();
    for handle in present.iter().filter(|handle| !mind.keys.contains_key(handle)) {
        if *handle != CLUSTER_KEY_HANDLE {
            token.remove(*handle)?;
        }
    }
    for (handle, row) in &mind.keys {
        if present.contains(handle) {
            continue;
        }
        install_key(token, *handle, row)?;
    }
    match &mind.cluster_key {
        Some(row) if !present.contains(&CLUSTER_KEY_HANDLE) => install_cluster_key(token, row),
        _ => Ok(()),
    }
}

fn install_key(token: &dyn Token, handle: KeyHandle, row: &KeyRow) -> Result<(), HsmError> {
    let material = match &row.material {
        KeyMaterial::Masked { masked, .. } => Material::Masked(masked),
        KeyMaterial::Public(spki) => Material::Public(spki),
    };
    Ok(token.install(handle, &row.attributes, material)?)
}

fn install_cluster_key(token: &dyn Token, row: &body::ClusterKeyRow) -> Result<(), HsmError> {
    let attributes = crate::instance::birth::cluster_key_attributes();
    Ok(token.install(CLUSTER_KEY_HANDLE, &attributes, Material::Masked(&row.masked))?)
}

impl From<RecordsError> for HsmError {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Full => Self::Full,
            RecordsError::Failed(cause) => Self::Internal(cause),
        }
    }
}
