//! Counts an account's hosted zones.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{GetHostedZoneCountRequest, GetHostedZoneCountResponse};

use crate::Route53;
use crate::service::count_zones;

/// `route53:GetHostedZoneCount`.
pub(super) struct GetHostedZoneCount;

impl Operation for GetHostedZoneCount {
    type Shape = keyward_schema::route53::GetHostedZoneCount;
    type Service = Route53;
    type Subject = ();

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        _: &GetHostedZoneCountRequest,
        _: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![Check::identity("route53:GetHostedZoneCount", "*", request.account())]))
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<GetHostedZoneCountResponse, RunError> {
        let count = count_zones(&*service.store, permit.request().account(), usize::MAX).await?;
        Ok(GetHostedZoneCountResponse { hosted_zone_count: i64::try_from(count).unwrap_or(i64::MAX) })
    }
}
