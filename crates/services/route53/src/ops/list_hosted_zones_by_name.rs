//! Lists an account's hosted zones in the order of their names, labels reversed.

use std::ops::Bound;

use keyward_base::{AccountId, Fault};
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{ListHostedZonesByNameRequest, ListHostedZonesByNameResponse};
use keyward_store::KeyRange;

use super::list_hosted_zones::pointed;
use super::shown;
use crate::rows::{self, Zone};
use crate::{RecordName, Route53, ZoneId};

/// `route53:ListHostedZonesByName`.
pub(super) struct ListHostedZonesByName;

impl Operation for ListHostedZonesByName {
    type Shape = keyward_schema::route53::ListHostedZonesByName;
    type Service = Route53;
    type Subject = ();

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        _: &ListHostedZonesByNameRequest,
        _: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![Check::identity("route53:ListHostedZonesByName", "*", request.account())]))
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<ListHostedZonesByNameResponse, RunError> {
        let input = permit.input();
        let limit = shown::max_items(input.max_items.as_deref(), shown::ZONES_PAGE_MAX)?;
        let range = range(permit.request().account(), input)?;
        let (index, _) = service.store.range(&range, limit + 1).await?;
        let mut zones: Vec<Zone> = Vec::new();
        for row in &index {
            zones.extend(pointed(service, row).await?);
        }
        let next =
            (zones.len() > limit).then(|| zones.split_off(limit)).and_then(|rest| rest.into_iter().next());
        Ok(ListHostedZonesByNameResponse {
            hosted_zones: zones.iter().map(shown::hosted_zone).collect(),
            dns_name: input.dns_name.clone(),
            hosted_zone_id: input.hosted_zone_id.clone(),
            is_truncated: next.is_some(),
            next_dns_name: next.as_ref().map(|zone| zone.name.to_string()),
            next_hosted_zone_id: next.map(|zone| zone.id.to_string()),
            max_items: limit.to_string(),
        })
    }
}

/// The zones whose names are at or after the asked one; of that very name, from the asked id on.
fn range(account: AccountId, input: &ListHostedZonesByNameRequest) -> Result<KeyRange, Fault> {
    let mut range = KeyRange::prefix(&rows::zones_named(account));
    let name = input.dns_name.as_deref().filter(|name| !name.is_empty());
    let id = input.hosted_zone_id.as_deref().map(crate::ids::bare_id).filter(|id| !id.is_empty());
    let Some(name) = name else {
        return match id {
            None => Ok(range),
            Some(_) => {
                Err(Fault::caller("InvalidInput", "HostedZoneId must be given together with DNSName."))
            }
        };
    };
    let name =
        RecordName::parse(name).map_err(|error| Fault::caller("InvalidDomainName", error.to_string()))?;
    let id = match id {
        None => String::new(),
        Some(id) => ZoneId::parse(id)
            .ok_or_else(|| Fault::caller("InvalidInput", format!("'{id}' is not the ID of a hosted zone.")))?
            .to_string(),
    };
    range.start = Bound::Included(rows::zone_named(account, &name, &id));
    Ok(range)
}
