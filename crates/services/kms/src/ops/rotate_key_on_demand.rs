//! `RotateKeyOnDemand`: gives a key new material now; its plan stays as it is.

use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    KeyState, RotateKeyOnDemand as Shape, RotateKeyOnDemandRequest, RotateKeyOnDemandResponse,
};
use keyward_vault::KeyOrigin;

use crate::family::{Family, settle_pending};
use crate::fault;
use crate::key::{Cause, KeyArn, ON_DEMAND_MAX, Profile, RotationRecord};
use crate::kms::Kms;
use crate::quota;
use crate::resolve::Access;
use crate::rotation::{Rotating, pending};

const ACCESS: Access = Access::manage("kms:RotateKeyOnDemand");

/// How soon before an automatic rotation none can be asked for.
const BEFORE_AUTOMATIC: Duration = Duration::from_secs(20 * 60);

/// The operation.
pub(crate) struct RotateKeyOnDemand;

impl Operation for RotateKeyOnDemand {
    type Shape = Shape;
    type Service = Kms;
    type Subject = (Rotating, Option<Family>);
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::ROTATE_KEY_ON_DEMAND);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &RotateKeyOnDemandRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let found = Rotating::find(kms, request, view, &ACCESS, &input.key_id).await?;
        let check = found.target.check(&ACCESS);
        let family = kms.family(view, &found.target.key).await?;
        Ok(((found, family), vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<RotateKeyOnDemandResponse, RunError> {
        let (Rotating { target, rotation }, family) = permit.subject();
        let key = &target.key;
        if key.state() == KeyState::PendingImport {
            // AWS says so even of keys that never rotate.
            key.admit(Profile::RotationOnDemand)?;
        }
        key.check_rotates()?;
        key.check_leads()?;
        key.admit(Profile::RotationOnDemand)?;
        check_limits(&key.arn, rotation, permit.request().now)?;
        let (mut record, made) = (key.record.clone(), rotation.clone());
        // A replica's share of what waits may have expired.
        settle_pending(&mut record, family.iter().flat_map(|family| &family.replicas).map(|one| &one.record));
        let turn = match record.origin() {
            KeyOrigin::External => kms.turn_to(pending(&key.arn, &record)?, record, made, Cause::OnDemand),
            _ => kms.turn(&key.arn, record, made, Cause::OnDemand).await?,
        };
        let replicas = family.iter().flat_map(Family::replica_records);
        kms.store.txn(turn.write(permit.txn(), &key.arn, rotation.automatic, replicas)?).await?;
        Ok(RotateKeyOnDemandResponse { key_id: Some(key.arn.to_string()) })
    }
}

fn check_limits(arn: &KeyArn, rotation: &RotationRecord, now: Timestamp) -> Result<(), Fault> {
    if rotation.automatic.is_some_and(|plan| plan.next <= now.plus(BEFORE_AUTOMATIC)) {
        let message = format!("An automatic rotation of the key {arn} is in progress or about to begin.");
        return Err(Fault::caller("ConflictException", message));
    }
    if rotation.on_demand() >= ON_DEMAND_MAX {
        return Err(fault::limit_exceeded(format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations \
             can be performed for this key: {arn}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
