//! Delegations come, change and go; what may not enter is refused and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use keyward_builder::Progress;
use keyward_store::{FaultyStore, StoreFault};
use keyward_zone::GenerationNumber;

use super::*;
use crate::{Availability, DsError};

#[tokio::test]
async fn a_domain_enters_its_zone_and_leaves_it() {
    let registry = open().await;
    assert_eq!(registry.availability(&name("example.org")).await.unwrap(), Availability::Free);
    let wanted = delegation(&["ns-331.awsdns-41.com", "ns-1322.awsdns-37.org"], &[]);
    delegate(&registry, "example.org", &wanted).await.unwrap();
    assert_eq!(registry.availability(&name("example.org")).await.unwrap(), Availability::Taken);
    let servers = found(&registry, "org", "example.org", Rtype::NS).await.unwrap();
    assert_eq!(servers, ["ns-331.awsdns-41.com.", "ns-1322.awsdns-37.org."]);
    assert_eq!(found(&registry, "org", "example.org", Rtype::DS).await, None);
    registry.undelegate(&name("example.org"), "111122223333").await.unwrap();
    assert_eq!(found(&registry, "org", "example.org", Rtype::NS).await, None);
    assert_eq!(registry.availability(&name("example.org")).await.unwrap(), Availability::Free);
    registry.undelegate(&name("example.org"), "111122223333").await.unwrap();
}

#[tokio::test]
async fn a_ds_stands_beside_the_ns_and_goes_again() {
    let registry = open().await;
    let servers = ["ns.example.net"];
    delegate(&registry, "example.org", &delegation(&servers, &[])).await.unwrap();
    delegate(&registry, "example.org", &delegation(&servers, &[ds(7), ds(8)])).await.unwrap();
    let records = found(&registry, "org", "example.org", Rtype::DS).await.unwrap();
    assert_eq!(records, [format!("7 13 2 {}", "07".repeat(32)), format!("8 13 2 {}", "08".repeat(32))]);
    delegate(&registry, "example.org", &delegation(&servers, &[])).await.unwrap();
    assert_eq!(found(&registry, "org", "example.org", Rtype::DS).await, None);
    assert!(found(&registry, "org", "example.org", Rtype::NS).await.is_some());
}

#[tokio::test]
async fn glue_comes_and_goes_with_the_server_that_lies_in_the_domain() {
    let registry = open().await;
    let inside = |host: &str, ip: &str| NameServer { name: name(host), glue: vec![address(ip)] };
    let mut wanted = delegation(&["ns.example.net"], &[]);
    wanted.name_servers.push(inside("ns1.example.org", "192.0.2.1"));
    delegate(&registry, "example.org", &wanted).await.unwrap();
    assert_eq!(found(&registry, "org", "ns1.example.org", Rtype::A).await.unwrap(), ["192.0.2.1"]);
    wanted.name_servers[1] = inside("ns1.example.org", "2001:db8::1");
    delegate(&registry, "example.org", &wanted).await.unwrap();
    assert_eq!(found(&registry, "org", "ns1.example.org", Rtype::A).await, None);
    assert_eq!(found(&registry, "org", "ns1.example.org", Rtype::AAAA).await.unwrap(), ["2001:db8::1"]);
    wanted.name_servers[1] = inside("ns2.example.org", "192.0.2.2");
    delegate(&registry, "example.org", &wanted).await.unwrap();
    assert_eq!(found(&registry, "org", "ns1.example.org", Rtype::AAAA).await, None);
    registry.undelegate(&name("example.org"), "111122223333").await.unwrap();
    assert_eq!(found(&registry, "org", "ns2.example.org", Rtype::A).await, None);
}

