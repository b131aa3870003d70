//! Hosted zones: made, shown, commented, deleted.

use std::collections::BTreeSet;

use keyward_schema::route53::{
    CreateHostedZone, CreateHostedZoneRequest, DeleteHostedZone, DeleteHostedZoneRequest, GetChange,
    GetChangeRequest, GetHostedZone, GetHostedZoneCount, GetHostedZoneCountRequest, GetHostedZoneRequest,
    HostedZoneConfig, ListResourceRecordSets, ListResourceRecordSetsRequest, UpdateHostedZoneComment,
    UpdateHostedZoneCommentRequest,
};

use crate::Quotas;
use crate::bench::{Bench, bare, change, private, public};

async fn get(bench: &Bench, zone: &str) -> keyward_schema::route53::GetHostedZoneResponse {
    bench.call::<GetHostedZone>(GetHostedZoneRequest { id: zone.to_owned() }).await.unwrap()
}

fn delete(zone: &str) -> DeleteHostedZoneRequest {
    DeleteHostedZoneRequest { id: zone.to_owned() }
}

fn list(zone: &str) -> ListResourceRecordSetsRequest {
    ListResourceRecordSetsRequest {
        hosted_zone_id: zone.to_owned(),
        start_record_name: None,
        start_record_type: None,
        start_record_identifier: None,
        max_items: None,
    }
}

