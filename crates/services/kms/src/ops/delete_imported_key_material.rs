//! `DeleteImportedKeyMaterial`: lets go of imported material; the key waits until the same comes back.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    DeleteImportedKeyMaterial as Shape, DeleteImportedKeyMaterialRequest, DeleteImportedKeyMaterialResponse,
};
use keyward_vault::MaterialId;

use crate::family::Family;
use crate::fault;
use crate::import::{check_origin, write_materials};
use crate::key::{KeyRecord, Profile, shown};
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:DeleteImportedKeyMaterial");

/// The operation.
pub(crate) struct DeleteImportedKeyMaterial;

impl Operation for DeleteImportedKeyMaterial {
    type Shape = Shape;
    type Service = Kms;
    type Subject = (Target, Option<Family>);
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DELETE_IMPORTED_KEY_MATERIAL);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DeleteImportedKeyMaterialRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        let family = kms.family(view, &target.key).await?;
        Ok(((target, family), vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DeleteImportedKeyMaterialResponse, RunError> {
        let (Target { key, .. }, family) = permit.subject();
        check_origin(key)?;
        let id = material(&key.record, permit.input().key_material_id.as_deref())?;
        key.admit(Profile::DeleteImported)?;
        if let Some(id) = id {
            let mut record = key.record.clone();
            record.let_go(id);
            kms.store.txn(write_materials(permit.txn(), key, record, family.as_ref())?).await?;
        }
        let shown_id = id.filter(|_| key.record.names_materials());
        Ok(DeleteImportedKeyMaterialResponse {
            key_id: Some(key.arn.to_string()),
            key_material_id: shown_id.map(|id| id.to_string()),
        })
    }
}

/// The material that is named, or the current one; none in a key that never had any.
fn material(record: &KeyRecord, given: Option<&str>) -> Result<Option<MaterialId>, Fault> {
    let Some(given) = given else { return Ok(record.current().map(|material| material.id)) };
    let id: MaterialId = shown(given)?;
    if record.materials.iter().any(|material| material.id == id) {
        return Ok(Some(id));
    }
    Err(fault::not_found(format!("Key material with id {id} is not associated with the KMS key.")))
}

#[cfg(test)]
mod tests;
