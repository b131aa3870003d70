//! Makes a hosted zone with its SOA and NS records, public with four name servers or private for a VPC.

use std::collections::BTreeSet;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{CreateHostedZoneRequest, CreateHostedZoneResponse};
use keyward_store::{KeyRange, Txn};

use super::shown;
use crate::changes::Outcome;
use crate::record::{RecordSet, RecordType};
use crate::rows::{
    self, Delegated, DelegatedRow, Family, FamilyRow, Index, IndexRow, Touched, Visibility, Vpc, Zone,
};
use crate::service::{count_zones, zone_row};
use crate::{RecordName, Route53, ZoneId};

/// Seconds that a new zone's NS set may be kept.
const NS_TTL_SECONDS: u32 = 172_800;
/// Seconds that a new zone's SOA may be kept.
const SOA_TTL_SECONDS: u32 = 900;
/// Related zones whose servers are looked at, at most.
const RELATED_MAX: usize = 10_000;

/// `route53:CreateHostedZone`.
pub(super) struct CreateHostedZone;

/// What is to be made.
pub(crate) struct Plan {
    name: RecordName,
    place: Place,
}

enum Place {
    /// At servers other than those that related zones have; how many zones the family has.
    Public {
        taken: BTreeSet<String>,
        family: u64,
    },
    Private(Vpc),
}

impl Operation for CreateHostedZone {
    type Shape = keyward_schema::route53::CreateHostedZone;
    type Service = Route53;
    type Subject = Result<Plan, Fault>;

