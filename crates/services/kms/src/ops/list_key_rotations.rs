//! `ListKeyRotations`: a key's rotations, or all of its materials, the oldest first.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    ImportState, IncludeKeyMaterial, KeyMaterialState, ListKeyRotations as Shape, ListKeyRotationsRequest,
    ListKeyRotationsResponse, RotationType, RotationsListEntry,
};
use keyward_vault::KeyOrigin;

use crate::key::{Cause, KeyArn, Material, MaterialState, RotationRecord, expiration_model};
use crate::kms::Kms;
use crate::page::{PageSize, rest};
use crate::quota;
use crate::resolve::Access;
use crate::rotation::Rotating;

const ACCESS: Access = Access::manage("kms:ListKeyRotations");
const PAGE: PageSize = PageSize { default: 100, max: 1000 };

/// The operation.
pub(crate) struct ListKeyRotations;

impl Operation for ListKeyRotations {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Rotating;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::LIST_KEY_ROTATIONS);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ListKeyRotationsRequest,
        view: &mut View<'_>,
    ) -> Result<(Rotating, Vec<Check>), Fault> {
        let found = Rotating::find(kms, request, view, &ACCESS, &input.key_id).await?;
        let check = found.target.check(&ACCESS);
        Ok((found, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ListKeyRotationsResponse, RunError> {
        let Rotating { target, rotation } = permit.subject();
        let key = &target.key;
        key.check_rotates()?;
        let input = permit.input();
        let all = input.include_key_material == Some(IncludeKeyMaterial::AllKeyMaterial);
        let (id, which) = (key.arn.id.to_string(), all.to_string());
        let wanted = (input.limit, input.marker.as_deref());
        let page = kms.page(permit.request(), ("ListKeyRotations", &[&id, &which]), PAGE, wanted)?;
        let external = key.record.origin() == KeyOrigin::External;
        let shown = |material: &Material| entry(&key.arn, material, rotation, external);
        let entries = key.record.materials.iter().map(shown);
        let entries = entries.filter(|entry| all || entry.rotation_date.is_some());
        let entries = rest(&page, entries.collect(), name);
        let paged = page.cut(&kms.tokens, entries, |entry| name(entry).to_owned())?;
        Ok(ListKeyRotationsResponse {
            truncated: Some(paged.next.is_some()),
            rotations: Some(paged.entries),
            next_marker: paged.next,
        })
    }
}

fn name(entry: &RotationsListEntry) -> &str {
    entry.key_material_id.as_deref().unwrap_or_default()
}

fn entry(arn: &KeyArn, material: &Material, rotation: &RotationRecord, external: bool) -> RotationsListEntry {
    let rotation = rotation.of(material.id);
    let imported = if material.is_held() { ImportState::Imported } else { ImportState::PendingImport };
    RotationsListEntry {
        key_id: Some(arn.to_string()),
        key_material_id: Some(material.id.to_string()),
        key_material_description: material.description().map(str::to_owned),
        import_state: external.then_some(imported),
        key_material_state: Some(match material.state {
            MaterialState::Current => KeyMaterialState::Current,
            MaterialState::NonCurrent => KeyMaterialState::NonCurrent,
            MaterialState::PendingRotation => KeyMaterialState::PendingRotation,
            MaterialState::PendingMultiRegionImport => KeyMaterialState::PendingMultiRegionImportAndRotation,
        }),
        expiration_model: (external && material.is_held()).then(|| expiration_model(material.valid_to())),
        valid_to: material.valid_to(),
        rotation_date: rotation.map(|rotation| rotation.at),
        rotation_type: rotation.map(|rotation| match rotation.cause {
            Cause::Automatic => RotationType::Automatic,
            Cause::OnDemand => RotationType::OnDemand,
        }),
    }
}

#[cfg(test)]
mod tests;
