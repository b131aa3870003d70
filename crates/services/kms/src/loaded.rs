//! A key as operations meet it: its row decoded, its policy compiled, its tokens bound to its own name.
//!
//! Made once for each revision of a row and kept in a cache, so that the hot operations parse nothing.

use std::sync::{Arc, Mutex, PoisonError};

use keyward_base::{AccountId, Fault, Timestamp};
use keyward_gate::{Check, Judge};
use keyward_hsm::KeyHandle;
use keyward_policy::{ConditionValues, Flavour, Policy};
use keyward_schema::kms::{KeyMetadata, KeyState};
use keyward_store::{Key, Revision, Row};
use keyward_vault::{Ekt, KeyBinding, KeyOrigin, KeyOwner, KeyRef, KeySpec, KeyUsage, MaterialId};
use lru::LruCache;

use crate::grant::KeyGrants;
use crate::key::{Backing, CustomKeyStoreId, KeyArn, KeyRecord, MultiRegion, Profile, Source, metadata};
use crate::keystore::{Connection, FoundStore};
use crate::material::no_recipient;
use crate::rows;
use crate::usage::UseCell;
use crate::{family, fault};

/// How many keys are kept ready.
const READY_KEYS_MAX: std::num::NonZeroUsize = match std::num::NonZeroUsize::new(16_384) {
    Some(number) => number,
    None => std::num::NonZeroUsize::MIN,
};

/// A key that is ready to be judged and used.
#[derive(Debug)]
pub(crate) struct LoadedKey {
    /// Its name, from the place of its row.
    pub(crate) arn: KeyArn,
    /// The name's text.
    pub(crate) arn_text: Arc<str>,
    /// What is stored of it.
    pub(crate) record: KeyRecord,
    policy: Arc<Policy>,
    conditions: Arc<ConditionValues>,
    materials: Vec<KeyRef>,
    grants: Arc<KeyGrants>,
    /// Its last use, shared with its forms of other revisions.
    pub(crate) usage: Arc<UseCell>,
    /// When the first of its materials expires; from then on this is the key no more.
    lapses: Option<Timestamp>,
    /// What is known of the custom key store that it is in.
    store: Option<InStore>,
}

/// A key's custom key store, as far as it shows in the key.
#[derive(Clone, Debug)]
struct InStore {
    revision: Revision,
    connected: bool,
    cluster_id: String,
}

impl LoadedKey {
    /// Makes the key at `arn` ready from its record.
    pub(crate) fn new(arn: KeyArn, record: KeyRecord) -> Result<Self, Fault> {
        let policy = compile(&record)?;
        let conditions = Arc::new(conditions(&arn, &record));
        let arn_text = arn.to_string().into();
        let materials = record.materials.iter().filter_map(|material| {
            let token = material.token().cloned()?;
            Some(bind(&arn, &record, material.id, token))
        });
        let materials = materials.collect();
        let grants = Arc::new(KeyGrants { arn: arn.clone(), child: None });
        let lapses = record.next_expiry();
        let policy = Arc::new(policy);
        let usage = UseCell::new(arn.clone());
        Ok(Self { arn, arn_text, policy, conditions, materials, grants, usage, lapses, record, store: None })
    }

    /// The same key, in `store`.
    fn in_store(&self, store: &FoundStore) -> Result<Self, Fault> {
        let in_store = InStore {
            revision: store.revision,
            connected: store.record.connection == Connection::Connected,
            cluster_id: store.record.cluster_id.clone(),
        };
        let usage = Arc::clone(&self.usage);
        Ok(Self { store: Some(in_store), usage, ..Self::new(self.arn.clone(), self.record.clone())? })
    }

    /// Its state as the API shows it.
    pub(crate) fn state(&self) -> KeyState {
        self.record.lifecycle.shown_in_store(self.store.as_ref().is_none_or(|store| store.connected))
    }

    /// What `DescribeKey` shows of it.
    pub(crate) fn metadata(&self) -> Result<KeyMetadata, Fault> {
        let state = self.state();
        Ok(KeyMetadata {
            enabled: Some(state == KeyState::Enabled),
            key_state: Some(state),
            cloud_hsm_cluster_id: self.store.as_ref().map(|store| store.cluster_id.clone()),
            ..metadata(&self.arn, &self.record)?
        })
    }

    /// Whether operations of `profile` work on it now.
    pub(crate) fn admit(&self, profile: Profile) -> Result<(), Fault> {
        profile.admit(self.state()).map_err(|refusal| fault::refusal(&self.arn, refusal))
    }

