//! `EnableKeyRotation`: plans automatic rotations, or plans them anew with another period.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{EnableKeyRotation as Shape, EnableKeyRotationRequest};

use crate::key::{Automatic, Profile};
use crate::kms::Kms;
use crate::quota;
use crate::resolve::Access;
use crate::rotation::{Rotating, period_days, replan};

const ACCESS: Access = Access::manage("kms:EnableKeyRotation");

/// The operation.
pub(crate) struct EnableKeyRotation;

impl Operation for EnableKeyRotation {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Rotating;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::ENABLE_KEY_ROTATION);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &EnableKeyRotationRequest,
        view: &mut View<'_>,
    ) -> Result<(Rotating, Vec<Check>), Fault> {
        let found = Rotating::find(kms, request, view, &ACCESS, &input.key_id).await?;
        let check = found.target.check(&ACCESS);
        let days = period_days(input.rotation_period_in_days)?;
        let check = check.with("kms:RotationPeriodInDays", days.to_string());
        Ok((found, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let Rotating { target, rotation } = permit.subject();
        let key = &target.key;
        key.check_rotates_by_plan()?;
        key.check_leads()?;
        key.admit(Profile::Rotation)?;
        let days = period_days(permit.input().rotation_period_in_days)?;
        let plan = Automatic::starting(permit.request().now, days);
        kms.store.txn(replan(permit.txn(), &key.arn, rotation.clone(), Some(plan))?).await?;
        Ok(Unit)
    }
}

#[cfg(test)]
mod tests;
