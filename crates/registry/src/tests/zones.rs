//! The zones themselves: what they hold, how they are signed, what validators are given.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use keyward_base::Clock;
use keyward_builder::{SigningWish, ZoneEvent};
use keyward_zone::publication::ZoneKind;
use keyward_zone::testing::TestSigner;

use super::*;

#[tokio::test]
async fn the_root_delegates_to_the_configured_zones_with_glue_and_ds() {
    let registry = open().await;
    assert_eq!(found(&registry, ".", ".", Rtype::NS).await.unwrap(), ["a.root-servers.net."]);
    assert_eq!(found(&registry, ".", "org", Rtype::NS).await.unwrap(), ["a.nic.org."]);
    assert_eq!(found(&registry, ".", "a.nic.org", Rtype::A).await.unwrap(), ["127.0.0.3"]);
    assert_eq!(found(&registry, ".", "a.nic.org", Rtype::AAAA).await.unwrap(), ["::3"]);
    assert_eq!(found(&registry, ".", "a.root-servers.net", Rtype::A).await.unwrap(), ["127.0.0.2"]);
    let wish = registry.wish(&id("org")).await.unwrap().unwrap();
    let SigningWish::On(ksks) = wish.signing else { panic!("org is signed") };
    let key = keyward_zone::keys::Dnskey::ksk(&ksks[0].point);
    assert_eq!(found(&registry, ".", "org", Rtype::DS).await.unwrap(), [key.ds(&name("org")).to_text()]);
}

#[tokio::test]
async fn a_zone_holds_its_own_servers_and_soa() {
    let registry = open().await;
    assert_eq!(found(&registry, "org", "org", Rtype::NS).await.unwrap(), ["a.nic.org."]);
    assert_eq!(found(&registry, "org", "a.nic.org", Rtype::A).await.unwrap(), ["127.0.0.3"]);
    assert_eq!(
        found(&registry, "org", "org", Rtype::SOA).await.unwrap(),
        ["a.nic.org. hostmaster.nic.org. 1 1800 900 604800 60"]
    );
    let root = registry.wish(&id(".")).await.unwrap().unwrap();
    assert_eq!((root.kind, root.version), (ZoneKind::Root, 1));
    assert_eq!(registry.zones().await.unwrap(), [id("."), id("org")]);
    assert!(registry.wish(&"tld-nowhere".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn every_zone_can_be_planned_and_signed() {
    let house = House::new();
    let registry = house.open(config()).await;
    delegate(&registry, "example.org", &delegation(&["ns-331.awsdns-41.com"], &[ds(7)])).await.unwrap();
    for apex in [".", "org", "com"] {
        let zone =
            TestSigner::default().sign_zone(&name(apex), sets(&registry, apex).await, house.clock.now());
        zone.unwrap_or_else(|error| panic!("{apex}: {error}"));
    }
}

#[tokio::test]
async fn a_key_signing_key_signs_in_the_vault() {
    let registry = open().await;
    let wish = registry.wish(&id("org")).await.unwrap().unwrap();
    let SigningWish::On(ksks) = wish.signing else { panic!("org is signed") };
    let messages: [&[u8]; 2] = [b"one", b"two"];
    let signatures = registry.sign(&id("org"), &ksks[0], &messages).await.unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], ksks[0].point.as_slice()].concat());
    for (message, signature) in messages.iter().zip(&signatures) {
        key.verify(message, signature).unwrap();
    }
    // The root does not sign with org's key.
    registry.sign(&id("."), &ksks[0], &messages).await.unwrap_err();
}

#[tokio::test]
async fn the_trust_anchor_has_the_forms_that_validators_read() {
    let registry = open().await;
    let anchor = registry.root_anchor().await.unwrap();
    let public = data_encoding::BASE64.encode(anchor.keys()[0].public_key());
    assert_eq!(anchor.bind(), format!("trust-anchors {{\n    . static-key 257 3 13 \"{public}\";\n}};\n"));
    assert_eq!(anchor.zone_lines(), format!(".\t3600\tIN\tDNSKEY\t257 3 13 {public}\n"));
    let hints = ".\t3600000\tIN\tNS\ta.root-servers.net.\na.root-servers.net.\t3600000\tIN\tA\t127.0.0.2\n";
    assert_eq!(anchor.hints(), hints);
}

#[tokio::test]
async fn keys_and_zones_survive_reopening() {
    let house = House::new();
    let before = house.open(config()).await.root_anchor().await.unwrap();
    let registry = house.open(config()).await;
    assert_eq!(registry.root_anchor().await.unwrap(), before);
    let rows = house.store.range(&keyward_store::KeyRange::prefix(&rows::zones()), 9).await.unwrap().0;
    let versions: Vec<_> = rows.iter().map(|row| rows::decode::<rows::Zone>(&row.value).unwrap()).collect();
    house.open(config()).await;
    let again = house.store.range(&keyward_store::KeyRange::prefix(&rows::zones()), 9).await.unwrap().0;
    let unchanged: Vec<_> = again.iter().map(|row| rows::decode::<rows::Zone>(&row.value).unwrap()).collect();
    assert_eq!(versions, unchanged, "reopening with the same configuration changes nothing");
}

#[tokio::test]
async fn events_name_the_zones_that_changed() {
    let registry = open().await;
    let mut events = registry.events();
    assert_eq!(events.next().await, [ZoneEvent::Missed]);
    delegate(&registry, "example.org", &delegation(&["ns.example.net"], &[])).await.unwrap();
    assert_eq!(events.next().await, [ZoneEvent::Changed(id("org"))]);
}

#[test]
fn rows_of_version_1_have_these_bytes() {
    let served = rows::encode(&rows::Served { content_version: 300 }).unwrap();
    assert_eq!(served, [0, 0xac, 2]);
    let host = rows::Host { addresses: vec![address("127.0.0.3")], source: rows::HostSource::Hosted };
    assert_eq!(rows::encode(&host).unwrap(), [0, 1, 0, 127, 0, 0, 3, 1]);
    let delegated = rows::Delegated {
        delegation: Delegation { name_servers: outside(&["a.b"]), ds: vec![ds(5)] },
        sponsor: "me".to_owned(),
        version: 1,
    };
    let expected = [&[0, 1, 5, 1, b'a', 1, b'b', 0, 0, 1, 5, 13, 2, 32][..], &[5; 32], &[2, b'm', b'e', 1]];
    assert_eq!(rows::encode(&delegated).unwrap(), expected.concat());
    let zone = rows::Zone {
        apex: name("org"),
        created: Timestamp::from_unix_millis(1),
        content_version: 2,
        wish_version: 3,
        servers: vec![],
        ksks: vec![],
    };
    assert_eq!(rows::encode(&zone).unwrap(), [0, 5, 3, b'o', b'r', b'g', 0, 2, 2, 3, 0, 0]);
}