#[tokio::test]
async fn a_new_public_zone_has_four_servers_soa_and_ns() {
    let bench = Bench::new();
    let comment = HostedZoneConfig { comment: Some("mine".to_owned()), private_zone: None };
    let input = CreateHostedZoneRequest { hosted_zone_config: Some(comment), ..public("Example.ORG", "r") };
    let made = bench.call::<CreateHostedZone>(input).await.unwrap();
    let zone = &made.hosted_zone;
    assert!(zone.id.starts_with("/hostedzone/Z"));
    assert_eq!(zone.name, "example.org.");
    assert_eq!(zone.resource_record_set_count, Some(2));
    let config = zone.config.clone().unwrap();
    assert_eq!((config.comment.as_deref(), config.private_zone), (Some("mine"), Some(false)));
    assert_eq!(made.change_info.status.as_str(), "PENDING");
    assert!(made.change_info.id.starts_with("/change/C"));
    assert_eq!(made.location, format!("https://route53.amazonaws.com/2013-04-01{}", zone.id));
    let servers = made.delegation_set.name_servers;
    assert_eq!(servers.len(), 4);

    let id = bare(&zone.id);
    let shown = get(&bench, &id).await;
    assert_eq!(shown.delegation_set.unwrap().name_servers, servers);
    assert_eq!(shown.hosted_zone, *zone);
    let sets = bench.call::<ListResourceRecordSets>(list(&id)).await.unwrap().resource_record_sets;
    let [ns, soa] = sets.as_slice() else { panic!("{sets:?}") };
    assert_eq!((ns.r#type.as_str(), ns.ttl), ("NS", Some(172_800)));
    let named: Vec<String> =
        ns.resource_records.iter().flatten().map(|record| record.value.clone()).collect();
    assert_eq!(named, servers.iter().map(|server| format!("{server}.")).collect::<Vec<_>>());
    assert_eq!((soa.r#type.as_str(), soa.ttl), ("SOA", Some(900)));
    let value = &soa.resource_records.as_ref().unwrap()[0].value;
    assert_eq!(*value, format!("{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", servers[0]));
}

#[tokio::test]
async fn zones_of_one_name_above_and_below_share_no_server_and_others_may() {
    for names in
        [["a.org", "a.org", "a.org"], ["a.org", "b.a.org", "c.b.a.org"], ["c.b.a.org", "b.a.org", "a.org"]]
    {
        let bench = Bench::with_servers(3);
        let mut servers = BTreeSet::new();
        for (number, name) in names.iter().enumerate() {
            let made = bench.create_zone(name, &number.to_string()).await;
            for server in made.delegation_set.name_servers {
                assert!(servers.insert(server), "{names:?}");
            }
        }
        let none_left = bench.refusal::<CreateHostedZone>(public("c.b.a.org", "x")).await;
        assert_eq!(none_left.0, "DelegationSetNotAvailable", "{names:?}");
        bench.create_zone("b.org", "y").await;
    }
}

#[tokio::test]
async fn zones_that_race_share_no_server() {
    let bench = Bench::with_servers(1);
    let make = |name, reference| bench.call::<CreateHostedZone>(public(name, reference));
    let (one, two, three) = tokio::join!(make("a.org", "1"), make("b.a.org", "2"), make("a.org", "3"));
    let made = [one, two, three].into_iter().filter(Result::is_ok).count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_new_private_zone_has_its_vpc() {
    let bench = Bench::new();
    let made = bench.call::<CreateHostedZone>(private("corp", "r", "vpc-1a")).await.unwrap();
    assert_eq!(made.vpc.unwrap().vpc_id.as_deref(), Some("vpc-1a"));
    let shown = get(&bench, &made.hosted_zone.id).await;
    assert_eq!(shown.hosted_zone.config.unwrap().private_zone, Some(true));
    assert!(shown.delegation_set.is_none());
    assert_eq!(shown.vpcs.unwrap().len(), 1);
}

#[tokio::test]
async fn refuses_to_make_what_can_be_no_zone() {
    let bench = Bench::with_quotas(Quotas { hosted_zones: 1, ..Quotas::default() });
    let before = bench.rows();
    let refusal = async |input| bench.refusal::<CreateHostedZone>(input).await;
    let (code, text) = refusal(public("a..org", "r")).await;
    assert_eq!(code, "InvalidDomainName");
    assert_eq!(text, "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..org'");
    for wrong in ["org", "*.a.org", "a b.org", ""] {
        assert_eq!(refusal(public(wrong, "r")).await.0, "InvalidDomainName", "{wrong}");
    }
    assert_eq!(refusal(private("a.org", "r", "net-1")).await.0, "InvalidVPCId");
    let private_without_vpc = Some(HostedZoneConfig { comment: None, private_zone: Some(true) });
    let input = CreateHostedZoneRequest { hosted_zone_config: private_without_vpc, ..public("a.org", "r") };
    assert_eq!(refusal(input).await.0, "InvalidInput");
    let input = CreateHostedZoneRequest { delegation_set_id: Some("N1".to_owned()), ..public("a.org", "r") };
    assert_eq!(refusal(input).await.0, "NoSuchDelegationSet");
    assert_eq!(bench.rows(), before);

    bench.create_zone("a.org", "r").await;
    assert_eq!(refusal(public("a.org", "r")).await.0, "HostedZoneAlreadyExists");
    assert_eq!(refusal(public("a.org", "r2")).await.0, "TooManyHostedZones");
}

#[tokio::test]
async fn five_hundred_and_twelve_zones_of_one_name_use_up_the_servers() {
    let bench = Bench::with_quotas(Quotas { hosted_zones: 1000, ..Quotas::default() });
    for number in 0..512 {
        bench.create_zone("a.org", &number.to_string()).await;
    }
    assert_eq!(bench.refusal::<CreateHostedZone>(public("a.org", "x")).await.0, "DelegationSetNotAvailable");
    bench.create_zone("b.org", "y").await;
}

#[tokio::test]
async fn unknown_zones_are_told_by_their_id() {
    let bench = Bench::new();
    for asked in ["Z404", "/hostedzone/Z404", "no id"] {
        let input = GetHostedZoneRequest { id: asked.to_owned() };
        let (code, text) = bench.refusal::<GetHostedZone>(input).await;
        assert_eq!(
            (code.as_str(), text),
            ("NoSuchHostedZone", format!("No hosted zone found with ID: {}", bare(asked)))
        );
        assert_eq!(bench.refusal::<DeleteHostedZone>(delete(asked)).await.0, "NoSuchHostedZone");
    }
}

#[tokio::test]
async fn deletes_a_zone_with_every_trace_but_its_change() {
    let bench = Bench::new();
    let before = bench.rows().len();
    let made = bench.create_zone("a.org", "r").await;
    let gone = bench.call::<DeleteHostedZone>(delete(&made.hosted_zone.id)).await.unwrap();
    let (code, _) = bench.refusal::<GetHostedZone>(GetHostedZoneRequest { id: made.hosted_zone.id }).await;
    assert_eq!(code, "NoSuchHostedZone");
    // Two changes and what waits for them to be served; settled when the zone is not published any more.
    assert_eq!(bench.rows().len(), before + 4);
    bench.service.tidy_up().await.unwrap();
    assert_eq!(bench.rows().len(), before + 2);
    let status = bench.call::<GetChange>(GetChangeRequest { id: gone.change_info.id }).await.unwrap();
    assert_eq!(status.change_info.status.as_str(), "INSYNC");
    bench.create_zone("a.org", "r").await;
}

#[tokio::test]
async fn a_zone_with_records_stays() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    bench.change(&zone, vec![change("CREATE", "w.a.org", "A", 60, &["1.1.1.1"])]).await.unwrap();
    let (code, text) = bench.refusal::<DeleteHostedZone>(delete(&zone)).await;
    assert_eq!(code, "HostedZoneNotEmpty");
    assert_eq!(
        text,
        "The specified hosted zone contains non-required resource record sets  and so cannot be deleted."
    );
    bench.change(&zone, vec![change("DELETE", "w.a.org", "A", 60, &["1.1.1.1"])]).await.unwrap();
    bench.call::<DeleteHostedZone>(delete(&zone)).await.unwrap();
}

#[tokio::test]
async fn a_zone_is_deleted_while_batches_wait_in_its_journal() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let many = |action: &str| -> Vec<_> {
        (0..100).map(|n| change(action, &format!("n{n}.a.org"), "A", 60, &["1.1.1.1"])).collect()
    };
    bench.change(&zone, many("CREATE")).await.unwrap();
    bench.change(&zone, many("DELETE")).await.unwrap();
    bench.call::<DeleteHostedZone>(delete(&zone)).await.unwrap();
    let left = bench.rows();
    let of_records = |key: &str| key.contains("/set/") || key.contains("/journal/");
    assert!(!left.iter().any(|row| of_records(&format!("{:?}", row.key))), "{left:?}");
}

#[tokio::test]
async fn counts_zones() {
    let bench = Bench::new();
    for number in 0..3 {
        bench.create_zone("a.org", &number.to_string()).await;
    }
    let count = bench.call::<GetHostedZoneCount>(GetHostedZoneCountRequest::default()).await.unwrap();
    assert_eq!(count.hosted_zone_count, 3);
}

#[tokio::test]
async fn a_comment_is_changed_and_removed() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let comment = |text: Option<&str>| UpdateHostedZoneCommentRequest {
        id: zone.clone(),
        comment: text.map(str::to_owned),
    };
    for (given, shown) in [(Some("x"), Some("x")), (None, None)] {
        let answer = bench.call::<UpdateHostedZoneComment>(comment(given)).await.unwrap();
        assert_eq!(answer.hosted_zone.config.unwrap().comment.as_deref(), shown);
        assert_eq!(get(&bench, &zone).await.hosted_zone.config.unwrap().comment.as_deref(), shown);
    }
}

#[tokio::test]
async fn unknown_changes_are_told() {
    let bench = Bench::new();
    let (code, text) = bench.refusal::<GetChange>(GetChangeRequest { id: "/change/C404".to_owned() }).await;
    assert_eq!((code.as_str(), text.as_str()), ("NoSuchChange", "Could not find resource with ID: C404"));
}
