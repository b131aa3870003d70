//! The API: one operation, one file.

mod cancel_key_deletion;
mod connect_custom_key_store;
mod create_alias;
mod create_custom_key_store;
mod create_grant;
mod create_key;
mod decapsulate;
mod decrypt;
mod delete_alias;
mod delete_custom_key_store;
mod delete_imported_key_material;
mod derive_shared_secret;
mod describe_custom_key_stores;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
mod disconnect_custom_key_store;
mod enable_key;
mod enable_key_rotation;
mod encapsulate;
mod encrypt;
mod generate_data_key;
mod generate_data_key_pair;
mod generate_data_key_pair_without_plaintext;
mod generate_data_key_without_plaintext;
mod generate_mac;
mod generate_random;
mod get_key_last_usage;
mod get_key_policy;
mod get_key_rotation_status;
mod get_parameters_for_import;
mod get_public_key;
mod import_key_material;
mod list_aliases;
mod list_grants;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod list_retirable_grants;
mod put_key_policy;
mod re_encrypt;
mod replicate_key;
mod retire_grant;
mod revoke_grant;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod sign;
mod tag_resource;
mod untag_resource;
mod update_alias;
mod update_custom_key_store;
mod update_key_description;
mod update_primary_region;
mod verify;
mod verify_mac;

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Check, Principal, RequestContext, Router, RunError, View};
use keyward_store::Txn;

use crate::grant::{Constraints, GrantId, GrantPlaces, GrantRecord, GrantRow, counted, no_such_grant};
use crate::key::{KeyArn, KeyRecord};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::resolve::{Access, Target};
use crate::{fault, rows};

macro_rules! register_all {
    ($router:ident, $kms:ident: $($operation:path,)+) => {
        $($router.register::<$operation>(Arc::clone($kms));)+
    };
}

/// Registers every operation that KMS serves.
pub fn register(router: &mut Router, kms: &Arc<Kms>) {
    register_all! { router, kms:
        cancel_key_deletion::CancelKeyDeletion,
        connect_custom_key_store::ConnectCustomKeyStore,
        create_alias::CreateAlias,
        create_custom_key_store::CreateCustomKeyStore,
        create_grant::CreateGrant,
        create_key::CreateKey,
        decapsulate::Decapsulate,
        decrypt::Decrypt,
        delete_alias::DeleteAlias,
        delete_custom_key_store::DeleteCustomKeyStore,
        delete_imported_key_material::DeleteImportedKeyMaterial,
        derive_shared_secret::DeriveSharedSecret,
        describe_custom_key_stores::DescribeCustomKeyStores,
        describe_key::DescribeKey,
        disable_key::DisableKey,
        disable_key_rotation::DisableKeyRotation,
        disconnect_custom_key_store::DisconnectCustomKeyStore,
        enable_key::EnableKey,
        enable_key_rotation::EnableKeyRotation,
        encapsulate::Encapsulate,
        encrypt::Encrypt,
        generate_data_key::GenerateDataKey,
        generate_data_key_pair::GenerateDataKeyPair,
        generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext,
        generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext,
        generate_mac::GenerateMac,
        generate_random::GenerateRandom,
        get_key_last_usage::GetKeyLastUsage,
        get_key_policy::GetKeyPolicy,
        get_key_rotation_status::GetKeyRotationStatus,
        get_parameters_for_import::GetParametersForImport,
        get_public_key::GetPublicKey,
        import_key_material::ImportKeyMaterial,
        list_aliases::ListAliases,
        list_grants::ListGrants,
        list_key_policies::ListKeyPolicies,
        list_key_rotations::ListKeyRotations,
        list_keys::ListKeys,
        list_resource_tags::ListResourceTags,
        list_retirable_grants::ListRetirableGrants,
        put_key_policy::PutKeyPolicy,
        re_encrypt::ReEncrypt,
        replicate_key::ReplicateKey,
        retire_grant::RetireGrant,
        revoke_grant::RevokeGrant,
        rotate_key_on_demand::RotateKeyOnDemand,
        schedule_key_deletion::ScheduleKeyDeletion,
        sign::Sign,
        tag_resource::TagResource,
        untag_resource::UntagResource,
        update_alias::UpdateAlias,
        update_custom_key_store::UpdateCustomKeyStore,
        update_key_description::UpdateKeyDescription,
        update_primary_region::UpdatePrimaryRegion,
        verify::Verify,
        verify_mac::VerifyMac,
    }
}

