//! Takes a private zone from a VPC.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{
    DisassociateVPCFromHostedZoneRequest, DisassociateVPCFromHostedZoneResponse, VPC,
};

use super::{associate_vpc_with_hosted_zone::zone_and_vpc, shown};
use crate::Route53;
use crate::rows::{self, Touched, Visibility, Vpc, Zone};
use crate::service::Named;

/// `route53:DisassociateVPCFromHostedZone`.
pub(super) struct DisassociateVpcFromHostedZone;

impl Operation for DisassociateVpcFromHostedZone {
    type Shape = keyward_schema::route53::DisassociateVPCFromHostedZone;
    type Service = Route53;
    type Subject = Named;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &DisassociateVPCFromHostedZoneRequest,
        view: &mut View<'_>,
    ) -> Result<(Named, Vec<Check>), Fault> {
        let action = "route53:DisassociateVPCFromHostedZone";
        zone_and_vpc(request, view, &input.hosted_zone_id, &input.vpc, action).await
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<DisassociateVPCFromHostedZoneResponse, RunError> {
        let (txn, now, input) = (permit.txn(), permit.request().now, permit.input());
        let (vpc, comment) = (input.vpc.clone(), input.comment.clone());
        let (mut zone, vpc) = without(permit.into_subject(), &vpc)?;
        let txn = txn.delete(rows::vpc_zone(&vpc, &zone.name));
        let (txn, change_info) = service.change(txn, &mut zone, Touched::Wish, now, comment)?;
        service.store.txn(txn).await?;
        Ok(DisassociateVPCFromHostedZoneResponse { change_info })
    }
}

fn without(zone: Named, vpc: &VPC) -> Result<(Zone, Vpc), Fault> {
    let mut zone = zone.zone()?;
    let vpc = shown::read_vpc(vpc)?;
    let missing = || {
        let text = format!("The VPC: {} and hosted zone: {} are not associated.", vpc.id, zone.id);
        Fault::caller("VPCAssociationNotFound", text)
    };
    let Visibility::Private(vpcs) = &zone.visibility else { return Err(missing()) };
    let left: Vec<Vpc> = vpcs.iter().filter(|other| **other != vpc).cloned().collect();
    if left.len() == vpcs.len() {
        return Err(missing());
    }
    if left.is_empty() {
        let text = "The VPC that you're trying to disassociate from the private hosted zone is the last VPC that is associated with the hosted zone.";
        return Err(Fault::caller("LastVPCAssociation", text));
    }
    zone.visibility = Visibility::Private(left);
    Ok((zone, vpc))
}