#[tokio::test]
async fn what_no_zone_could_hold_is_refused_and_changes_nothing() {
    let registry = open().await;
    let before = sets(&registry, "org").await;
    let servers = ["ns.example.net"];
    let with = |ds: DsRecord| delegation(&servers, &[ds]);
    let refuse = async |wanted: &Delegation| delegate(&registry, "example.org", wanted).await.unwrap_err();
    let error = refuse(&with(DsRecord { algorithm: 5, ..ds(1) })).await;
    assert!(matches!(error, RegistryError::Ds(DsError::Algorithm(5))), "{error}");
    let error = refuse(&with(DsRecord { digest_type: 1, digest: vec![0; 20], ..ds(1) })).await;
    assert!(matches!(error, RegistryError::Ds(DsError::DigestType(1))), "{error}");
    for length in [0, 31, 33, 48] {
        let error = refuse(&with(DsRecord { digest: vec![0; length], ..ds(1) })).await;
        assert!(matches!(error, RegistryError::Ds(DsError::DigestLength)), "{error}");
    }
    let error = refuse(&delegation(&servers, &[ds(1), ds(1)])).await;
    assert!(matches!(error, RegistryError::Ds(DsError::Twice)), "{error}");
    let error = refuse(&delegation(&[], &[])).await;
    assert!(matches!(error, RegistryError::NameServerCount), "{error}");
    let many: Vec<String> = (0..14).map(|n| format!("ns{n}.example.net")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(matches!(refuse(&delegation(&many, &[])).await, RegistryError::NameServerCount));
    let error = refuse(&delegation(&["ns.example.org"], &[])).await;
    assert!(matches!(error, RegistryError::GlueMissing(_)), "{error}");
    let mut foreign = delegation(&servers, &[]);
    foreign.name_servers[0].glue = vec![address("192.0.2.1")];
    assert!(matches!(refuse(&foreign).await, RegistryError::GlueForeign(_)));
    assert_eq!(sets(&registry, "org").await, before);
}

#[tokio::test]
async fn only_its_sponsor_changes_a_domain() {
    let registry = open().await;
    let wanted = delegation(&["ns.example.net"], &[]);
    delegate(&registry, "example.org", &wanted).await.unwrap();
    let stolen = delegation(&["ns.evil.example"], &[]);
    let error = registry.delegate(&name("example.org"), &stolen, "444455556666").await.unwrap_err();
    assert!(matches!(error, RegistryError::NotSponsor), "{error}");
    let error = registry.undelegate(&name("example.org"), "444455556666").await.unwrap_err();
    assert!(matches!(error, RegistryError::NotSponsor), "{error}");
    assert_eq!(registry.delegation(&name("example.org")).await.unwrap(), Some(wanted));
}

#[tokio::test]
async fn names_that_hold_our_own_servers_are_reserved() {
    let registry = open().await;
    for domain in ["awsdns-41.com", "nic.org", "root-servers.net", "nic.net"] {
        assert_eq!(registry.availability(&name(domain)).await.unwrap(), Availability::Reserved, "{domain}");
        let error = delegate(&registry, domain, &delegation(&["ns.example.net"], &[])).await.unwrap_err();
        assert!(matches!(error, RegistryError::Reserved), "{domain}: {error}");
    }
}

#[tokio::test]
async fn a_change_is_served_when_every_name_server_says_so() {
    let registry = open().await;
    let mut changes = registry.served_changes();
    let wanted = delegation(&["ns.example.net"], &[]);
    let ticket = delegate(&registry, "example.org", &wanted).await.unwrap();
    assert_eq!(delegate(&registry, "example.org", &wanted).await.unwrap(), ticket, "the same change");
    assert!(!registry.is_served(&ticket).await.unwrap());
    let unserved = registry.served_delegation(&name("example.org")).await.unwrap_err();
    assert!(matches!(unserved, RegistryError::Unserved), "{unserved}");
    let version = registry.content(&id("org"), None).await.unwrap().version;
    let serve = async |content_version| {
        let progress = Progress { generation: GenerationNumber::default(), content_version, wish_version: 1 };
        registry.served(&id("org"), progress).await.unwrap();
    };
    serve(version - 1).await;
    assert!(!registry.is_served(&ticket).await.unwrap());
    serve(version).await;
    assert!(registry.is_served(&ticket).await.unwrap());
    assert_eq!(registry.served_delegation(&name("example.org")).await.unwrap(), Some(wanted));
    assert_eq!(registry.served_delegation(&name("other.org")).await.unwrap(), None);
    assert_eq!(registry.served_delegation(&name("other.dev")).await.unwrap(), None, "no zone, no delegation");
    serve(version - 1).await;
    assert!(registry.is_served(&ticket).await.unwrap(), "progress never goes back");
    assert_eq!(changes.next().await, keyward_base::Notice::Changed(id("org")));
    delegate(&registry, "third.org", &delegation(&["ns.example.net"], &[])).await.unwrap();
    let others = [
        registry.served_delegation(&name("example.org")).await,
        registry.served_delegation(&name("other.org")).await,
    ];
    assert!(others.iter().all(Result::is_ok), "a change of another domain is none of theirs");
    registry.undelegate(&name("example.org"), "111122223333").await.unwrap();
    let unserved = registry.served_delegation(&name("example.org")).await.unwrap_err();
    assert!(matches!(unserved, RegistryError::Unserved), "{unserved}");
}

#[tokio::test]
async fn what_changed_since_a_version_leads_to_the_whole_content() {
    let registry = open().await;
    let start = registry.content(&id("org"), None).await.unwrap();
    let mut zone = by_name(sets(&registry, "org").await);
    let mut inside = delegation(&["ns.example.net"], &[ds(1)]);
    inside.name_servers.push(NameServer { name: name("ns1.two.org"), glue: vec![address("192.0.2.1")] });
    delegate(&registry, "one.org", &delegation(&["ns.example.net"], &[ds(1)])).await.unwrap();
    delegate(&registry, "two.org", &inside).await.unwrap();
    delegate(&registry, "three.org", &delegation(&["ns-1322.awsdns-37.org"], &[])).await.unwrap();
    delegate(&registry, "one.org", &delegation(&["other.example.net"], &[])).await.unwrap();
    registry.undelegate(&name("two.org"), "111122223333").await.unwrap();
    let content = registry.content(&id("org"), Some(start.version)).await.unwrap();
    let Update::Names(names) = content.update else { panic!("the log reaches back") };
    let touched: BTreeSet<String> = names.iter().map(|(name, _)| name.to_string()).collect();
    let expected = ["one.org.", "two.org.", "three.org.", "ns1.two.org.", "ns-1322.awsdns-37.org."];
    assert_eq!(touched, expected.map(str::to_owned).into());
    for (name, sets) in names {
        zone.remove(&name);
        if !sets.is_empty() {
            zone.insert(name, sets);
        }
    }
    assert_eq!(zone, by_name(sets(&registry, "org").await));
    let nothing = registry.content(&id("org"), Some(content.version)).await.unwrap().update;
    assert!(matches!(nothing, Update::Names(names) if names.is_empty()));
    let future = registry.content(&id("org"), Some(content.version + 1)).await.unwrap().update;
    assert!(matches!(future, Update::Whole(_)), "a version that never was");
}

fn by_name(sets: Vec<Rrset>) -> BTreeMap<Name, Vec<Rrset>> {
    let mut zone: BTreeMap<Name, Vec<Rrset>> = BTreeMap::new();
    for set in sets {
        zone.entry(set.name().clone()).or_default().push(set);
    }
    zone
}

#[tokio::test]
async fn changes_that_meet_are_all_made() {
    let registry = open().await;
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let registry = registry.clone();
            tokio::spawn(async move {
                let wanted = delegation(&["ns.example.net"], &[]);
                delegate(&registry, &format!("d{number}.net"), &wanted).await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let names = by_name(sets(&registry, "net").await);
    assert!((0..10).all(|number| names.contains_key(&name(&format!("d{number}.net")))));
    let delegated = found(&registry, ".", "net", Rtype::NS).await.unwrap();
    assert_eq!(delegated, ["a.nic.net."], "the zone was made once");
}

#[tokio::test]
async fn a_change_that_is_overtaken_is_made_again() {
    let mut house = House::new();
    let store = FaultyStore::new(house.store.clone(), house.clock.clone());
    house.store = Arc::new(store.clone());
    let registry = house.open(config()).await;
    let wanted = delegation(&["ns.example.net"], &[]);
    store.script([StoreFault::Delay(std::time::Duration::from_secs(5))]);
    let late = tokio::spawn({
        let (registry, wanted) = (registry.clone(), wanted.clone());
        async move { delegate(&registry, "late.org", &wanted).await.unwrap() }
    });
    tokio::task::yield_now().await;
    let first = delegate(&registry, "early.org", &wanted).await.unwrap();
    house.clock.advance(std::time::Duration::from_secs(5));
    let second = late.await.unwrap();
    assert_eq!(second, Ticket { version: first.version + 1, ..first });
    let names = by_name(sets(&registry, "org").await);
    assert!(names.contains_key(&name("early.org")) && names.contains_key(&name("late.org")));
}
