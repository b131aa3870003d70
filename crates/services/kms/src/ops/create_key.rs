//! `CreateKey`: makes a key with material of its own, in the vault or in the cluster of a custom key store.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{CreateKey as Shape, CreateKeyRequest, CreateKeyResponse, Tag};
use keyward_store::TxnError;
use keyward_vault::{KeyOrigin, KeySpec};

use crate::fault;
use crate::key::{
    KeyArn, KeyId, KeyKind, KeyManager, KeyRecord, Lifecycle, MaterialState, MultiRegion, Source, Tags,
    check_region, default_policy, metadata, shown,
};
use crate::keystore::{NamedStore, places};
use crate::kms::Kms;
use crate::loaded::whole_account;
use crate::quota;
use crate::resolve::arn;
use crate::{policy, rows};

/// The operation.
pub(crate) struct CreateKey;

/// The key that is to be made: everything but its material.
pub(crate) struct NewKey {
    arn: KeyArn,
    record: KeyRecord,
    /// The custom key store that it is to be in.
    store: Option<NamedStore>,
}

impl Operation for CreateKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NewKey;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::CREATE_KEY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &CreateKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(NewKey, Vec<Check>), Fault> {
        let kind = kind(input)?;
        check_region(kind.spec, "KeySpec", &request.partition, &request.region)?;
        let tags = tags(input.tags.as_deref())?;
        let multi_region = input.multi_region == Some(true);
        let id =
            if multi_region { KeyId::random_multi_region(&*kms.random) } else { KeyId::random(&*kms.random) };
        let arn = arn(request, request.account(), id);
        let checks = checks(request, input, kind, &arn);
        let store = match &input.custom_key_store_id {
            Some(id) => Some(kms.find_store(request, view, id).await?),
            None => None,
        };
        let (source, lifecycle) = match kind.origin {
            KeyOrigin::External => (Source::External, Lifecycle::PendingImport),
            _ => (Source::Vault, Lifecycle::Enabled),
        };
        let record = KeyRecord {
            spec: kind.spec,
            usage: kind.usage,
            source,
            manager: KeyManager::Customer,
            created: request.now,
            description: input.description.clone().unwrap_or_default(),
            lifecycle,
            multi_region: if multi_region {
                MultiRegion::Primary { replicas: Vec::new() }
            } else {
                MultiRegion::No
            },
            policy: default_policy(&arn.partition, arn.account),
            bound_principals: Vec::new(),
            tags,
            aliases: Vec::new(),
            materials: Vec::new(),
        };
        Ok((NewKey { arn, record, store }, checks))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<CreateKeyResponse, RunError> {
        let (input, NewKey { arn, record, store }) = (permit.input(), permit.subject());
        let mut record = record.clone();
        // The default policy is not asked whether it locks its maker out: kms:CreateKey includes it.
        if let Some(text) = &input.policy {
            policy::put(kms, permit.request(), arn, &mut record, (text, bypasses(input))).await?;
        }
        let txn = kms.count_key(permit.txn(), arn).await?;
        let store = store.as_ref().map(NamedStore::get).transpose()?;
        if let Some(store) = store {
            record.source = Source::CloudHsm(store.id.clone());
        }
        let material = match (&record.source, store) {
            (Source::External, _) => None,
            (_, Some(store)) => Some(kms.make_in_store(store, arn).await?),
            (_, None) => Some(kms.make_in_vault(arn, &record, MaterialState::Current).await?),
        };
        record.materials.extend(material.clone());
        let mut key_metadata = metadata(arn, &record)?;
        key_metadata.cloud_hsm_cluster_id = store.map(|store| store.record.cluster_id.clone());
        let mut txn = txn
            .create(rows::key(arn.account, &arn.region, &arn.id), rows::write_key(record)?)
            .create(rows::owner(&arn.region, &arn.id), rows::encode(&rows::OwnerRow::V1(arn.account))?);
        if let Some(store) = store {
            txn = txn.create(places(permit.request()).key(&store.id, &arn.id), Vec::new());
        }
        let written = kms.store.txn(txn).await;
        if let (Err(TxnError::Conflict), Some(store), Some(material)) = (&written, store, &material) {
            kms.unmake_in_store(store, material).await;
        }
        written?;
        Ok(CreateKeyResponse { key_metadata: Some(key_metadata) })
    }
}

