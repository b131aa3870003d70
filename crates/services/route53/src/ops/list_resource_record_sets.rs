//! Lists a zone's record sets: names by reversed labels, then types, then identifiers.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{
    ListResourceRecordSetsRequest, ListResourceRecordSetsResponse, ResourceRecord, ResourceRecordSet,
};

use super::shown;
use crate::record::{RecordSet, RecordType, SetKey};
use crate::service::Named;
use crate::{RecordName, Route53};

/// Record sets in a page, at most.
const PAGE_MAX: usize = 300;

/// `route53:ListResourceRecordSets`.
pub(super) struct ListResourceRecordSets;

impl Operation for ListResourceRecordSets {
    type Shape = keyward_schema::route53::ListResourceRecordSets;
    type Service = Route53;
    type Subject = Named;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &ListResourceRecordSetsRequest,
        view: &mut View<'_>,
    ) -> Result<(Named, Vec<Check>), Fault> {
        let action = "route53:ListResourceRecordSets";
        let (zone, check) = Route53::named(request, view, &input.hosted_zone_id, action).await?;
        Ok((zone, vec![check]))
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<ListResourceRecordSetsResponse, RunError> {
        let limit = shown::max_items(permit.input().max_items.as_deref(), PAGE_MAX)?;
        let start = start(permit.input())?;
        let zone = permit.into_subject().zone()?;
        let mut sets = service.content(&zone.id).page(start.as_ref(), limit + 1).await?;
        let next =
            (sets.len() > limit).then(|| sets.split_off(limit)).and_then(|rest| rest.into_iter().next());
        Ok(ListResourceRecordSetsResponse {
            resource_record_sets: sets.into_iter().map(shown_set).collect::<Result<_, _>>()?,
            is_truncated: next.is_some(),
            next_record_name: next.as_ref().map(|set| set.name.to_string()),
            next_record_type: next.as_ref().and_then(|set| set.kind.as_str().parse().ok()),
            next_record_identifier: None,
            max_items: limit.to_string(),
        })
    }
}

fn start(input: &ListResourceRecordSetsRequest) -> Result<Option<SetKey>, Fault> {
    let invalid = |text: String| Fault::caller("InvalidInput", text);
    let name = input.start_record_name.as_deref().filter(|name| !name.is_empty());
    let Some(name) = name else {
        return match (input.start_record_type, &input.start_record_identifier) {
            (None, None) => Ok(None),
            _ => Err(invalid(
                "The request must give a record name when it gives a type or identifier.".to_owned(),
            )),
        };
    };
    let name = RecordName::parse(name).map_err(|error| invalid(error.to_string()))?;
    let Some(kind) = input.start_record_type else {
        if input.start_record_identifier.is_some() {
            return Err(invalid("The request must give a type when it gives an identifier.".to_owned()));
        }
        return Ok(Some(SetKey::from_octets(&SetKey::name_prefix(&name))));
    };
    let kind: RecordType = kind.as_str().parse().map_err(Fault::ours)?;
    Ok(Some(SetKey::new(&name, kind, input.start_record_identifier.as_deref())))
}

fn shown_set(set: RecordSet) -> Result<ResourceRecordSet, Fault> {
    let records = set.values.into_iter().map(|value| ResourceRecord { value });
    Ok(ResourceRecordSet {
        name: set.name.to_string(),
        r#type: set.kind.as_str().parse().map_err(Fault::ours)?,
        set_identifier: None,
        weight: None,
        region: None,
        geo_location: None,
        failover: None,
        multi_value_answer: None,
        ttl: Some(i64::from(set.ttl_seconds)),
        resource_records: Some(records.collect()),
        alias_target: None,
        health_check_id: None,
        traffic_policy_instance_id: None,
        cidr_routing_config: None,
        geo_proximity_location: None,
    })
}
