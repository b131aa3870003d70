//! How zones and pages show in answers, and what inputs of several operations have in common.

use keyward_base::Fault;
use keyward_schema::route53::{DelegationSet, HostedZone, HostedZoneConfig, VPC};

use crate::rows::{Visibility, Vpc, Zone};

/// Zones in a page, at most.
pub(super) const ZONES_PAGE_MAX: usize = 100;

/// A zone as answers show it. `Config.PrivateZone` is always there: certbot reads it without a guard.
pub(super) fn hosted_zone(zone: &Zone) -> HostedZone {
    let private = matches!(zone.visibility, Visibility::Private(_));
    HostedZone {
        id: zone.id.with_prefix(),
        name: zone.name.to_string(),
        caller_reference: zone.caller_reference.clone(),
        config: Some(HostedZoneConfig { comment: zone.comment.clone(), private_zone: Some(private) }),
        resource_record_set_count: Some(i64::try_from(zone.record_sets).unwrap_or(i64::MAX)),
        linked_service: None,
        features: None,
    }
}

/// A delegation set that is not reusable.
pub(super) fn delegation_set(name_servers: Vec<String>) -> DelegationSet {
    DelegationSet { id: None, caller_reference: None, name_servers }
}

/// A VPC as answers show it. A region that the model does not list is left out.
pub(super) fn vpc(vpc: &Vpc) -> VPC {
    VPC { vpc_region: vpc.region.parse().ok(), vpc_id: Some(vpc.id.clone()) }
}

/// Reads a VPC that a request names.
pub(super) fn read_vpc(vpc: &VPC) -> Result<Vpc, Fault> {
    let region = vpc.vpc_region.map(|region| region.as_str().to_owned());
    let id = vpc.vpc_id.clone().unwrap_or_default();
    let (Some(region), true) = (region, is_vpc_id(&id)) else {
        return Err(Fault::caller("InvalidVPCId", format!("The VPC ID '{id}' is not valid.")));
    };
    Ok(Vpc { region, id })
}

fn is_vpc_id(id: &str) -> bool {
    let digits =
        |rest: &str| !rest.is_empty() && rest.len() <= 60 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    id.strip_prefix("vpc-").is_some_and(digits)
}

/// Reads `MaxItems`, which the model has as a string; above `limit` it is cut, absent it is `limit`.
pub(super) fn max_items(text: Option<&str>, limit: usize) -> Result<usize, Fault> {
    let Some(text) = text else { return Ok(limit) };
    match text.parse::<usize>() {
        Ok(count) if count >= 1 => Ok(count.min(limit)),
        _ => {
            Err(Fault::caller("InvalidInput", format!("MaxItems must be a positive number, but is '{text}'")))
        }
    }
}

/// The URL of a resource, for the `Location` header.
pub(super) fn location(path: &str) -> String {
    format!("https://route53.amazonaws.com/2013-04-01/{path}")
}

/// The refusal for reusable delegation sets, of which there are none yet.
pub(super) fn no_delegation_set(id: &str) -> Fault {
    Fault::caller("NoSuchDelegationSet", format!("A delegation set with ID {id} does not exist."))
}