fn bypasses(input: &CreateKeyRequest) -> bool {
    input.bypass_policy_lockout_safety_check == Some(true)
}

/// What kind of key is asked for.
fn kind(input: &CreateKeyRequest) -> Result<KeyKind, Fault> {
    let deprecated = input.customer_master_key_spec.map(|spec| spec.as_str());
    let spec = match (input.key_spec.map(|spec| spec.as_str()), deprecated) {
        (Some(spec), Some(deprecated)) if spec != deprecated => {
            let message = "KeySpec and CustomerMasterKeySpec name different key specs. \
                           CustomerMasterKeySpec is deprecated; use KeySpec.";
            return Err(fault::validation(message));
        }
        (Some(spec), _) | (None, Some(spec)) => shown::<KeySpec>(spec)?,
        (None, None) => KeySpec::SymmetricDefault,
    };
    let usage = input.key_usage.map(|usage| shown(usage.as_str())).transpose()?;
    let origin = input.origin.map_or(Ok(KeyOrigin::AwsKms), |origin| shown(origin.as_str()))?;
    check_origin(input, origin)?;
    KeyKind::new(spec, usage, origin)
}

/// A custom key store goes with its origin, and an external key with its own.
fn check_origin(input: &CreateKeyRequest, origin: KeyOrigin) -> Result<(), Fault> {
    let in_store = matches!(origin, KeyOrigin::AwsCloudHsm | KeyOrigin::ExternalKeyStore);
    if input.custom_key_store_id.is_some() != in_store {
        let message = "CustomKeyStoreId is required for, and only valid with, an Origin of AWS_CLOUDHSM or \
                       EXTERNAL_KEY_STORE.";
        return Err(fault::validation(message));
    }
    if in_store && input.multi_region == Some(true) {
        return Err(fault::unsupported("A multi-Region key cannot be in a custom key store."));
    }
    if input.xks_key_id.is_some() != (origin == KeyOrigin::ExternalKeyStore) {
        let message = "XksKeyId is required for, and only valid with, an Origin of EXTERNAL_KEY_STORE.";
        return Err(fault::validation(message));
    }
    Ok(())
}

/// The tags of a new key.
pub(super) fn tags(given: Option<&[Tag]>) -> Result<Tags, Fault> {
    let given = given.into_iter().flatten();
    Tags::new(given.map(|tag| (tag.tag_key.clone(), tag.tag_value.clone())))
}

/// `kms:CreateKey`, for whoever makes a key.
pub(super) fn check_create(request: &RequestContext, kind: KeyKind, bypass: bool) -> Check {
    whole_account("kms:CreateKey", request.account())
        .with("kms:KeySpec", kind.spec.as_str())
        .with("kms:CustomerMasterKeySpec", kind.spec.as_str())
        .with("kms:KeyUsage", kind.usage.as_str())
        .with("kms:CustomerMasterKeyUsage", kind.usage.as_str())
        .with("kms:KeyOrigin", kind.origin.as_str())
        .with("kms:CallerAccount", request.account().to_string())
        .with("kms:BypassPolicyLockoutSafetyCheck", if bypass { "true" } else { "false" })
}

/// `kms:CreateKey`, and `kms:TagResource` on the new key where tags are given.
fn checks(request: &RequestContext, input: &CreateKeyRequest, kind: KeyKind, arn: &KeyArn) -> Vec<Check> {
    let tags = input.tags.as_deref().unwrap_or_default();
    let multi_region = arn.id.is_multi_region();
    let create = check_create(request, kind, bypasses(input))
        .with("kms:MultiRegion", if multi_region { "true" } else { "false" });
    let create = if multi_region { create.with("kms:MultiRegionKeyType", "PRIMARY") } else { create };
    let create = super::tag_resource::with_request_tags(create, tags);
    if tags.is_empty() {
        return vec![create];
    }
    let tag = Check::identity("kms:TagResource", arn.to_string(), arn.account);
    vec![create, super::tag_resource::with_request_tags(tag, tags)]
}

#[cfg(test)]
mod tests;
