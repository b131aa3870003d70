//! Switches signing on, with every ACTIVE key-signing key.

use std::collections::BTreeSet;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{EnableHostedZoneDNSSECRequest, EnableHostedZoneDNSSECResponse};

use super::get_dnssec::Subject;
use crate::Route53;
use crate::dnssec::Refusal;
use crate::kms::ForZone;
use crate::record::RecordType;
use crate::rows::{Visibility, Zone};

/// `route53:EnableHostedZoneDNSSEC`.
pub(super) struct EnableHostedZoneDnssec;

impl Operation for EnableHostedZoneDnssec {
    type Shape = keyward_schema::route53::EnableHostedZoneDNSSEC;
    type Service = Route53;
    type Subject = Subject;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &EnableHostedZoneDNSSECRequest,
        view: &mut View<'_>,
    ) -> Result<(Subject, Vec<Check>), Fault> {
        Subject::resolve(request, view, &input.hosted_zone_id, "route53:EnableHostedZoneDNSSEC").await
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<EnableHostedZoneDNSSECResponse, RunError> {
        let (txn, request) = (permit.txn(), permit.request().clone());
        let (zone, mut dnssec) = permit.into_subject().public()?;
        let active = dnssec.check_enable(zone.id.as_str()).map_err(Fault::from)?;
        check_delegation(service, &zone).await?;
        let on_behalf = ForZone { zone: &zone.id, owner: zone.owner, partition: &request.partition };
        for key in active {
            service.check_key(key, on_behalf).await?;
        }
        dnssec.enable(zone.id.as_str()).map_err(Fault::from)?;
        let change_info = service.commit_dnssec(txn, zone, dnssec, request.now).await?;
        Ok(EnableHostedZoneDNSSECResponse { change_info })
    }
}

/// A parent that delegates the zone must name all of its servers and no others: those of its delegation
/// set, or those of its own NS set. A parent that does not delegate it, or does not answer, is no hindrance.
async fn check_delegation(service: &Route53, zone: &Zone) -> Result<(), Fault> {
    let Ok(Some(delegation)) = service.delegation(zone).await else {
        return Ok(());
    };
    let at_parent = server_set(delegation.name_servers.iter());
    let assigned = match &zone.visibility {
        Visibility::Public(servers) => server_set(servers.iter()),
        Visibility::Private(_) => BTreeSet::new(),
    };
    let apex = service.content(&zone.id).at_names([&zone.name]).await?;
    let own = apex.iter().filter(|set| set.kind == RecordType::Ns).flat_map(|set| &set.values);
    if at_parent.is_empty() || at_parent == assigned || at_parent == server_set(own) {
        return Ok(());
    }
    Err(Refusal::PartiallyDelegated.into())
}

fn server_set<'a>(names: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    names.map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect()
}
