//! Lists the private zones that a VPC uses.

use data_encoding::BASE64URL_NOPAD;
use keyward_base::Fault;
use keyward_gate::{Check, Operation, Page, Permit, RequestContext, RunError, View};
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
        let list = ("ListHostedZonesByVPC", &[vpc.region.as_str(), &vpc.id][..]);
        let page = Page::read(&service.tokens, permit.request(), list, limit, input.next_token.as_deref());
        let page = page.map_err(|_| foreign_token())?;
        let (index, _) = service.store.range(&range(&prefix, &page)?, limit + 1).await?;
        let index = page.cut(&service.tokens, index, |row| below(&prefix, &row.key))?;
        let mut summaries = Vec::new();
        for row in &index.entries {
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
            next_token: index.next,
        })
    }
}

fn summary(zone: &Zone) -> HostedZoneSummary {
    let owner = HostedZoneOwner { owning_account: Some(zone.owner.to_string()), owning_service: None };
    HostedZoneSummary { hosted_zone_id: zone.id.to_string(), name: zone.name.to_string(), owner }
}

/// The part of a row's key after `prefix`, as text: names are any bytes.
fn below(prefix: &Key, key: &Key) -> String {
    BASE64URL_NOPAD.encode(key.as_bytes().get(prefix.as_bytes().len()..).unwrap_or_default())
}

/// Where the rows go on after the page before.
fn range(prefix: &Key, page: &Page) -> Result<KeyRange, Fault> {
    let Some(after) = page.after() else { return Ok(KeyRange::prefix(prefix)) };
    let rest = BASE64URL_NOPAD.decode(after.as_bytes()).map_err(Fault::ours)?;
    Ok(KeyRange::prefix_after(prefix, &Key::new([prefix.as_bytes(), &rest].concat())))
}

fn foreign_token() -> Fault {
    let text = "The value that you specified to get the second or subsequent page of results is invalid.";
    Fault::caller("InvalidPaginationToken", text)
}
