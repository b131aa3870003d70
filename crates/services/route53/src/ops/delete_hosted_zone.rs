//! Removes a hosted zone that has nothing left but its SOA and NS records.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{DeleteHostedZoneRequest, DeleteHostedZoneResponse};
use keyward_store::Txn;

use crate::Route53;
use crate::dnssec::{Dnssec, Signing};
use crate::record::{RecordType, SetKey};
use crate::rows::{self, Family, FamilyRow, Touched, Visibility, Zone};
use crate::service::{Named, dnssec_row};

/// VPC rows that the transaction removes; more stay behind and are void, because their zone is gone.
const VPC_ROWS_MAX: usize = 64;

/// `route53:DeleteHostedZone`.
pub(super) struct DeleteHostedZone;

/// The zone, its DNSSEC, and how many zones its family has.
pub(crate) struct Doomed {
    zone: Named,
    dnssec: Dnssec,
    family: u64,
}

impl Operation for DeleteHostedZone {
    type Shape = keyward_schema::route53::DeleteHostedZone;
    type Service = Route53;
    type Subject = Doomed;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &DeleteHostedZoneRequest,
        view: &mut View<'_>,
    ) -> Result<(Doomed, Vec<Check>), Fault> {
        let (zone, check) = Route53::named(request, view, &input.id, "route53:DeleteHostedZone").await?;
        let mut doomed = Doomed { zone, dnssec: Dnssec::default(), family: 0 };
        if let Some(zone) = doomed.zone.as_zone() {
            doomed.dnssec = dnssec_row(view, &zone.id).await?;
            if let Some(row) = view.get(&rows::family(&zone.name)).await? {
                doomed.family = Family::from(rows::decode::<FamilyRow>(&row)?).zones;
            }
        }
        Ok((doomed, vec![check]))
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<DeleteHostedZoneResponse, RunError> {
        let (txn, now) = (permit.txn(), permit.request().now);
        let Doomed { zone, dnssec, family } = permit.into_subject();
        let mut zone = zone.zone()?;
        check_empty(&zone, &dnssec)?;
        // What is left must be rows, so that it can be removed by its keys.
        service.content(&zone.id).fold().await?;
        zone.version += 1;
        let txn = remove(txn, &zone, family)?;
        let (txn, change_info) = service.record(txn, &zone, Touched::Zone, now, None)?;
        service.store.txn(txn).await?;
        Ok(DeleteHostedZoneResponse { change_info })
    }
}

fn check_empty(zone: &Zone, dnssec: &Dnssec) -> Result<(), Fault> {
    let refuse = |what: &str| {
        let text = format!("The specified hosted zone contains {what} and so cannot be deleted.");
        Err(Fault::caller("HostedZoneNotEmpty", text))
    };
    if !dnssec.keys.is_empty() || matches!(dnssec.signing, Signing::Signing) {
        return refuse("DNSSEC Key Signing Keys");
    }
    // The apex always has its SOA and NS: what is beyond two is something else.
    if zone.record_sets > 2 { refuse("non-required resource record sets ") } else { Ok(()) }
}

fn remove(txn: Txn, zone: &Zone, family: u64) -> Result<Txn, Fault> {
    let id = zone.id.as_str();
    let apex = |kind| rows::set(&zone.id, &SetKey::new(&zone.name, kind, None));
    let txn = txn
        .delete(rows::zone(&zone.id))
        .delete(rows::zone_of(zone.owner, id))
        .delete(rows::zone_named(zone.owner, &zone.name, id))
        .delete(rows::reference(zone.owner, &zone.caller_reference))
        .delete(apex(RecordType::Soa))
        .delete(apex(RecordType::Ns))
        .delete(rows::dnssec(&zone.id))
        .delete(rows::tags(&zone.id));
    Ok(match &zone.visibility {
        Visibility::Public(_) => {
            let txn = txn.delete(rows::delegated(&zone.name, &zone.id));
            match family.saturating_sub(1) {
                0 => txn.delete(rows::family(&zone.name)),
                zones => txn.put(rows::family(&zone.name), rows::encode(&FamilyRow::V1(Family { zones }))?),
            }
        }
        Visibility::Private(vpcs) => {
            vpcs.iter().take(VPC_ROWS_MAX).fold(txn, |txn, vpc| txn.delete(rows::vpc_zone(vpc, &zone.name)))
        }
    })
}
