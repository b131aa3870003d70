//! Switches signing off, unless the parent still vouches for the keys.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{DisableHostedZoneDNSSECRequest, DisableHostedZoneDNSSECResponse};

use super::get_dnssec::Subject;
use crate::Route53;

/// `route53:DisableHostedZoneDNSSEC`.
pub(super) struct DisableHostedZoneDnssec;

impl Operation for DisableHostedZoneDnssec {
    type Shape = keyward_schema::route53::DisableHostedZoneDNSSEC;
    type Service = Route53;
    type Subject = Subject;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &DisableHostedZoneDNSSECRequest,
        view: &mut View<'_>,
    ) -> Result<(Subject, Vec<Check>), Fault> {
        Subject::resolve(request, view, &input.hosted_zone_id, "route53:DisableHostedZoneDNSSEC").await
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<DisableHostedZoneDNSSECResponse, RunError> {
        let (txn, now) = (permit.txn(), permit.request().now);
        let (zone, mut dnssec) = permit.into_subject().public()?;
        let signs = dnssec.check_disable().map_err(Fault::from)?;
        let named = signs && service.in_parent_ds(&zone, &dnssec.keys).await.map_err(Fault::from)?;
        dnssec.disable(named).map_err(Fault::from)?;
        let change_info = service.commit_dnssec(txn, zone, dnssec, now).await?;
        Ok(DisableHostedZoneDNSSECResponse { change_info })
    }
}
