//! `ScheduleKeyDeletion`: begins the waiting period after which a key is destroyed.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    ScheduleKeyDeletion as Shape, ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse,
};

use super::changed_key;
use crate::fault;
use crate::kms::Kms;
use crate::planned::Plan;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:ScheduleKeyDeletion");

const WINDOW_DAYS_MIN: i32 = 7;
const WINDOW_DAYS_MAX: i32 = 30;

/// The operation.
pub(crate) struct ScheduleKeyDeletion;

impl Operation for ScheduleKeyDeletion {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::SCHEDULE_KEY_DELETION);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ScheduleKeyDeletionRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        let days = input.pending_window_in_days.unwrap_or(WINDOW_DAYS_MAX);
        let check = check.with("kms:ScheduleKeyDeletionPendingWindowInDays", days.to_string());
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ScheduleKeyDeletionResponse, RunError> {
        let days = window_days(permit.input().pending_window_in_days)?;
        let key = &permit.subject().key;
        let has_replicas = !key.record.replicas().is_empty();
        let next = key.record.lifecycle.schedule_deletion(permit.request().now, days, has_replicas);
        let lifecycle = next.map_err(|refusal| fault::refusal(&key.arn, refusal))?;
        let mut txn = changed_key(permit.txn(), key, |record| record.lifecycle = lifecycle)?;
        if let Some(at) = lifecycle.deletion_at() {
            txn = txn.put(Plan::Deletion.of(&key.arn, at).row(), Vec::new());
        }
        kms.store.txn(txn).await?;
        Ok(ScheduleKeyDeletionResponse {
            key_id: Some(key.arn.to_string()),
            deletion_date: lifecycle.deletion_at(),
            key_state: Some(lifecycle.shown()),
            pending_window_in_days: Some(days.into()),
        })
    }
}

/// The waiting period. The model allows 1 to 365 days, the service 7 to 30.
fn window_days(given: Option<i32>) -> Result<u16, Fault> {
    let days = given.unwrap_or(WINDOW_DAYS_MAX);
    let rule = if days < WINDOW_DAYS_MIN {
        format!("Member must have value greater than or equal to {WINDOW_DAYS_MIN}")
    } else if days > WINDOW_DAYS_MAX {
        format!("Member must have value less than or equal to {WINDOW_DAYS_MAX}")
    } else {
        return u16::try_from(days).map_err(fault::internal);
    };
    Err(fault::constraint(&days, "pendingWindowInDays", &rule))
}

#[cfg(test)]
mod tests;
