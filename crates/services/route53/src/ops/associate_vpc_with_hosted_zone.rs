//! Lets a VPC use a private zone.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{AssociateVPCWithHostedZoneRequest, AssociateVPCWithHostedZoneResponse, VPC};

use super::{create_hosted_zone::free_vpc, shown};
use crate::Route53;
use crate::rows::{self, Index, IndexRow, Touched, Visibility, Vpc, Zone};
use crate::service::Named;

/// `route53:AssociateVPCWithHostedZone`.
pub(super) struct AssociateVpcWithHostedZone;

impl Operation for AssociateVpcWithHostedZone {
    type Shape = keyward_schema::route53::AssociateVPCWithHostedZone;
    type Service = Route53;
    type Subject = Result<(Zone, Vpc), Fault>;

    async fn resolve(
        service: &Route53,
        request: &RequestContext,
        input: &AssociateVPCWithHostedZoneRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let action = "route53:AssociateVPCWithHostedZone";
        let (zone, checks) = zone_and_vpc(request, view, &input.hosted_zone_id, &input.vpc, action).await?;
        Ok((associated(service, zone, &input.vpc, view).await, checks))
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<AssociateVPCWithHostedZoneResponse, RunError> {
        let (txn, now, comment) = (permit.txn(), permit.request().now, permit.input().comment.clone());
        let (mut zone, vpc) = permit.into_subject()?;
        let index = rows::encode(&IndexRow::V1(Index { zone: zone.id.clone() }))?;
        let txn = txn.put(rows::vpc_zone(&vpc, &zone.name), index);
        let (txn, change_info) = service.change(txn, &mut zone, Touched::Wish, now, comment)?;
        service.store.txn(txn).await?;
        Ok(AssociateVPCWithHostedZoneResponse { change_info })
    }
}

/// The zone that a request on one of its VPCs names, and the permissions that it takes.
pub(super) async fn zone_and_vpc(
    request: &RequestContext,
    view: &mut View<'_>,
    asked: &str,
    vpc: &VPC,
    action: &'static str,
) -> Result<(Named, Vec<Check>), Fault> {
    let (zone, check) = Route53::named(request, view, asked, action).await?;
    let region = vpc.vpc_region.map_or("", |region| region.as_str());
    let vpcs = format!("VPCId={},VPCRegion={region}", vpc.vpc_id.as_deref().unwrap_or_default());
    let describe = Check::identity("ec2:DescribeVpcs", "*", request.account());
    Ok((zone, vec![check.with("route53:VPCs", vpcs), describe]))
}

async fn associated(
    service: &Route53,
    zone: Named,
    vpc: &VPC,
    view: &mut View<'_>,
) -> Result<(Zone, Vpc), Fault> {
    let mut zone = zone.zone()?;
    let vpc = shown::read_vpc(vpc)?;
    let Visibility::Private(vpcs) = &mut zone.visibility else {
        let text = "You're trying to associate a VPC with a public hosted zone. Amazon Route 53 doesn't support associating a VPC with a public hosted zone.";
        return Err(Fault::caller("PublicZoneVPCAssociation", text));
    };
    let vpc = free_vpc(view, vpc, &zone.name).await?;
    let limit = service.config.quotas.vpcs;
    if vpcs.len() >= limit {
        let text = format!("The hosted zone has reached its limit of {limit} VPCs.");
        return Err(Fault::caller("LimitsExceeded", text));
    }
    vpcs.push(vpc.clone());
    Ok((zone, vpc))
}
