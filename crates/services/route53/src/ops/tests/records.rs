//! Record sets: changed in batches, listed in order and in pages.

use keyward_schema::route53::{
    AliasTarget, Change, ChangeAction, ChangeResourceRecordSets, ListResourceRecordSets,
    ListResourceRecordSetsRequest, ListResourceRecordSetsResponse, ResourceRecordSet,
};

use crate::Quotas;
use crate::bench::{Bench, batch, change, empty_set};

async fn page(
    bench: &Bench,
    zone: &str,
    from: Option<(&str, Option<&str>)>,
    max_items: Option<&str>,
) -> ListResourceRecordSetsResponse {
    bench.call::<ListResourceRecordSets>(asked(zone, from, max_items)).await.unwrap()
}

fn asked(
    zone: &str,
    from: Option<(&str, Option<&str>)>,
    max_items: Option<&str>,
) -> ListResourceRecordSetsRequest {
    ListResourceRecordSetsRequest {
        hosted_zone_id: zone.to_owned(),
        start_record_name: from.map(|(name, _)| name.to_owned()),
        start_record_type: from.and_then(|(_, kind)| kind).and_then(|kind| kind.parse().ok()),
        start_record_identifier: None,
        max_items: max_items.map(str::to_owned),
    }
}

fn listed(answer: &ListResourceRecordSetsResponse) -> Vec<String> {
    let text = |set: &ResourceRecordSet| format!("{} {}", set.name, set.r#type);
    answer.resource_record_sets.iter().map(text).collect()
}

#[tokio::test]
async fn every_type_is_kept_as_it_was_given() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let given = [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:DB8::1"),
        ("CAA", "0 issue \"ca.example\""),
        ("DS", "27578 13 2 21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA"),
        ("HTTPS", "1 . alpn=h2"),
        ("MX", "10 Mail.a.org"),
        ("NAPTR", "100 50 \"s\" \"SIP+D2U\" \"\" _sip._udp.a.org"),
        ("NS", "ns.a.org"),
        ("PTR", "www.a.org"),
        ("SPF", "\"v=spf1 -all\""),
        ("SRV", "10 5 80 host.a.org"),
        ("SSHFP", "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789"),
        ("SVCB", "16 foo.a.org port=53"),
        ("TLSA", "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"),
        ("TXT", "\"Some \\\"quoted\\\" text\" \"and \\052 more\""),
    ];
    let changes =
        given.iter().map(|(kind, value)| change("CREATE", "X.a.org", kind, 300, &[value])).collect();
    bench.change(&zone, changes).await.unwrap();
    let sets = page(&bench, &zone, Some(("x.a.org", None)), None).await.resource_record_sets;
    let shown: Vec<(&str, &str)> = sets
        .iter()
        .map(|set| (set.r#type.as_str(), set.resource_records.as_ref().unwrap()[0].value.as_str()))
        .collect();
    assert_eq!(shown, given);
    assert!(sets.iter().all(|set| set.name == "x.a.org." && set.ttl == Some(300)));
}

#[tokio::test]
async fn lists_in_order_with_escapes_and_in_pages() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let names = ["b.a.org", "*.a.org", "b-c.a.org", "x.b.a.org", "user@a.a.org"];
    let changes = names.iter().map(|name| change("CREATE", name, "A", 60, &["192.0.2.1"])).collect();
    bench.change(&zone, changes).await.unwrap();
    let whole = listed(&page(&bench, &zone, None, None).await);
    let expected = [
        "a.org. NS",
        "a.org. SOA",
        "\\052.a.org. A",
        "b-c.a.org. A",
        "b.a.org. A",
        "x.b.a.org. A",
        "user\\100a.a.org. A",
    ];
    assert_eq!(whole, expected);

    let (mut pages, mut from): (Vec<String>, Option<(String, String)>) = (Vec::new(), None);
    loop {
        let start = from.as_ref().map(|(name, kind)| (name.as_str(), Some(kind.as_str())));
        let answer = page(&bench, &zone, start, Some("2")).await;
        assert_eq!(answer.max_items, "2");
        pages.extend(listed(&answer));
        if !answer.is_truncated {
            assert!(answer.next_record_name.is_none());
            break;
        }
        from = answer.next_record_name.zip(answer.next_record_type.map(|kind| kind.to_string()));
    }
    assert_eq!(pages, whole);
}

#[tokio::test]
async fn starts_anywhere_and_refuses_half_a_start() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    assert_eq!(listed(&page(&bench, &zone, Some(("a.org", Some("PTR"))), None).await), ["a.org. SOA"]);
    assert!(listed(&page(&bench, &zone, Some(("b.org", None)), None).await).is_empty());
    let half =
        ListResourceRecordSetsRequest { start_record_type: "A".parse().ok(), ..asked(&zone, None, None) };
    assert_eq!(bench.refusal::<ListResourceRecordSets>(half).await.0, "InvalidInput");
    for wrong in ["0", "-1", "x"] {
        let input = asked(&zone, None, Some(wrong));
        assert_eq!(bench.refusal::<ListResourceRecordSets>(input).await.0, "InvalidInput", "{wrong}");
    }
    let many = page(&bench, &zone, None, Some("1000")).await;
    assert_eq!(many.max_items, "300");
}