    async fn resolve(
        service: &Route53,
        request: &RequestContext,
        input: &CreateHostedZoneRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let check = |action| Check::identity(action, "*", request.account());
        let mut checks = vec![check("route53:CreateHostedZone")];
        if let Some(vpc) = &input.vpc {
            let region = vpc.vpc_region.map_or("", |region| region.as_str());
            let vpcs = format!("VPCId={},VPCRegion={region}", vpc.vpc_id.as_deref().unwrap_or_default());
            checks = vec![check("route53:CreateHostedZone").with("route53:VPCs", vpcs)];
            checks.push(check("ec2:DescribeVpcs"));
        }
        Ok((plan(service, request, input, view).await, checks))
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<CreateHostedZoneResponse, RunError> {
        let (txn, request) = (permit.txn(), permit.request().clone());
        let input = permit.input();
        let (reference, config) = (input.caller_reference.clone(), input.hosted_zone_config.clone());
        let plan = permit.into_subject()?;
        let (visibility, servers) = place(service, &plan.place)?;
        let mut zone = Zone {
            id: ZoneId::random(&*service.random),
            owner: request.account(),
            name: plan.name.clone(),
            caller_reference: reference,
            comment: config.and_then(|config| config.comment).filter(|comment| !comment.is_empty()),
            visibility,
            record_sets: 2,
            version: 0,
            content_version: 1,
            wish_version: 1,
            created: request.now,
        };
        let txn = index(txn, &zone, &plan)?;
        let (txn, change_info) = service.change(txn, &mut zone, Touched::Zone, request.now, None)?;
        let outcome = apex(service, &zone, &servers);
        let txn = service.content(&zone.id).write(txn, outcome, zone.version).await?;
        service.store.txn(txn).await?;
        let vpc = match &plan.place {
            Place::Private(vpc) => Some(shown::vpc(vpc)),
            Place::Public { .. } => None,
        };
        Ok(CreateHostedZoneResponse {
            hosted_zone: shown::hosted_zone(&zone),
            change_info,
            delegation_set: shown::delegation_set(servers),
            vpc,
            location: shown::location(&format!("hostedzone/{}", zone.id)),
        })
    }
}

async fn plan(
    service: &Route53,
    request: &RequestContext,
    input: &CreateHostedZoneRequest,
    view: &mut View<'_>,
) -> Result<Plan, Fault> {
    let name = read_name(input)?;
    if let Some(id) = &input.delegation_set_id {
        return Err(shown::no_delegation_set(id));
    }
    if view.get(&rows::reference(request.account(), &input.caller_reference)).await?.is_some() {
        let text = "A hosted zone has already been created with the specified caller reference.";
        return Err(Fault::caller("HostedZoneAlreadyExists", text));
    }
    let limit = service.config.quotas.hosted_zones;
    if count_zones(&*service.store, request.account(), limit).await? >= limit {
        let text = format!("This account has reached its limit of {limit} hosted zones.");
        return Err(Fault::caller("TooManyHostedZones", text));
    }
    let place = match &input.vpc {
        Some(vpc) => Place::Private(free_vpc(view, shown::read_vpc(vpc)?, &name).await?),
        None => related(view, &name).await?,
    };
    Ok(Plan { name, place })
}

fn read_name(input: &CreateHostedZoneRequest) -> Result<RecordName, Fault> {
    let invalid = |text: String| Fault::caller("InvalidDomainName", text);
    let name = RecordName::parse(&input.name).map_err(|error| invalid(error.to_string()))?;
    if name.is_wildcard() {
        return Err(invalid(format!(
            "The domain name {name} is not valid: it can't begin with an asterisk."
        )));
    }
    let private = input.hosted_zone_config.as_ref().and_then(|config| config.private_zone) == Some(true);
    if input.vpc.is_none() && private {
        let text = "A private hosted zone needs a VPC when it is created.";
        return Err(Fault::caller("InvalidInput", text));
    }
    if input.vpc.is_none() && name.label_count() < 2 {
        return Err(invalid(format!(
            "The domain name {name} is a top-level domain: it can't be a hosted zone."
        )));
    }
    Ok(name)
}

/// The VPC, unless it uses another zone of this name already.
pub(super) async fn free_vpc(view: &mut View<'_>, vpc: Vpc, name: &RecordName) -> Result<Vpc, Fault> {
    let Some(row) = view.get(&rows::vpc_zone(&vpc, name)).await? else { return Ok(vpc) };
    let Index { zone } = rows::decode::<IndexRow>(&row)?.into();
    if zone_row(view, &zone).await?.is_none() {
        return Ok(vpc);
    }
    let Vpc { region, id } = vpc;
    Err(Fault::caller(
        "ConflictingDomainExists",
        format!(
            "The VPC {id} in region {region} has already been associated with the hosted zone {zone} with the same domain name."
        ),
    ))
}

/// The servers of zones of this name, above it and below it. The family's row guards them.
async fn related(view: &mut View<'_>, name: &RecordName) -> Result<Place, Fault> {
    let family = match view.get(&rows::family(name)).await? {
        Some(row) => Family::from(rows::decode::<FamilyRow>(&row)?).zones,
        None => 0,
    };
    let mut prefixes = vec![rows::delegated_within(name)];
    let mut above = name.parent();
    while let Some(ancestor) = above {
        prefixes.push(rows::delegated_at(&ancestor));
        above = ancestor.parent();
    }
    let mut taken = BTreeSet::new();
    for prefix in prefixes {
        for row in view.range(&KeyRange::prefix(&prefix), RELATED_MAX).await? {
            taken.extend(Delegated::from(rows::decode::<DelegatedRow>(&row)?).name_servers);
        }
    }
    Ok(Place::Public { taken, family })
}

fn place(service: &Route53, place: &Place) -> Result<(Visibility, Vec<String>), Fault> {
    let scheme = &service.config.name_servers;
    match place {
        Place::Private(vpc) => Ok((Visibility::Private(vec![vpc.clone()]), scheme.private())),
        Place::Public { taken, .. } => {
            let servers = scheme.choose(taken, &*service.random).map_err(|_| {
                let text = "There are too many hosted zones of this name, above it and below it to give it name servers of its own.";
                Fault::caller("DelegationSetNotAvailable", text)
            })?;
            Ok((Visibility::Public(servers.clone()), servers))
        }
    }
}

/// The rows by which the zone is found.
fn index(txn: Txn, zone: &Zone, plan: &Plan) -> Result<Txn, Fault> {
    let index = rows::encode(&IndexRow::V1(Index { zone: zone.id.clone() }))?;
    let id = zone.id.as_str();
    let txn = txn
        .put(rows::zone_of(zone.owner, id), index.clone())
        .put(rows::zone_named(zone.owner, &zone.name, id), index.clone())
        .put(rows::reference(zone.owner, &zone.caller_reference), index.clone());
    match (&plan.place, &zone.visibility) {
        (Place::Public { family, .. }, Visibility::Public(servers)) => {
            let delegated = Delegated { zone: zone.id.clone(), name_servers: servers.clone() };
            let family = rows::encode(&FamilyRow::V1(Family { zones: family + 1 }))?;
            Ok(txn
                .put(rows::delegated(&zone.name, &zone.id), rows::encode(&DelegatedRow::V1(delegated))?)
                .put(rows::family(&zone.name), family))
        }
        (Place::Private(vpc), _) => Ok(txn.put(rows::vpc_zone(vpc, &zone.name), index)),
        (Place::Public { .. }, Visibility::Private(_)) => Err(Fault::ours("a public zone became private")),
    }
}

/// The records that every zone begins with.
fn apex(service: &Route53, zone: &Zone, servers: &[String]) -> Outcome {
    let first = servers.first().map_or("", String::as_str);
    let soa = format!("{first}. {} 1 7200 900 1209600 86400", service.config.hostmaster);
    let set = |kind, ttl_seconds, values| RecordSet { name: zone.name.clone(), kind, ttl_seconds, values };
    let sets = [
        set(RecordType::Soa, SOA_TTL_SECONDS, vec![soa]),
        set(RecordType::Ns, NS_TTL_SECONDS, servers.iter().map(|server| format!("{server}.")).collect()),
    ];
    let effects = sets.into_iter().map(|set| (set.key(), Some(set))).collect();
    Outcome { effects, touched: [zone.name.clone()].into(), growth: 2 }
}
