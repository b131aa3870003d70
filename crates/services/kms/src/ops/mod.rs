//! The API: one operation, one file.

mod cancel_key_deletion;
mod create_alias;
mod create_key;
mod decapsulate;
mod decrypt;
mod delete_alias;
mod derive_shared_secret;
mod describe_key;
mod disable_key;
mod disable_key_rotation;
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
mod get_key_policy;
mod get_key_rotation_status;
mod get_public_key;
mod list_aliases;
mod list_key_policies;
mod list_key_rotations;
mod list_keys;
mod list_resource_tags;
mod put_key_policy;
mod re_encrypt;
mod rotate_key_on_demand;
mod schedule_key_deletion;
mod sign;
mod tag_resource;
mod untag_resource;
mod update_alias;
mod update_key_description;
mod verify;
mod verify_mac;

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{RequestContext, Router, RunError, View};
use keyward_store::Txn;

use crate::alias::ALIASES_MAX;
use crate::key::{KeyRecord, KeyRow};
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
        create_alias::CreateAlias,
        create_key::CreateKey,
        decapsulate::Decapsulate,
        decrypt::Decrypt,
        delete_alias::DeleteAlias,
        derive_shared_secret::DeriveSharedSecret,
        describe_key::DescribeKey,
        disable_key::DisableKey,
        disable_key_rotation::DisableKeyRotation,
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
        get_key_policy::GetKeyPolicy,
        get_key_rotation_status::GetKeyRotationStatus,
        get_public_key::GetPublicKey,
        list_aliases::ListAliases,
        list_key_policies::ListKeyPolicies,
        list_key_rotations::ListKeyRotations,
        list_keys::ListKeys,
        list_resource_tags::ListResourceTags,
        put_key_policy::PutKeyPolicy,
        re_encrypt::ReEncrypt,
        rotate_key_on_demand::RotateKeyOnDemand,
        schedule_key_deletion::ScheduleKeyDeletion,
        sign::Sign,
        tag_resource::TagResource,
        untag_resource::UntagResource,
        update_alias::UpdateAlias,
        update_key_description::UpdateKeyDescription,
        verify::Verify,
        verify_mac::VerifyMac,
    }
}

/// Adds to `txn` that `key`'s row is written with what `change` makes of it.
fn changed_key(txn: Txn, key: &LoadedKey, change: impl FnOnce(&mut KeyRecord)) -> Result<Txn, Fault> {
    let mut record = key.record.clone();
    change(&mut record);
    let place = rows::key(key.arn.account, &key.arn.region, &key.arn.id);
    Ok(txn.put(place, rows::encode(&KeyRow::V1(record))?))
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
fn check_alias_count(key: &LoadedKey) -> Result<(), Fault> {
    if key.record.aliases.len() < ALIASES_MAX {
        return Ok(());
    }
    Err(fault::limit_exceeded(format!("{} has {ALIASES_MAX} aliases, which is the limit.", key.arn)))
}
