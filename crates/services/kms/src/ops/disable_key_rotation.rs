//! `DisableKeyRotation`: ends automatic rotations; repeating it changes nothing.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{DisableKeyRotation as Shape, DisableKeyRotationRequest};

use crate::key::Profile;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::Access;
use crate::rotation::{Rotating, replan};

const ACCESS: Access = Access::manage("kms:DisableKeyRotation");

/// The operation.
pub(crate) struct DisableKeyRotation;

impl Operation for DisableKeyRotation {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Rotating;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DISABLE_KEY_ROTATION);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DisableKeyRotationRequest,
        view: &mut View<'_>,
    ) -> Result<(Rotating, Vec<Check>), Fault> {
        let found = Rotating::find(kms, request, view, &ACCESS, &input.key_id).await?;
        let check = found.target.check(&ACCESS);
        Ok((found, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let Rotating { target, rotation } = permit.subject();
        let key = &target.key;
        key.check_rotates_by_plan()?;
        key.check_leads()?;
        key.admit(Profile::Rotation)?;
        kms.store.txn(replan(permit.txn(), &key.arn, rotation.clone(), None)?).await?;
        Ok(Unit)
    }
}