    /// Whether it may be used for what `operation` does.
    pub(crate) fn check_usage(&self, usage: KeyUsage, operation: &str) -> Result<(), Fault> {
        if self.record.usage == usage {
            Ok(())
        } else {
            Err(fault::wrong_usage(&self.arn, self.record.usage, operation))
        }
    }

    /// Whether it can be rotated by plan: a symmetric encryption key whose material is made here.
    pub(crate) fn check_rotates_by_plan(&self) -> Result<(), Fault> {
        if self.record.origin() != KeyOrigin::AwsKms {
            return Err(fault::wrong_origin(&self.arn, self.record.origin()));
        }
        self.check_rotates()
    }

    /// Whether it leads its relatives: a replica's shared properties are its primary's.
    pub(crate) fn check_leads(&self) -> Result<(), Fault> {
        if self.record.is_replica() { Err(family::not_primary(&self.arn)) } else { Ok(()) }
    }

    /// Whether it can have more than one material: a symmetric encryption key of ours or of imported material.
    pub(crate) fn check_rotates(&self) -> Result<(), Fault> {
        if !matches!(self.record.origin(), KeyOrigin::AwsKms | KeyOrigin::External) {
            return Err(fault::wrong_origin(&self.arn, self.record.origin()));
        }
        if self.record.spec == KeySpec::SymmetricDefault { Ok(()) } else { Err(fault::not_rotatable()) }
    }

    /// The material that new ciphertexts and signatures are made with.
    pub(crate) fn current(&self) -> Result<&KeyRef, Fault> {
        let current = self.record.current().and_then(|material| self.material(material.id));
        current.ok_or_else(|| fault::internal("an enabled key has no current material"))
    }

    /// The cluster's key, where the material is in a custom key store.
    pub(crate) fn cluster_key(&self) -> Option<ClusterKeyRef<'_>> {
        let Source::CloudHsm(store) = &self.record.source else { return None };
        let material = self.record.current()?;
        let Backing::CloudHsm(key) = &material.backing else { return None };
        Some(ClusterKeyRef { store, handle: KeyHandle(key.reference), material_id: material.id })
    }

    /// The vault's token of the current material, which answering a recipient takes.
    pub(crate) fn in_vault(&self) -> Result<&KeyRef, Fault> {
        if self.cluster_key().is_some() { Err(no_recipient()) } else { self.current() }
    }

    /// The material with this id.
    pub(crate) fn material(&self, id: MaterialId) -> Option<&KeyRef> {
        self.materials.iter().find(|material| material.binding().material_id == id)
    }

    /// The permission to do `action` on it.
    pub(crate) fn check(&self, action: &'static str) -> Check {
        let judge = Judge::KeyPolicy(Arc::clone(&self.policy));
        let (arn, conditions) = (Arc::clone(&self.arn_text), Arc::clone(&self.conditions));
        Check::on(action, arn, self.arn.account, judge, conditions)
            .with_grants(Arc::<KeyGrants>::clone(&self.grants))
    }
}

/// The key's policy, with its principals by their unique ids.
fn compile(record: &KeyRecord) -> Result<Policy, Fault> {
    let mut policy = Policy::parse(&record.policy, Flavour::Resource).map_err(fault::internal)?;
    let bound = &record.bound_principals;
    policy.bind_principals(|name| bound.iter().find(|(arn, _)| arn == name).map(|(_, id)| id.clone()));
    Ok(policy)
}

/// A key's material where a CloudHSM cluster has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClusterKeyRef<'a> {
    /// The custom key store.
    pub(crate) store: &'a CustomKeyStoreId,
    /// What the cluster calls it.
    pub(crate) handle: KeyHandle,
    /// Its id.
    pub(crate) material_id: MaterialId,
}

/// A token bound to the key that its row belongs to: a token that was moved here from another key's row
/// does not fit.
pub(crate) fn bind(arn: &KeyArn, record: &KeyRecord, material_id: MaterialId, token: Ekt) -> KeyRef {
    KeyRef::new(token, binding(arn, record, material_id))
}

/// What a token of the key at `arn` is bound to: that key, or the keys of all Regions that share its id.
pub(crate) fn binding(arn: &KeyArn, record: &KeyRecord, material_id: MaterialId) -> KeyBinding {
    let owner = if arn.id.is_multi_region() {
        KeyOwner::MultiRegion {
            partition: arn.partition.clone(),
            account: arn.account,
            key_id: arn.id.to_string(),
        }
    } else {
        KeyOwner::Single(arn.to_string())
    };
    KeyBinding { owner, spec: record.spec, usage: record.usage, origin: record.origin(), material_id }
}

