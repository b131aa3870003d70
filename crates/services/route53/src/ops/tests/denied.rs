//! Who has no permission is refused before anything is looked at or changed.

use keyward_gate::{Caller, testing};
use keyward_schema::OperationShape;
use keyward_schema::route53::{
    ActivateKeySigningKey, ActivateKeySigningKeyRequest, AssociateVPCWithHostedZone,
    AssociateVPCWithHostedZoneRequest, ChangeResourceRecordSets, ChangeTagsForResource,
    ChangeTagsForResourceRequest, CreateHostedZone, CreateKeySigningKey, CreateKeySigningKeyRequest,
    DeactivateKeySigningKey, DeactivateKeySigningKeyRequest, DeleteHostedZone, DeleteHostedZoneRequest,
    DeleteKeySigningKey, DeleteKeySigningKeyRequest, DisableHostedZoneDNSSEC, DisableHostedZoneDNSSECRequest,
    DisassociateVPCFromHostedZone, DisassociateVPCFromHostedZoneRequest, EnableHostedZoneDNSSEC,
    EnableHostedZoneDNSSECRequest, GetChange, GetChangeRequest, GetDNSSEC, GetDNSSECRequest, GetHostedZone,
    GetHostedZoneCount, GetHostedZoneCountRequest, GetHostedZoneRequest, ListHostedZones,
    ListHostedZonesByName, ListHostedZonesByNameRequest, ListHostedZonesByVPC, ListHostedZonesByVPCRequest,
    ListHostedZonesRequest, ListResourceRecordSets, ListResourceRecordSetsRequest, ListTagsForResource,
    ListTagsForResourceRequest, ListTagsForResources, ListTagsForResourcesRequest, Tag, TagResourceType,
    UpdateHostedZoneComment, UpdateHostedZoneCommentRequest,
};

use crate::bench::{Bench, account, bare, batch, change, other_account, private, public, vpc};

async fn denied<S: OperationShape>(bench: &Bench, caller: &Caller, input: S::Input) {
    let fault = bench.call_as::<S>(caller, input).await.err().unwrap();
    assert_eq!(fault.code(), "AccessDeniedException", "{}", S::NAME);
    let action = format!("is not authorized to perform: route53:{}", S::NAME);
    assert!(fault.message().is_some_and(|text| text.contains(&action)), "{fault}");
}

/// Calls every operation on `zone` and `made` (a change) and sees each refused.
async fn all_denied(bench: &Bench, caller: &Caller, zone: &str, made: &str) {
    let id = || zone.to_owned();
    let (name, kind) = (|| "K".to_owned(), TagResourceType::Hostedzone);
    let tags = Some(vec![Tag { key: Some("k".to_owned()), value: Some("v".to_owned()) }]);
    denied::<GetHostedZone>(bench, caller, GetHostedZoneRequest { id: id() }).await;
    denied::<DeleteHostedZone>(bench, caller, DeleteHostedZoneRequest { id: id() }).await;
    let comment = UpdateHostedZoneCommentRequest { id: id(), comment: None };
    denied::<UpdateHostedZoneComment>(bench, caller, comment).await;
    let set = change("CREATE", "x.a.org", "A", 60, &["192.0.2.1"]);
    denied::<ChangeResourceRecordSets>(bench, caller, batch(zone, vec![set])).await;
    let list = ListResourceRecordSetsRequest {
        hosted_zone_id: id(),
        start_record_name: None,
        start_record_type: None,
        start_record_identifier: None,
        max_items: None,
    };
    denied::<ListResourceRecordSets>(bench, caller, list).await;
    denied::<GetChange>(bench, caller, GetChangeRequest { id: made.to_owned() }).await;
    let change_tags = ChangeTagsForResourceRequest {
        resource_type: kind,
        resource_id: id(),
        add_tags: tags,
        remove_tag_keys: None,
    };
    denied::<ChangeTagsForResource>(bench, caller, change_tags).await;
    let list_tags = ListTagsForResourceRequest { resource_type: kind, resource_id: id() };
    denied::<ListTagsForResource>(bench, caller, list_tags).await;
    let many = ListTagsForResourcesRequest { resource_type: kind, resource_ids: vec![id()] };
    denied::<ListTagsForResources>(bench, caller, many).await;
    let join = AssociateVPCWithHostedZoneRequest { hosted_zone_id: id(), vpc: vpc("vpc-1"), comment: None };
    denied::<AssociateVPCWithHostedZone>(bench, caller, join).await;
    let leave =
        DisassociateVPCFromHostedZoneRequest { hosted_zone_id: id(), vpc: vpc("vpc-1"), comment: None };
    denied::<DisassociateVPCFromHostedZone>(bench, caller, leave).await;
    denied::<GetDNSSEC>(bench, caller, GetDNSSECRequest { hosted_zone_id: id() }).await;
    let enable = EnableHostedZoneDNSSECRequest { hosted_zone_id: id() };
    denied::<EnableHostedZoneDNSSEC>(bench, caller, enable).await;
    let disable = DisableHostedZoneDNSSECRequest { hosted_zone_id: id() };
    denied::<DisableHostedZoneDNSSEC>(bench, caller, disable).await;
    let create = CreateKeySigningKeyRequest {
        caller_reference: "r".to_owned(),
        hosted_zone_id: id(),
        key_management_service_arn: "arn".to_owned(),
        name: "KSK".to_owned(),
        status: "ACTIVE".to_owned(),
    };
    denied::<CreateKeySigningKey>(bench, caller, create).await;
    let key = || "KSK".to_owned() + &name();
    let activate = ActivateKeySigningKeyRequest { hosted_zone_id: id(), name: key() };
    denied::<ActivateKeySigningKey>(bench, caller, activate).await;
    let deactivate = DeactivateKeySigningKeyRequest { hosted_zone_id: id(), name: key() };
    denied::<DeactivateKeySigningKey>(bench, caller, deactivate).await;
    let delete = DeleteKeySigningKeyRequest { hosted_zone_id: id(), name: key() };
    denied::<DeleteKeySigningKey>(bench, caller, delete).await;
}

