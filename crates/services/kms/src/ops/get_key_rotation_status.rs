//! `GetKeyRotationStatus`: whether and when a key is rotated by plan.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    GetKeyRotationStatus as Shape, GetKeyRotationStatusRequest, GetKeyRotationStatusResponse, KeyState,
};
use keyward_vault::KeyOrigin;

use crate::fault;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::Access;
use crate::rotation::Rotating;

const ACCESS: Access = Access::manage_across_accounts("kms:GetKeyRotationStatus");

/// The operation.
pub(crate) struct GetKeyRotationStatus;

impl Operation for GetKeyRotationStatus {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Rotating;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::GET_KEY_ROTATION_STATUS);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GetKeyRotationStatusRequest,
        view: &mut View<'_>,
    ) -> Result<(Rotating, Vec<Check>), Fault> {
        let found = Rotating::find(kms, request, view, &ACCESS, &input.key_id).await?;
        let check = found.target.check(&ACCESS);
        Ok((found, vec![check]))
    }

    async fn run(_kms: &Kms, permit: Permit<Self>) -> Result<GetKeyRotationStatusResponse, RunError> {
        let Rotating { target, rotation } = permit.subject();
        let key = &target.key;
        if key.record.origin() != KeyOrigin::AwsKms {
            return Err(fault::wrong_origin(&key.arn, key.record.origin()).into());
        }
        let waits = matches!(key.state(), KeyState::PendingDeletion | KeyState::PendingReplicaDeletion);
        let plan = rotation.automatic.filter(|_| !waits);
        Ok(GetKeyRotationStatusResponse {
            key_rotation_enabled: Some(plan.is_some()),
            key_id: Some(key.arn.to_string()),
            rotation_period_in_days: plan.map(|plan| plan.period_days.into()),
            next_rotation_date: plan.map(|plan| plan.next),
            // A rotation on demand is over when `RotateKeyOnDemand` answers.
            on_demand_rotation_start_date: None,
        })
    }
}