/// Adds to `txn` that `key`'s row is written with what `change` makes of it.
fn changed_key(txn: Txn, key: &LoadedKey, change: impl FnOnce(&mut KeyRecord)) -> Result<Txn, Fault> {
    let mut record = key.record.clone();
    change(&mut record);
    let place = rows::key(key.arn.account, &key.arn.region, &key.arn.id);
    Ok(txn.put(place, rows::write_key(record)?))
}

/// Writes `key`'s row with what `change` makes of it.
async fn change_key(
    kms: &Kms,
    txn: Txn,
    key: &LoadedKey,
    change: impl FnOnce(&mut KeyRecord),
) -> Result<(), RunError> {
    kms.store.txn(changed_key(txn, key, change)?).await?;
    Ok(())
}

/// The key that an alias is to point to; another alias is none.
async fn alias_target(
    kms: &Kms,
    request: &RequestContext,
    view: &mut View<'_>,
    access: &Access,
    text: &str,
) -> Result<Target, Fault> {
    if text.starts_with("alias/") || text.contains(":alias/") {
        return Err(fault::validation("Aliases must refer to keys. Not aliases"));
    }
    kms.find(request, view, access, text).await
}

/// Whether `key` can have one more alias.
fn check_alias_count(kms: &Kms, key: &LoadedKey) -> Result<(), Fault> {
    let most = kms.quotas.aliases_per_key;
    if u32::try_from(key.record.aliases.len()).is_ok_and(|count| count < most) {
        return Ok(());
    }
    Err(fault::limit_exceeded(format!("{} has {most} aliases, which is the limit.", key.arn)))
}

/// A grant's id, or `InvalidGrantIdException`.
fn grant_id(text: &str) -> Result<GrantId, Fault> {
    let malformed = || Fault::caller("InvalidGrantIdException", format!("Invalid grant ID '{text}'"));
    GrantId::parse(text).ok_or_else(malformed)
}

/// A grant that is to be removed.
#[derive(Clone)]
pub(crate) struct FoundGrant {
    id: GrantId,
    record: GrantRecord,
    /// How many the key has.
    count: u32,
}

impl FoundGrant {
    /// Removes it in `txn`.
    fn remove(&self, txn: Txn, arn: &KeyArn) -> Result<Txn, Fault> {
        let places = GrantPlaces(arn);
        let txn = places.remove(txn, &self.id, &self.record)?;
        places.set_count(txn, self.count.saturating_sub(1))
    }
}

/// The grant `id` on the key at `arn`.
async fn find_grant(view: &mut View<'_>, arn: &KeyArn, id: GrantId) -> Result<FoundGrant, Fault> {
    let places = GrantPlaces(arn);
    let Some(row) = view.get(&places.grant(&id)).await? else { return Err(no_such_grant(&id)) };
    let GrantRow::V1(record) = rows::decode(&row.value)?;
    let count = counted(view.get(&places.count()).await?.as_ref())?;
    Ok(FoundGrant { id, record, count })
}

/// `kms:GrantIsForAWSResource`: whether a service calls.
fn for_aws_resource(request: &RequestContext) -> &'static str {
    let service = matches!(request.caller.principal(), Principal::Service(_)) || request.is_via_service();
    if service { "true" } else { "false" }
}

/// The condition keys of a grant's constraints.
fn with_grant_constraints(mut check: Check, constraints: &Constraints) -> Check {
    let Constraints { equals, subset, .. } = constraints;
    let kind = match (equals, subset) {
        (Some(_), _) => "EncryptionContextEquals",
        (None, Some(_)) => "EncryptionContextSubset",
        (None, None) => return check,
    };
    let pairs = || equals.iter().chain(subset).flatten();
    for (key, value) in pairs() {
        check.conditions.set(format!("kms:EncryptionContext:{key}"), value.clone());
    }
    check.conditions.set_list("kms:EncryptionContextKeys", pairs().map(|(key, _)| key.clone()));
    check.with("kms:GrantConstraintType", kind)
}
