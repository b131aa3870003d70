//! Lists of zones: by id, by name, by VPC; in order, in pages, each account its own.

use keyward_gate::testing;
use keyward_schema::route53::{
    CreateHostedZone, ListHostedZones, ListHostedZonesByName, ListHostedZonesByNameRequest,
    ListHostedZonesByVPC, ListHostedZonesByVPCRequest, ListHostedZonesRequest,
};

use crate::bench::{Bench, bare, other_account, private, public};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn lists_all_zones_in_pages() {
    let bench = Bench::new();
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(bare(&bench.create_zone("a.org", &number.to_string()).await.hosted_zone.id));
    }
    made.sort();
    let (mut seen, mut marker): (Vec<String>, Option<String>) = (Vec::new(), None);
    loop {
        let input = ListHostedZonesRequest {
            marker: marker.clone(),
            max_items: text("2"),
            ..ListHostedZonesRequest::default()
        };
        let page = bench.call::<ListHostedZones>(input).await.unwrap();
        assert_eq!(page.marker, marker.unwrap_or_default());
        assert!(page.hosted_zones.iter().all(|zone| zone.config.as_ref().unwrap().private_zone.is_some()));
        seen.extend(page.hosted_zones.iter().map(|zone| bare(&zone.id)));
        assert_eq!(page.is_truncated, page.next_marker.is_some());
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, made);
}

#[tokio::test]
async fn lists_private_zones_alone() {
    let bench = Bench::new();
    bench.create_zone("a.org", "1").await;
    bench.call::<CreateHostedZone>(private("b.org", "2", "vpc-1")).await.unwrap();
    let input = ListHostedZonesRequest {
        hosted_zone_type: "PrivateHostedZone".parse().ok(),
        ..ListHostedZonesRequest::default()
    };
    let zones = bench.call::<ListHostedZones>(input).await.unwrap().hosted_zones;
    assert_eq!(zones.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>(), ["b.org."]);
}

#[tokio::test]
async fn an_account_sees_its_own_zones_only() {
    let bench = Bench::new();
    bench.create_zone("a.org", "1").await;
    let other = testing::root(other_account());
    // The same reference in another account is another reference.
    bench.call_as::<CreateHostedZone>(&other, public("b.org", "1")).await.unwrap();
    let zones = bench.call_as::<ListHostedZones>(&other, ListHostedZonesRequest::default()).await.unwrap();
    assert_eq!(zones.hosted_zones.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>(), ["b.org."]);
}

#[tokio::test]
async fn lists_by_name_from_any_name_on() {
    let bench = Bench::new();
    for (number, name) in ["b.org", "a.org", "x.a.org", "a-b.org", "a.com", "a.org"].iter().enumerate() {
        bench.create_zone(name, &number.to_string()).await;
    }
    let input = |name: Option<&str>, id: Option<String>, max: Option<&str>| ListHostedZonesByNameRequest {
        dns_name: name.map(str::to_owned),
        hosted_zone_id: id,
        max_items: max.map(str::to_owned),
    };
    let names = async |input| -> Vec<String> {
        let page = bench.call::<ListHostedZonesByName>(input).await.unwrap();
        page.hosted_zones.into_iter().map(|zone| zone.name).collect()
    };
    let all = ["a.com.", "a-b.org.", "a.org.", "a.org.", "x.a.org.", "b.org."];
    assert_eq!(names(input(None, None, None)).await, all);
    assert_eq!(names(input(Some("a.org"), None, None)).await, all[2..]);
    assert_eq!(names(input(Some("aa.org"), None, None)).await, all[5..]);

    let page = bench.call::<ListHostedZonesByName>(input(Some("a.org"), None, Some("1"))).await.unwrap();
    assert_eq!((page.next_dns_name.as_deref(), page.dns_name.as_deref()), (Some("a.org."), Some("a.org")));
    let next = input(Some("a.org."), page.next_hosted_zone_id, Some("1"));
    let second = bench.call::<ListHostedZonesByName>(next).await.unwrap();
    assert_ne!(second.hosted_zones[0].id, page.hosted_zones[0].id);
    assert_eq!(second.next_dns_name.as_deref(), Some("x.a.org."));

    assert_eq!(
        bench.refusal::<ListHostedZonesByName>(input(Some("a..b"), None, None)).await.0,
        "InvalidDomainName"
    );
    assert_eq!(bench.refusal::<ListHostedZonesByName>(input(None, text("Z1"), None)).await.0, "InvalidInput");
}

#[tokio::test]
async fn lists_by_vpc_in_pages() {
    let bench = Bench::new();
    for name in ["a.org", "b.org", "c.org"] {
        bench.call::<CreateHostedZone>(private(name, name, "vpc-1")).await.unwrap();
    }
    bench.call::<CreateHostedZone>(private("d.org", "d", "vpc-2")).await.unwrap();
    let input = |token: Option<String>| ListHostedZonesByVPCRequest {
        vpc_id: "vpc-1".to_owned(),
        vpc_region: "us-east-1".parse().unwrap(),
        max_items: text("2"),
        next_token: token,
    };
    let first = bench.call::<ListHostedZonesByVPC>(input(None)).await.unwrap();
    let second = bench.call::<ListHostedZonesByVPC>(input(first.next_token.clone())).await.unwrap();
    assert!(second.next_token.is_none());
    let summaries: Vec<_> = [first.hosted_zone_summaries, second.hosted_zone_summaries].concat();
    assert_eq!(
        summaries.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>(),
        ["a.org.", "b.org.", "c.org."]
    );
    assert_eq!(summaries[0].owner.owning_account.as_deref(), Some("111122223333"));
    assert_eq!(bench.refusal::<ListHostedZonesByVPC>(input(text("??"))).await.0, "InvalidPaginationToken");
}

#[tokio::test]
async fn a_deleted_private_zone_leaves_its_vpc() {
    let bench = Bench::new();
    let made = bench.call::<CreateHostedZone>(private("a.org", "1", "vpc-1")).await.unwrap();
    let input = keyward_schema::route53::DeleteHostedZoneRequest { id: made.hosted_zone.id };
    bench.call::<keyward_schema::route53::DeleteHostedZone>(input).await.unwrap();
    bench.call::<CreateHostedZone>(private("a.org", "2", "vpc-1")).await.unwrap();
}
