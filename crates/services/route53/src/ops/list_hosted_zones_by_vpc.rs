//! Lists the private zones that a VPC uses.

use data_encoding::BASE64URL_NOPAD;
use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{
    HostedZoneOwner, HostedZoneSummary, ListHostedZonesByVPCRequest, ListHostedZonesByVPCResponse, VPC,
};
use keyward_store::{Key, KeyRange};

use super::list_hosted_zones::pointed;
use super::shown;
use crate::Route53;
use crate::rows::{self, Visibility, Zone};

/// `route53:ListHostedZonesByVPC`.
pub(super) struct ListHostedZonesByVpc;

impl Operation for ListHostedZonesByVpc {
    type Shape = keyward_schema::route53::ListHostedZonesByVPC;
    type Service = Route53;
    type Subject = ();

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &ListHostedZonesByVPCRequest,
        _: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        let vpc = format!("VPCId={},VPCRegion={}", input.vpc_id, input.vpc_region);
        let check = Check::identity("route53:ListHostedZonesByVPC", "*", request.account());
        let vpcs = Check::identity("ec2:DescribeVpcs", "*", request.account());
        Ok(((), vec![check.with("route53:VPCs", vpc), vpcs]))
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<ListHostedZonesByVPCResponse, RunError> {
        let input = permit.input();
        let limit = shown::max_items(input.max_items.as_deref(), shown::ZONES_PAGE_MAX)?;
        let (vpc_region, vpc_id) = (Some(input.vpc_region), Some(input.vpc_id.clone()));
        let vpc = shown::read_vpc(&VPC { vpc_region, vpc_id })?;
        let prefix = rows::vpc_zones(&vpc);
        let range = match input.next_token.as_deref() {
            None => KeyRange::prefix(&prefix),
            Some(token) => KeyRange::prefix_after(&prefix, &read_token(&prefix, token)?),
        };
        let (mut index, _) = service.store.range(&range, limit + 1).await?;
        let truncated = index.len() > limit;
        index.truncate(limit);
        let next_token = index.last().filter(|_| truncated).map(|row| token(&prefix, &row.key));
        let mut summaries = Vec::new();
        for row in &index {
            // A VPC's rows that outlived their zone are void; zones of other accounts are not the caller's to see.
            let zone = pointed(service, row).await?.filter(|zone| {
                zone.owner == permit.request().account()
                    && matches!(&zone.visibility, Visibility::Private(vpcs) if vpcs.contains(&vpc))
            });
            summaries.extend(zone.as_ref().map(summary));
        }
        Ok(ListHostedZonesByVPCResponse {
            hosted_zone_summaries: summaries,
            max_items: limit.to_string(),
            next_token,
        })
    }
}

fn summary(zone: &Zone) -> HostedZoneSummary {
    let owner = HostedZoneOwner { owning_account: Some(zone.owner.to_string()), owning_service: None };
    HostedZoneSummary { hosted_zone_id: zone.id.to_string(), name: zone.name.to_string(), owner }
}

fn token(prefix: &Key, last: &Key) -> String {
    BASE64URL_NOPAD.encode(last.as_bytes().get(prefix.as_bytes().len()..).unwrap_or_default())
}

fn read_token(prefix: &Key, token: &str) -> Result<Key, Fault> {
    let invalid = |_| {
        let text = "The value that you specified to get the second or subsequent page of results is invalid.";
        Fault::caller("InvalidPaginationToken", text)
    };
    let rest = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(invalid)?;
    Ok(Key::new([prefix.as_bytes(), &rest].concat()))
}
