//! VPCs of private zones.

use keyward_schema::route53::{
    AssociateVPCWithHostedZone, AssociateVPCWithHostedZoneRequest, CreateHostedZone,
    DisassociateVPCFromHostedZone, DisassociateVPCFromHostedZoneRequest, GetHostedZone, GetHostedZoneRequest,
};

use crate::Quotas;
use crate::bench::{Bench, bare, private, vpc};

fn join(zone: &str, id: &str) -> AssociateVPCWithHostedZoneRequest {
    AssociateVPCWithHostedZoneRequest { hosted_zone_id: zone.to_owned(), vpc: vpc(id), comment: None }
}

fn leave(zone: &str, id: &str) -> DisassociateVPCFromHostedZoneRequest {
    DisassociateVPCFromHostedZoneRequest { hosted_zone_id: zone.to_owned(), vpc: vpc(id), comment: None }
}

async fn private_zone(bench: &Bench, name: &str, reference: &str, vpc_id: &str) -> String {
    bare(&bench.call::<CreateHostedZone>(private(name, reference, vpc_id)).await.unwrap().hosted_zone.id)
}

#[tokio::test]
async fn vpcs_come_and_go() {
    let bench = Bench::new();
    let zone = private_zone(&bench, "a.org", "1", "vpc-1").await;
    bench.call::<AssociateVPCWithHostedZone>(join(&zone, "vpc-2")).await.unwrap();
    bench.call::<DisassociateVPCFromHostedZone>(leave(&zone, "vpc-1")).await.unwrap();
    let shown = bench.call::<GetHostedZone>(GetHostedZoneRequest { id: zone.clone() }).await.unwrap();
    let ids: Vec<_> = shown.vpcs.unwrap().into_iter().filter_map(|vpc| vpc.vpc_id).collect();
    assert_eq!(ids, ["vpc-2"]);
    let (code, _) = bench.refusal::<DisassociateVPCFromHostedZone>(leave(&zone, "vpc-1")).await;
    assert_eq!(code, "VPCAssociationNotFound");
    let (code, _) = bench.refusal::<DisassociateVPCFromHostedZone>(leave(&zone, "vpc-2")).await;
    assert_eq!(code, "LastVPCAssociation");
}

#[tokio::test]
async fn refuses_vpcs_that_do_not_fit() {
    let bench = Bench::with_quotas(Quotas { vpcs: 2, ..Quotas::default() });
    let public = bench.zone("p.org").await;
    let zone = private_zone(&bench, "a.org", "1", "vpc-1").await;
    let refusal = async |zone: &str, id| bench.refusal::<AssociateVPCWithHostedZone>(join(zone, id)).await;
    assert_eq!(refusal(&public, "vpc-1").await.0, "PublicZoneVPCAssociation");
    assert_eq!(refusal("Z404", "vpc-1").await.0, "NoSuchHostedZone");
    assert_eq!(refusal(&zone, "i-1").await.0, "InvalidVPCId");
    let (code, text) = refusal(&zone, "vpc-1").await;
    assert_eq!(code, "ConflictingDomainExists");
    assert!(text.contains("with the same domain name"), "{text}");
    private_zone(&bench, "a.org", "2", "vpc-2").await;
    assert_eq!(refusal(&zone, "vpc-2").await.0, "ConflictingDomainExists");
    bench.call::<AssociateVPCWithHostedZone>(join(&zone, "vpc-3")).await.unwrap();
    assert_eq!(refusal(&zone, "vpc-4").await.0, "LimitsExceeded");
}