#[tokio::test]
async fn a_user_without_policies_may_do_nothing() {
    let bench = Bench::new();
    let made = bench.create_zone("a.org", "r").await;
    let (zone, change) = (bare(&made.hosted_zone.id), bare(&made.change_info.id));
    let before = bench.rows();
    let nobody = testing::user(account(), "nobody", &[]);
    all_denied(&bench, &nobody, &zone, &change).await;
    denied::<CreateHostedZone>(&bench, &nobody, public("b.org", "x")).await;
    denied::<ListHostedZones>(&bench, &nobody, ListHostedZonesRequest::default()).await;
    denied::<ListHostedZonesByName>(&bench, &nobody, ListHostedZonesByNameRequest::default()).await;
    denied::<GetHostedZoneCount>(&bench, &nobody, GetHostedZoneCountRequest::default()).await;
    let by_vpc = ListHostedZonesByVPCRequest {
        vpc_id: "vpc-1".to_owned(),
        vpc_region: "us-east-1".parse().unwrap(),
        max_items: None,
        next_token: None,
    };
    denied::<ListHostedZonesByVPC>(&bench, &nobody, by_vpc).await;
    assert_eq!(bench.rows(), before);
}

#[tokio::test]
async fn another_account_may_do_nothing_with_a_zone() {
    let bench = Bench::new();
    let made = bench.create_zone("a.org", "r").await;
    let before = bench.rows();
    let stranger = testing::root(other_account());
    all_denied(&bench, &stranger, &bare(&made.hosted_zone.id), &bare(&made.change_info.id)).await;
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let admin = testing::user(other_account(), "admin", &[all]);
    all_denied(&bench, &admin, &bare(&made.hosted_zone.id), &bare(&made.change_info.id)).await;
    assert_eq!(bench.rows(), before);
}

#[tokio::test]
async fn permission_is_asked_before_a_zone_is_missed() {
    let bench = Bench::new();
    let nobody = testing::user(account(), "nobody", &[]);
    all_denied(&bench, &nobody, "Z404", "C404").await;
}

const ACME_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Action":"route53:ChangeResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/*",
    "Condition":{"ForAllValues:StringEquals":{
        "route53:ChangeResourceRecordSetsNormalizedRecordNames":["_acme-challenge.a.org","\\052.a.org"],
        "route53:ChangeResourceRecordSetsRecordTypes":["TXT"],
        "route53:ChangeResourceRecordSetsActions":["UPSERT","DELETE"]}}}]}"#;

#[tokio::test]
async fn a_policy_limits_names_types_and_actions_of_a_batch() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let acme = testing::user(account(), "acme", &[ACME_ONLY]);
    let may = |action: &str, name: &str, kind: &str, value: &str| {
        batch(&zone, vec![change(action, name, kind, 60, &[value])])
    };
    let txt = "\"token\"";
    let allowed = may("UPSERT", "_ACME-challenge.A.org.", "TXT", txt);
    bench.call_as::<ChangeResourceRecordSets>(&acme, allowed).await.unwrap();
    let allowed = may("UPSERT", "*.a.org", "TXT", txt);
    bench.call_as::<ChangeResourceRecordSets>(&acme, allowed).await.unwrap();
    for input in [
        may("UPSERT", "www.a.org", "TXT", txt),
        may("UPSERT", "_acme-challenge.a.org", "A", "192.0.2.1"),
        may("CREATE", "_acme-challenge.a.org", "TXT", txt),
        may("UPSERT", "_acme-challenge..a.org", "TXT", txt),
    ] {
        denied::<ChangeResourceRecordSets>(&bench, &acme, input).await;
    }
    let mixed = vec![
        change("UPSERT", "_acme-challenge.a.org", "TXT", 60, &[txt]),
        change("UPSERT", "www.a.org", "TXT", 60, &[txt]),
    ];
    denied::<ChangeResourceRecordSets>(&bench, &acme, batch(&zone, mixed)).await;
}

#[tokio::test]
async fn a_private_zone_also_takes_permission_to_see_vpcs() {
    let bench = Bench::new();
    let create =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"route53:*","Resource":"*"}]}"#;
    let user = testing::user(account(), "dns", &[create]);
    bench.call_as::<CreateHostedZone>(&user, public("a.org", "1")).await.unwrap();
    let fault = bench.call_as::<CreateHostedZone>(&user, private("b.org", "2", "vpc-1")).await.err().unwrap();
    assert!(fault.message().unwrap().contains("ec2:DescribeVpcs"), "{fault}");
}
