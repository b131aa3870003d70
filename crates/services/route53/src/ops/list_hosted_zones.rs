//! Lists an account's hosted zones in the order of their ids.

use keyward_base::{AccountId, Fault};
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{ListHostedZonesRequest, ListHostedZonesResponse};
use keyward_store::KeyRange;

use super::shown;
use crate::rows::{self, Index, IndexRow, Visibility, Zone, ZoneRow};
use crate::{Route53, ZoneId};

/// `route53:ListHostedZones`.
pub(super) struct ListHostedZones;

impl Operation for ListHostedZones {
    type Shape = keyward_schema::route53::ListHostedZones;
    type Service = Route53;
    type Subject = ();

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        _: &ListHostedZonesRequest,
        _: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![Check::identity("route53:ListHostedZones", "*", request.account())]))
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<ListHostedZonesResponse, RunError> {
        let input = permit.input();
        if let Some(id) = &input.delegation_set_id {
            return Err(shown::no_delegation_set(id).into());
        }
        let limit = shown::max_items(input.max_items.as_deref(), shown::ZONES_PAGE_MAX)?;
        let private_only = input.hosted_zone_type.is_some();
        let wanted = |zone: &Zone| !private_only || matches!(zone.visibility, Visibility::Private(_));
        let account = permit.request().account();
        let mut zones = zones_from(service, account, input.marker.as_deref(), limit + 1, wanted).await?;
        let next =
            (zones.len() > limit).then(|| zones.split_off(limit)).and_then(|rest| rest.into_iter().next());
        Ok(ListHostedZonesResponse {
            hosted_zones: zones.iter().map(shown::hosted_zone).collect(),
            marker: input.marker.clone().unwrap_or_default(),
            is_truncated: next.is_some(),
            next_marker: next.map(|zone| zone.id.to_string()),
            max_items: limit.to_string(),
        })
    }
}

async fn zones_from(
    service: &Route53,
    account: AccountId,
    marker: Option<&str>,
    limit: usize,
    wanted: impl Fn(&Zone) -> bool,
) -> Result<Vec<Zone>, Fault> {
    let mut range = KeyRange::prefix(&rows::zones_of(account));
    if let Some(marker) = marker.filter(|marker| !marker.is_empty()) {
        let id = ZoneId::parse(marker).ok_or_else(|| {
            Fault::caller("InvalidInput", format!("The marker '{marker}' is not the ID of a hosted zone."))
        })?;
        range.start = std::ops::Bound::Included(rows::zone_of(account, id.as_str()));
    }
    let (index, _) = service.store.range(&range, usize::MAX).await.map_err(Fault::ours)?;
    let mut zones = Vec::new();
    for row in index {
        if zones.len() >= limit {
            break;
        }
        let found = pointed(service, &row).await?;
        zones.extend(found.filter(&wanted));
    }
    Ok(zones)
}

/// The zone that an index row points at; `None` when it went meanwhile.
pub(super) async fn pointed(service: &Route53, row: &keyward_store::Row) -> Result<Option<Zone>, Fault> {
    let Index { zone } = rows::decode::<IndexRow>(row)?.into();
    let row = service.store.get(&rows::zone(&zone)).await.map_err(Fault::ours)?;
    row.map(|row| Ok(rows::decode::<ZoneRow>(&row)?.into())).transpose()
}
