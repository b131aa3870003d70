//! Shows a hosted zone with its name servers or VPCs.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{GetHostedZoneRequest, GetHostedZoneResponse};

use super::shown;
use crate::Route53;
use crate::rows::Visibility;
use crate::service::Named;

/// `route53:GetHostedZone`.
pub(super) struct GetHostedZone;

impl Operation for GetHostedZone {
    type Shape = keyward_schema::route53::GetHostedZone;
    type Service = Route53;
    type Subject = Named;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &GetHostedZoneRequest,
        view: &mut View<'_>,
    ) -> Result<(Named, Vec<Check>), Fault> {
        let (zone, check) = Route53::named(request, view, &input.id, "route53:GetHostedZone").await?;
        Ok((zone, vec![check]))
    }

    async fn run(_: &Route53, permit: Permit<Self>) -> Result<GetHostedZoneResponse, RunError> {
        let zone = permit.into_subject().zone()?;
        let hosted_zone = shown::hosted_zone(&zone);
        Ok(match zone.visibility {
            Visibility::Public(servers) => GetHostedZoneResponse {
                hosted_zone,
                delegation_set: Some(shown::delegation_set(servers)),
                vpcs: None,
            },
            Visibility::Private(vpcs) => GetHostedZoneResponse {
                hosted_zone,
                delegation_set: None,
                vpcs: Some(vpcs.iter().map(shown::vpc).collect()),
            },
        })
    }
}
