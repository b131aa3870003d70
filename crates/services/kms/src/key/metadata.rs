//! What `DescribeKey`, `CreateKey` and `GetPublicKey` show of a key.

use std::str::FromStr;

use keyward_base::{Fault, Region, Timestamp};
use keyward_schema::kms::{
    CustomerMasterKeySpec, EncapsulationAlgorithmSpec, EncryptionAlgorithmSpec, ExpirationModelType,
    KeyAgreementAlgorithmSpec, KeyManagerType, KeyMetadata, KeySpec as ShownSpec, KeyState, KeyUsageType,
    MacAlgorithmSpec, MultiRegionConfiguration, MultiRegionKey, MultiRegionKeyType, OriginType,
    SigningAlgorithmSpec,
};
use keyward_vault::{KeyOrigin, KeySpec, KeyUsage, MaterialId};

use super::id::KeyArn;
use super::record::{KeyRecord, MultiRegion};
use super::spec::KeyManager;
use super::state::Lifecycle;
use crate::fault;

/// The algorithms that a key supports: exactly the one list that matches its usage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyAlgorithms {
    /// For `ENCRYPT_DECRYPT`.
    pub(crate) encryption: Option<Vec<EncryptionAlgorithmSpec>>,
    /// For `SIGN_VERIFY`.
    pub(crate) signing: Option<Vec<SigningAlgorithmSpec>>,
    /// For `GENERATE_VERIFY_MAC`.
    pub(crate) mac: Option<Vec<MacAlgorithmSpec>>,
    /// For `KEY_AGREEMENT`.
    pub(crate) agreement: Option<Vec<KeyAgreementAlgorithmSpec>>,
    /// For `ENCAPSULATE_DECAPSULATE`.
    pub(crate) encapsulation: Option<Vec<EncapsulationAlgorithmSpec>>,
}

impl KeyAlgorithms {
    /// The algorithms of a key with this spec and usage, in the order in which AWS lists them.
    pub(crate) fn of(spec: KeySpec, usage: KeyUsage) -> Result<Self, Fault> {
        let mut lists = Self::default();
        match usage {
            KeyUsage::EncryptDecrypt => {
                lists.encryption = Some(shown_all(spec.encryption_algorithms().map(|one| one.as_str()))?);
            }
            KeyUsage::SignVerify => {
                lists.signing = Some(shown_all(spec.signing_algorithms().map(|one| one.as_str()))?);
            }
            KeyUsage::GenerateVerifyMac => {
                lists.mac = Some(shown_all(spec.mac_algorithms().map(|one| one.as_str()))?);
            }
            KeyUsage::KeyAgreement => lists.agreement = Some(vec![KeyAgreementAlgorithmSpec::Ecdh]),
            KeyUsage::EncapsulateDecapsulate => {
                lists.encapsulation = Some(vec![EncapsulationAlgorithmSpec::MlKem]);
            }
        }
        Ok(lists)
    }
}

/// A name of the vault's as the API's own enumeration.
pub(crate) fn shown<T>(name: &str) -> Result<T, Fault>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    name.parse().map_err(fault::internal)
}

fn shown_all<T>(names: impl Iterator<Item = &'static str>) -> Result<Vec<T>, Fault>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    names.map(shown).collect()
}

/// The spec under both of its names. The deprecated one lacks the newer specs.
pub(crate) fn shown_spec(spec: KeySpec) -> Result<(ShownSpec, Option<CustomerMasterKeySpec>), Fault> {
    Ok((shown(spec.as_str())?, spec.as_str().parse().ok()))
}

/// A key's metadata.
pub(crate) fn metadata(arn: &KeyArn, record: &KeyRecord) -> Result<KeyMetadata, Fault> {
    let (key_spec, customer_master_key_spec) = shown_spec(record.spec)?;
    let algorithms = KeyAlgorithms::of(record.spec, record.usage)?;
    let state = record.lifecycle.shown();
    let imported = record.origin() == KeyOrigin::External && record.has_material();
    Ok(KeyMetadata {
        aws_account_id: Some(arn.account.to_string()),
        key_id: arn.id.to_string(),
        arn: Some(arn.to_string()),
        creation_date: Some(record.created),
        enabled: Some(state == KeyState::Enabled),
        description: Some(record.description.clone()),
        key_usage: Some(shown::<KeyUsageType>(record.usage.as_str())?),
        key_state: Some(state),
        deletion_date: record.lifecycle.deletion_at(),
        valid_to: record.associated_expiry().filter(|_| imported),
        origin: Some(shown::<OriginType>(record.origin().as_str())?),
        custom_key_store_id: record.source.store().map(ToString::to_string),
        cloud_hsm_cluster_id: None,
        expiration_model: imported.then(|| expiration_model(record.associated_expiry())),
        key_manager: Some(match record.manager {
            KeyManager::Customer => KeyManagerType::Customer,
            KeyManager::Aws => KeyManagerType::Aws,
        }),
        customer_master_key_spec,
        key_spec: Some(key_spec),
        encryption_algorithms: algorithms.encryption,
        signing_algorithms: algorithms.signing,
        key_agreement_algorithms: algorithms.agreement,
        encapsulation_algorithms: algorithms.encapsulation,
        multi_region: Some(record.multi_region != MultiRegion::No),
        multi_region_configuration: match &record.multi_region {
            MultiRegion::Primary { replicas } => Some(relatives(arn, &arn.region, replicas)),
            // A replica's relatives are known to its primary (`family`).
            MultiRegion::No | MultiRegion::Replica { .. } => None,
        },
        pending_deletion_window_in_days: record.lifecycle.pending_window_days().map(Into::into),
        mac_algorithms: algorithms.mac,
        xks_key_configuration: None,
        current_key_material_id: shown_material(record),
    })
}

/// `MultiRegionConfiguration` of the key at `arn`.
pub(crate) fn relatives(arn: &KeyArn, primary: &Region, replicas: &[Region]) -> MultiRegionConfiguration {
    let relative = |region: &Region| MultiRegionKey {
        arn: Some(arn.twin(region).to_string()),
        region: Some(region.to_string()),
    };
    let kind = if arn.region == *primary { MultiRegionKeyType::Primary } else { MultiRegionKeyType::Replica };
    MultiRegionConfiguration {
        multi_region_key_type: Some(kind),
        primary_key: Some(relative(primary)),
        replica_keys: Some(replicas.iter().map(relative).collect()),
    }
}

/// The expiration model of material that expires then.
pub(crate) const fn expiration_model(valid_to: Option<Timestamp>) -> ExpirationModelType {
    match valid_to {
        Some(_) => ExpirationModelType::KeyMaterialExpires,
        None => ExpirationModelType::KeyMaterialDoesNotExpire,
    }
}

/// `CurrentKeyMaterialId` and its like: only symmetric keys of ours and imported ones show it.
pub(crate) fn shown_material(record: &KeyRecord) -> Option<String> {
    let rotates = record.spec == KeySpec::SymmetricDefault
        && matches!(record.origin(), KeyOrigin::AwsKms | KeyOrigin::External);
    let there = record.lifecycle != Lifecycle::Creating;
    record.current().filter(|_| rotates && there).map(|material| material.id.to_string())
}

/// The id of the material that decrypted something, where the key shows one.
pub(crate) fn shown_source_material(record: &KeyRecord, material: MaterialId) -> Option<String> {
    shown_material(record).map(|_| material.to_string())
}
