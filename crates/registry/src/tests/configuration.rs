//! Which zones there are: by configuration, on demand, never for special names; and how a changed
//! configuration enters zones that are there already.

use keyward_zone::GenerationNumber;
use keyward_zone::publication::{BlobRef, PublishedZone, ZoneKind, keys};

use super::*;
use crate::Availability;

#[tokio::test]
async fn a_zone_comes_when_a_name_below_it_is_registered() {
    let registry = open().await;
    assert_eq!(registry.availability(&name("example.dev")).await.unwrap(), Availability::Free);
    assert_eq!(found(&registry, ".", "dev", Rtype::NS).await, None, "asking makes nothing");
    delegate(&registry, "example.dev", &delegation(&["ns.example.net"], &[])).await.unwrap();
    assert_eq!(found(&registry, ".", "dev", Rtype::NS).await.unwrap(), ["a.nic.dev."]);
    assert!(found(&registry, ".", "dev", Rtype::DS).await.is_some());
    assert_eq!(found(&registry, "dev", "example.dev", Rtype::NS).await.unwrap(), ["ns.example.net."]);
}

#[tokio::test]
async fn unsupported_names_are_refused() {
    let registry = open().await;
    for wrong in
        ["www.example.org", "org", ".", "example.local", "a.onion", "x.123", "-a.org", "a_b.org", "x.a"]
    {
        let error = registry.availability(&name(wrong)).await.unwrap_err();
        assert!(matches!(error, RegistryError::Unsupported(_)), "{wrong}: {error}");
    }
    let fixed = House::new().open(RegistryConfig { on_demand: false, ..config() }).await;
    assert!(fixed.availability(&name("example.org")).await.is_ok());
    assert!(fixed.availability(&name("example.dev")).await.is_err());
}

#[tokio::test]
async fn a_zone_of_two_labels_lies_below_its_tld() {
    let registry = House::new().open(RegistryConfig { tlds: vec![name("co.uk")], ..config() }).await;
    assert_eq!(registry.zones().await.unwrap(), [id("."), id("co.uk"), id("uk")]);
    assert_eq!(found(&registry, ".", "uk", Rtype::NS).await.unwrap(), ["a.nic.uk."]);
    assert_eq!(found(&registry, "uk", "co.uk", Rtype::NS).await.unwrap(), ["a.nic.co.uk."]);
    assert!(found(&registry, "uk", "co.uk", Rtype::DS).await.is_some());
    assert_eq!(found(&registry, "uk", "a.nic.co.uk", Rtype::A).await.unwrap(), ["127.0.0.3"]);
    assert_eq!(registry.zone_of(&name("example.co.uk")).await.unwrap(), name("co.uk"));
    assert_eq!(registry.zone_of(&name("example.uk")).await.unwrap(), name("uk"));
}

#[tokio::test]
async fn our_name_servers_get_addresses_when_a_domain_uses_them() {
    let registry = open().await;
    delegate(&registry, "example.org", &delegation(&["ns-331.awsdns-41.com", "ns.other.net"], &[]))
        .await
        .unwrap();
    assert_eq!(found(&registry, "com", "ns-331.awsdns-41.com", Rtype::A).await.unwrap(), ["127.0.0.4"]);
    assert!(
        registry.zones().await.unwrap().iter().all(|zone| *zone != id("net")),
        "others' names make no zone"
    );
}

#[tokio::test]
async fn our_name_servers_get_addresses_when_a_hosted_zone_is_published() {
    let house = House::new();
    let registry = house.open(config()).await;
    let blob =
        BlobRef { name: "b".into(), size: 1, sha256: [0; 32], generation: GenerationNumber::default() };
    let zone = |kind, server: &str| PublishedZone {
        apex: name("example.test"),
        kind,
        source: "route53".into(),
        name_servers: vec![name(server)],
        created: Timestamp::EPOCH,
        generation: GenerationNumber::default(),
        base: blob.clone(),
        deltas: Vec::new(),
        signed: false,
        serial_grows: false,
        earliest_expiration: None,
        content_version: 1,
        wish_version: 1,
        published: Timestamp::EPOCH,
    };
    let publish = async |id: &str, zone: PublishedZone| {
        let key = keyward_store::Key::new(keys::published(&id.parse().unwrap()));
        house.store.txn(keyward_store::Txn::default().put(key, zone.encode())).await.unwrap();
    };
    publish("Z1", zone(ZoneKind::HostedPublic, "ns-331.awsdns-41.com")).await;
    publish("Z2", zone(ZoneKind::HostedPrivate, "ns-1322.awsdns-37.org")).await;
    let duty = tokio::spawn({
        let registry = registry.clone();
        async move { registry.run_duties().await }
    });
    until(&registry, "com", "ns-331.awsdns-41.com").await;
    assert_eq!(found(&registry, "org", "ns-1322.awsdns-37.org", Rtype::A).await, None, "a private zone's");
    publish("Z3", zone(ZoneKind::HostedPublic, "ns-1322.awsdns-37.org")).await;
    until(&registry, "org", "ns-1322.awsdns-37.org").await;
    duty.abort();
}

async fn until(registry: &Registry, apex: &str, host: &str) {
    let wanted = rows::host(&id(apex), &name(host));
    while registry.store.get(&wanted).await.unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_changed_configuration_enters_the_zones_that_are_there() {
    let house = House::new();
    let registry = house.open(config()).await;
    delegate(&registry, "example.org", &delegation(&["ns-331.awsdns-41.com"], &[ds(1)])).await.unwrap();
    let old_ds = found(&registry, ".", "org", Rtype::DS).await.unwrap();
    drop(registry);
    let mut changed = config();
    changed.tld_servers =
        vec![ServerPattern { pattern: "b.nic.{tld}".to_owned(), addresses: vec![address("127.0.0.9")] }];
    changed.hosts.insert(name("ns-331.awsdns-41.com"), vec![address("127.0.0.10")]);
    let registry = house.open(changed).await;
    assert_eq!(found(&registry, ".", "org", Rtype::NS).await.unwrap(), ["b.nic.org."]);
    assert_eq!(found(&registry, "org", "org", Rtype::NS).await.unwrap(), ["b.nic.org."]);
    assert_eq!(found(&registry, ".", "b.nic.org", Rtype::A).await.unwrap(), ["127.0.0.9"]);
    assert_eq!(found(&registry, ".", "a.nic.org", Rtype::A).await, None);
    assert_eq!(found(&registry, "com", "ns-331.awsdns-41.com", Rtype::A).await.unwrap(), ["127.0.0.10"]);
    assert_eq!(found(&registry, ".", "org", Rtype::DS).await.unwrap(), old_ds, "keys stay");
    assert_eq!(found(&registry, "org", "example.org", Rtype::DS).await.unwrap().len(), 1, "domains stay");
    assert_eq!(registry.wish(&id("org")).await.unwrap().unwrap().version, 2);
}

#[tokio::test]
async fn a_server_below_a_new_zone_moves_into_it() {
    let registry = open().await;
    assert!(found(&registry, ".", "net", Rtype::NS).await.is_none());
    delegate(&registry, "example.net", &delegation(&["ns.example.com"], &[])).await.unwrap();
    assert_eq!(found(&registry, "net", "a.root-servers.net", Rtype::A).await.unwrap(), ["127.0.0.2"]);
    assert_eq!(found(&registry, ".", "a.root-servers.net", Rtype::A).await.unwrap(), ["127.0.0.2"], "glue");
}
