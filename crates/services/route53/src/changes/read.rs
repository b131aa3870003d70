//! Reading a change as the API gives it: exactly one of the forms that a record set can have.

use keyward_base::Fault;
use keyward_schema::route53::{self, ChangeAction, ResourceRecordSet};

use super::{Action, Change, Refusal};
use crate::RecordName;
use crate::record::RecordSet;

/// The change, or why its batch is refused (`Ok(Err(…))`), or why the request is (`Err(…)`).
pub(crate) fn read_change(change: route53::Change) -> Result<Result<Change, Refusal>, Fault> {
    let set = change.resource_record_set;
    let action = match change.action {
        ChangeAction::Create => Action::Create,
        ChangeAction::Delete => Action::Delete,
        ChangeAction::Upsert => Action::Upsert,
    };
    let (ttl, records) = match (forms(&set), set.ttl, set.resource_records.as_ref()) {
        (1, Some(ttl), Some(records)) => (ttl, records),
        (1, ..) => return Err(not_served(&set)),
        (count, ..) => return Err(not_one_form(count, change.action, &set)),
    };
    check_simple(&set)?;
    let kind = set.r#type.as_str().parse().map_err(Fault::ours)?;
    let ttl_seconds = u32::try_from(ttl).map_err(Fault::ours)?;
    let values = records.iter().map(|record| record.value.clone()).collect();
    Ok(RecordName::parse(&set.name)
        .map(|name| Change { action, set: RecordSet { name, kind, ttl_seconds, values } })
        .map_err(|error| Refusal::InvalidName { reason: error.to_string() }))
}

/// How many of the three forms of a record set are there.
fn forms(set: &ResourceRecordSet) -> usize {
    let plain = set.ttl.is_some() && set.resource_records.is_some();
    let half = set.ttl.is_some() != set.resource_records.is_some();
    let alias = set.alias_target.is_some();
    let traffic = set.traffic_policy_instance_id.is_some();
    // A TTL beside an alias is one form too many; alone it is none.
    let others = usize::from(alias) + usize::from(traffic);
    usize::from(plain) + others + usize::from(half && others > 0)
}

fn not_one_form(count: usize, action: ChangeAction, set: &ResourceRecordSet) -> Fault {
    let found = if count == 0 { "found none in" } else { "found more than one in" };
    let (name, kind) = (&set.name, set.r#type);
    let identifier = set.set_identifier.as_deref().unwrap_or("null");
    Fault::caller(
        "InvalidInput",
        format!(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but {found} Change with [Action={action}, Name={name}, Type={kind}, SetIdentifier={identifier}]"
        ),
    )
}

/// Records that are aliases or made by a traffic policy.
fn not_served(set: &ResourceRecordSet) -> Fault {
    let what = if set.alias_target.is_some() { "Alias records are" } else { "Traffic policy instances are" };
    Fault::caller("InvalidInput", format!("{what} not served yet (record set '{}').", set.name))
}

/// Refuses what belongs to routing policies other than simple routing.
fn check_simple(set: &ResourceRecordSet) -> Result<(), Fault> {
    if let Some(id) = &set.health_check_id {
        let text = format!("A health check with id {id} does not exist.");
        return Err(Fault::caller("NoSuchHealthCheck", text));
    }
    let routed = [
        (set.weight.is_some(), "Weighted"),
        (set.region.is_some(), "Latency-based"),
        (set.geo_location.is_some(), "Geolocation"),
        (set.failover.is_some(), "Failover"),
        (set.multi_value_answer.is_some(), "Multivalue answer"),
        (set.cidr_routing_config.is_some(), "IP-based"),
        (set.geo_proximity_location.is_some(), "Geoproximity"),
    ];
    if let Some((_, policy)) = routed.iter().find(|(asked, _)| *asked) {
        let text = format!("{policy} routing is not served yet (record set '{}').", set.name);
        return Err(Fault::caller("InvalidInput", text));
    }
    if set.set_identifier.is_some() {
        let text =
            "Invalid request: SetIdentifier is only valid with a routing policy other than simple routing.";
        return Err(Fault::caller("InvalidInput", text));
    }
    Ok(())
}
