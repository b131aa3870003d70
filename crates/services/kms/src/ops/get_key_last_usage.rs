//! `GetKeyLastUsage`: what a key was last used for with success, and when.
//!
//! `CloudTrailEventId` is absent: there is no CloudTrail. The request's id is the one in the audit log.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::kms::{
    GetKeyLastUsage as Shape, GetKeyLastUsageRequest, GetKeyLastUsageResponse, KeyLastUsageData,
};

use crate::kms::Kms;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:GetKeyLastUsage");

/// The operation.
pub(crate) struct GetKeyLastUsage;

impl Operation for GetKeyLastUsage {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GetKeyLastUsageRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GetKeyLastUsageResponse, RunError> {
        let key = &permit.subject().key;
        let last = kms.last_use(key).await?;
        let shown = last.map_or_else(KeyLastUsageData::default, |last| KeyLastUsageData {
            operation: Some(last.operation),
            timestamp: Some(last.at),
            cloud_trail_event_id: None,
            kms_request_id: Some(last.request.to_string()),
        });
        Ok(GetKeyLastUsageResponse {
            key_id: Some(key.arn.id.to_string()),
            key_last_usage: Some(shown),
            tracking_start_date: Some(kms.usage.since.max(key.record.created)),
            key_creation_date: Some(key.record.created),
        })
    }
}

#[cfg(test)]
mod tests;