/// The condition keys that every operation on a key carries.
fn conditions(arn: &KeyArn, record: &KeyRecord) -> ConditionValues {
    let mut values = ConditionValues::new()
        .with("aws:ResourceAccount", arn.account.to_string())
        .with("kms:KeySpec", record.spec.as_str())
        .with("kms:CustomerMasterKeySpec", record.spec.as_str())
        .with("kms:KeyUsage", record.usage.as_str())
        .with("kms:CustomerMasterKeyUsage", record.usage.as_str())
        .with("kms:KeyOrigin", record.origin().as_str())
        .with("kms:MultiRegion", if record.multi_region == MultiRegion::No { "false" } else { "true" })
        .with_list("kms:ResourceAliases", record.aliases.iter().map(ToString::to_string));
    match record.multi_region {
        MultiRegion::No => {}
        MultiRegion::Primary { .. } => values.set("kms:MultiRegionKeyType", "PRIMARY"),
        MultiRegion::Replica { .. } => values.set("kms:MultiRegionKeyType", "REPLICA"),
    }
    for (key, value) in record.tags.iter() {
        values.set(format!("aws:ResourceTag/{key}"), value.to_owned());
    }
    values
}

/// Ready keys by the places of their rows.
pub(crate) struct KeyCache(Mutex<LruCache<Key, (Revision, Arc<LoadedKey>)>>);

impl KeyCache {
    /// An empty cache.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(READY_KEYS_MAX)))
    }

    /// The key in `row` as it is at `now`, made ready unless neither row nor material has changed since it
    /// last was: imported material is gone at the moment when it expires, whether or not a duty has looked.
    pub(crate) fn load(&self, arn: KeyArn, row: &Row, now: Timestamp) -> Result<Arc<LoadedKey>, Fault> {
        let mut usage = None;
        if let Some((revision, key)) = self.lock().get(&row.key) {
            if *revision == row.revision && key.lapses.is_none_or(|lapses| now < lapses) {
                return Ok(Arc::clone(key));
            }
            usage = Some(Arc::clone(&key.usage));
        }
        let mut record = rows::read_key(&row.value)?;
        record.expire(now);
        let mut key = LoadedKey::new(arn, record)?;
        key.usage = usage.unwrap_or(key.usage);
        let key = Arc::new(key);
        self.lock().put(row.key.clone(), (row.revision, Arc::clone(&key)));
        Ok(key)
    }

    /// The key in `row` as it is in `store`, made ready unless neither has changed since it last was.
    pub(crate) fn in_store(
        &self,
        row: &Row,
        key: Arc<LoadedKey>,
        store: &FoundStore,
    ) -> Result<Arc<LoadedKey>, Fault> {
        if key.store.as_ref().is_some_and(|known| known.revision == store.revision) {
            return Ok(key);
        }
        let key = Arc::new(key.in_store(store)?);
        self.lock().put(row.key.clone(), (row.revision, Arc::clone(&key)));
        Ok(key)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<Key, (Revision, Arc<LoadedKey>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The account whose resource the `*` of a request is.
pub(crate) fn whole_account(action: &'static str, account: AccountId) -> Check {
    Check::identity(action, "*", account)
}

#[cfg(test)]
mod tests {
    use keyward_store::Store;

    use super::*;
    use crate::testing::{House, place, region};

    async fn load(house: &House, text: &str) -> Arc<LoadedKey> {
        let row = house.store.get(&place(text)).await.unwrap().unwrap();
        let (account, region, id) = rows::parse_key(&row.key).unwrap();
        let arn = KeyArn { partition: "aws".parse().unwrap(), region, account, id };
        house.kms.keys.load(arn, &row, house.kms.clock.now()).unwrap()
    }

    #[tokio::test]
    async fn a_policy_is_compiled_once_for_each_revision_of_its_row() {
        let house = House::new().await;
        let arn = house.symmetric().await;
        let first = load(&house, &arn).await;
        assert!(Arc::ptr_eq(&first, &load(&house, &arn).await));
        house.rewrite(&arn, |record| record.description = "changed".to_owned()).await;
        let second = load(&house, &arn).await;
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(second.record.description, "changed");
        assert_eq!(second.arn.region, region());
    }
}