#[tokio::test]
async fn a_refused_batch_changes_nothing_and_says_all_that_is_wrong() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let before = bench.rows();
    let (code, text) = bench
        .change(
            &zone,
            vec![
                change("CREATE", "good.a.org", "A", 60, &["192.0.2.1"]),
                change("CREATE", "b.org", "A", 60, &["192.0.2.1"]),
                change("DELETE", "none.a.org", "A", 60, &["192.0.2.1"]),
                change("CREATE", "bad.a.org", "A", 60, &["192.0.2"]),
            ],
        )
        .await
        .unwrap_err();
    assert_eq!(code, "InvalidChangeBatch");
    assert_eq!(
        text,
        "[RRSet with DNS name b.org. is not permitted in zone a.org., \
         Tried to delete resource record set [name='none.a.org.', type='A'] but it was not found, \
         Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '192.0.2'']"
    );
    let (code, text) =
        bench.change(&zone, vec![change("CREATE", "a b.a.org", "A", 60, &["192.0.2.1"])]).await.unwrap_err();
    assert_eq!(code, "InvalidChangeBatch");
    assert!(text.contains("UnsupportedCharacter (Value contains unsupported characters)"), "{text}");
    assert_eq!(bench.rows(), before);
}

fn with(set: ResourceRecordSet) -> Vec<Change> {
    vec![Change { action: ChangeAction::Create, resource_record_set: set }]
}

#[tokio::test]
async fn a_set_has_exactly_one_form() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let none = with(empty_set("n.a.org", "A"));
    let (code, text) = bench.change(&zone, none).await.unwrap_err();
    assert_eq!(code, "InvalidInput");
    assert_eq!(
        text,
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=CREATE, Name=n.a.org, Type=A, SetIdentifier=null]"
    );
    let alias = || AliasTarget {
        hosted_zone_id: zone.clone(),
        dns_name: "m.a.org".to_owned(),
        evaluate_target_health: false,
    };
    let plain = || change("CREATE", "n.a.org", "A", 60, &["192.0.2.1"]).resource_record_set;
    let both = with(ResourceRecordSet { alias_target: Some(alias()), ..plain() });
    assert!(bench.change(&zone, both).await.unwrap_err().1.contains("but found more than one in Change"));
    let half = with(ResourceRecordSet { resource_records: None, ..plain() });
    assert!(bench.change(&zone, half).await.unwrap_err().1.contains("but found none in Change"));
    let only_alias = with(ResourceRecordSet { alias_target: Some(alias()), ..empty_set("n.a.org", "A") });
    assert!(bench.change(&zone, only_alias).await.unwrap_err().1.contains("not served yet"));
    let weighted =
        with(ResourceRecordSet { weight: Some(1), set_identifier: Some("x".to_owned()), ..plain() });
    assert!(
        bench.change(&zone, weighted).await.unwrap_err().1.contains("Weighted routing is not served yet")
    );
    let checked = with(ResourceRecordSet { health_check_id: Some("h".to_owned()), ..plain() });
    assert_eq!(bench.change(&zone, checked).await.unwrap_err().0, "NoSuchHealthCheck");
    let identified = with(ResourceRecordSet { set_identifier: Some("x".to_owned()), ..plain() });
    assert_eq!(bench.change(&zone, identified).await.unwrap_err().0, "InvalidInput");
}

#[tokio::test]
async fn a_thousand_sets_in_one_batch_are_listed_at_once() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let many = (0..1000).map(|n| change("CREATE", &format!("n{n}.a.org"), "A", 60, &["192.0.2.1"])).collect();
    bench.change(&zone, many).await.unwrap();
    let waiting = bench.rows().len();
    let mut count = 0;
    let mut from: Option<(String, String)> = None;
    loop {
        let start = from.as_ref().map(|(name, kind)| (name.as_str(), Some(kind.as_str())));
        let answer = page(&bench, &zone, start, None).await;
        count += answer.resource_record_sets.len();
        let Some(next) = answer.next_record_name else { break };
        from = Some((next, answer.next_record_type.unwrap().to_string()));
        bench.service.tidy_up().await.unwrap();
    }
    assert_eq!(count, 1002);
    assert!(bench.rows().len() > waiting + 900);
}

#[tokio::test]
async fn a_full_zone_takes_no_more() {
    let bench = Bench::with_quotas(Quotas { record_sets: 3, ..Quotas::default() });
    let zone = bench.zone("a.org").await;
    let one = |name: &str| vec![change("UPSERT", name, "A", 60, &["192.0.2.1"])];
    bench.change(&zone, one("x.a.org")).await.unwrap();
    bench.change(&zone, one("x.a.org")).await.unwrap();
    assert_eq!(bench.change(&zone, one("y.a.org")).await.unwrap_err().0, "InvalidChangeBatch");
}

#[tokio::test]
async fn batches_that_race_all_take_effect() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let one = |n: u32| {
        bench.change(&zone, vec![change("CREATE", &format!("n{n}.a.org"), "A", 60, &["192.0.2.1"])]).boxed()
    };
    let (a, b, c) = tokio::join!(one(1), one(2), one(3));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let (first, second) = tokio::join!(one(4), one(4));
    let refusals = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refusals.len(), 1);
    assert!(refusals[0].1.contains("but it already exists"));
    assert_eq!(page(&bench, &zone, None, None).await.resource_record_sets.len(), 6);
}

trait Boxed: Sized {
    fn boxed(self) -> std::pin::Pin<Box<Self>> {
        Box::pin(self)
    }
}

impl<F: Future> Boxed for F {}

#[tokio::test]
async fn an_unknown_zone_has_no_records() {
    let bench = Bench::new();
    let input = batch("Z404", vec![change("CREATE", "x.a.org", "A", 60, &["192.0.2.1"])]);
    assert_eq!(bench.refusal::<ChangeResourceRecordSets>(input).await.0, "NoSuchHostedZone");
    assert_eq!(
        bench.refusal::<ListResourceRecordSets>(asked("Z404", None, None)).await.0,
        "NoSuchHostedZone"
    );
}
