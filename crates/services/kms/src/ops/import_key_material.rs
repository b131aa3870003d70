//! `ImportKeyMaterial`: brings a key's material in from outside, for the first time or again.

use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    ExpirationModelType, ImportKeyMaterial as Shape, ImportKeyMaterialRequest, ImportKeyMaterialResponse,
    ImportType,
};
use keyward_vault::ImportedKey;

use crate::family::Family;
use crate::fault;
use crate::import::{
    ImportToken, check_origin, expired_token, import_binding, import_fault, invalid_token, refused_material,
    write_materials,
};
use crate::key::{ImportKind, Incoming, KeyRecord, Profile, shown};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:ImportKeyMaterial");

/// How far ahead material may expire.
const VALID_MAX: Duration = Duration::from_secs(365 * 86_400);

/// The operation.
pub(crate) struct ImportKeyMaterial;

impl Operation for ImportKeyMaterial {
    type Shape = Shape;
    type Service = Kms;
    type Subject = (Target, Option<Family>);
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::IMPORT_KEY_MATERIAL);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ImportKeyMaterialRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let model = input.expiration_model.unwrap_or(ExpirationModelType::KeyMaterialExpires);
        let mut check = target.check(&ACCESS).with("kms:ExpirationModel", model.as_str());
        if let Some(valid_to) = input.valid_to {
            check = check.with("kms:ValidTo", valid_to.iso8601_millis());
        }
        let family = kms.family(view, &target.key).await?;
        Ok(((target, family), vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ImportKeyMaterialResponse, RunError> {
        let (Target { key, .. }, family) = permit.subject();
        let (input, now) = (permit.input(), permit.request().now);
        check_origin(key)?;
        let valid_to = valid_to(input, now)?;
        check_members(&key.record, input)?;
        key.admit(Profile::Import)?;
        let imported = unwrap(kms, key, input, now).await?;
        let id = imported.material_id;
        let mut record = key.record.clone();
        let incoming = incoming(input, valid_to, imported)?;
        record.import(incoming).map_err(|refusal| refused_material(&key.arn, id, refusal))?;
        let shown_id = record.names_materials().then(|| id.to_string());
        kms.store.txn(write_materials(permit.txn(), key, record, family.as_ref())?).await?;
        Ok(ImportKeyMaterialResponse { key_id: Some(key.arn.to_string()), key_material_id: shown_id })
    }
}

/// When the material is to expire.
fn valid_to(input: &ImportKeyMaterialRequest, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let expires = input.expiration_model != Some(ExpirationModelType::KeyMaterialDoesNotExpire);
    match input.valid_to {
        None if expires => Err(fault::validation(
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
        )),
        Some(_) if !expires => Err(fault::validation(
            "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        Some(valid_to) if valid_to <= now => Err(fault::validation("The validTo date must be in the future")),
        Some(valid_to) if valid_to > now.plus(VALID_MAX) => {
            Err(fault::validation("The validTo date must be within 365 days of the request"))
        }
        valid_to => Ok(valid_to),
    }
}

/// Some members are for symmetric encryption keys only, and new material has no id that anybody could know.
fn check_members(record: &KeyRecord, input: &ImportKeyMaterialRequest) -> Result<(), Fault> {
    let given = [
        ("ImportType", input.import_type.is_some()),
        ("KeyMaterialDescription", input.key_material_description.is_some()),
        ("KeyMaterialId", input.key_material_id.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(_, given)| *given && !record.names_materials()) {
        return Err(fault::validation(format!(
            "{name} can only be specified for symmetric encryption KMS keys."
        )));
    }
    let new = match input.import_type {
        Some(kind) => kind == ImportType::NewKeyMaterial,
        None => record.materials.is_empty(),
    };
    if new && input.key_material_id.is_some() {
        let message = "KeyMaterialId cannot be specified when ImportType is NEW_KEY_MATERIAL.";
        return Err(fault::validation(message));
    }
    Ok(())
}

/// Has the vault unwrap the material with the token's wrapping key.
async fn unwrap(
    kms: &Kms,
    key: &LoadedKey,
    input: &ImportKeyMaterialRequest,
    now: Timestamp,
) -> Result<ImportedKey, Fault> {
    let token = ImportToken::read(&input.import_token).ok_or_else(invalid_token)?;
    let binding = import_binding(key, token.wrapping_key, token.algorithm, token.valid_to);
    let imported = kms.vault.import_key(&binding, &token.token, &input.encrypted_key_material).await;
    // Only the vault knows whether the token says its own time.
    let imported = match imported {
        Err(error @ keyward_vault::VaultError::WrongToken) => return Err(import_fault(error)),
        imported => imported,
    };
    if token.valid_to <= now {
        return Err(expired_token());
    }
    imported.map_err(import_fault)
}

fn incoming(
    input: &ImportKeyMaterialRequest,
    valid_to: Option<Timestamp>,
    imported: ImportedKey,
) -> Result<Incoming, Fault> {
    Ok(Incoming {
        id: imported.material_id,
        token: imported.ekt,
        valid_to,
        description: input.key_material_description.clone(),
        kind: input.import_type.map(|kind| match kind {
            ImportType::NewKeyMaterial => ImportKind::New,
            ImportType::ExistingKeyMaterial => ImportKind::Existing,
        }),
        expected: input.key_material_id.as_deref().map(shown).transpose()?,
    })
}

#[cfg(test)]
mod tests;
