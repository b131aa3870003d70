//! One zone's life: content, signing on and off, keys in trouble, blobs lost.

use keyward_store::KeyRange;
use keyward_zone::Rtype;

use super::source::{Heard, set};
use super::world::World;
use crate::{BuildError, KskTrouble, Progress};

fn dnskeys(zone: &keyward_zone::Generation, flags: u16) -> usize {
    let set = zone.set(zone.apex(), Rtype::DNSKEY);
    set.map_or(0, |set| set.rrset.rdata().filter(|rdata| rdata.starts_with(&flags.to_be_bytes())).count())
}

#[tokio::test]
async fn an_unsigned_zone_is_published_and_follows_its_content() {
    let world = World::new();
    let first = world.pass().await.unwrap();
    assert_eq!(first.due, None);
    let zone = world.verify().await;
    assert!(!zone.is_signed());
    world.source.with(&world.zone, |zone| {
        zone.put("www.example.com", vec![set("www.example.com", Rtype::A, 60, &["192.0.2.1"])]);
    });
    let second = world.pass().await.unwrap().progress.unwrap();
    assert_eq!((second.generation.0, second.content_version), (2, 2));
    assert!(world.verify().await.node(&"www.example.com".parse().unwrap()).is_some());
    let third = world.pass().await.unwrap().progress.unwrap();
    assert_eq!(third, second, "nothing happened, nothing is published");
}

#[tokio::test]
async fn a_zone_is_signed_and_unsigned_again() {
    let world = World::new();
    world.pass().await.unwrap();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    let pass = world.pass().await.unwrap();
    assert!(pass.due.is_some());
    let zone = world.verify().await;
    assert_eq!((dnskeys(&zone, 256), dnskeys(&zone, 257)), (1, 1));
    assert_eq!(world.row().await.unwrap().wish_version, 2);
    world.source.with(&world.zone, |zone| zone.remove_ksk("one"));
    world.pass().await.unwrap();
    assert!(!world.verify().await.is_signed());
    let (keys, _) =
        world.store.range(&KeyRange::prefix(&keyward_store::Key::new("zones/signing/")), 10).await.unwrap();
    assert!(keys.is_empty(), "the zone-signing keys are gone");
}

#[tokio::test]
async fn every_active_key_signs_and_a_removed_one_leaves() {
    let world = World::new();
    world.source.with(&world.zone, |zone| (zone.add_ksk("one"), zone.add_ksk("two")));
    world.pass().await.unwrap();
    let zone = world.verify().await;
    assert_eq!((dnskeys(&zone, 257), zone.set(zone.apex(), Rtype::DNSKEY).unwrap().signatures.len()), (2, 2));
    world.source.with(&world.zone, |zone| zone.remove_ksk("one"));
    world.pass().await.unwrap();
    assert_eq!(dnskeys(&world.verify().await, 257), 1);
}

#[tokio::test]
async fn a_refusing_key_is_told_and_the_zone_goes_on_for_days() {
    let world = World::new();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    world.pass().await.unwrap();
    world.source.heard();
    world.source.with(&world.zone, |zone| zone.refusal = Some(KskTrouble::Refused("disabled".to_owned())));
    world.check_keys().await.unwrap();
    assert!(world.source.heard().contains(&Heard::Refused("one: disabled".to_owned())));
    for hours in 1..13 * 24 {
        world.advance(3600);
        let owner = format!("h{hours}.example.com");
        world
            .source
            .with(&world.zone, |zone| zone.put(&owner, vec![set(&owner, Rtype::A, 60, &["192.0.2.1"])]));
        world.pass().await.unwrap();
    }
    world.verify().await;
    world.source.heard();
    world.source.with(&world.zone, |zone| zone.refusal = None);
    world.check_keys().await.unwrap();
    assert!(world.source.heard().contains(&Heard::Signed("one".to_owned())));
    world.advance(13 * 86_400);
    world.pass().await.unwrap();
    world.verify().await;
}

#[tokio::test]
async fn while_one_of_two_keys_is_lost_the_other_keeps_the_zone_signed() {
    let world = World::new();
    world.source.with(&world.zone, |zone| {
        zone.add_ksk("one");
        zone.add_ksk("two");
    });
    world.pass().await.unwrap();
    world.source.with(&world.zone, |zone| {
        zone.refusal = Some(KskTrouble::Refused("deleted".to_owned()));
        zone.refuses = Some("one".to_owned());
    });
    // Far longer than any stock lasts: what the lost key signed has ended, the other's goes on.
    for day in 1..40 {
        world.advance(86_400);
        world.pass().await.unwrap();
        let zone = world.verify_by_signers().await;
        let signatures = zone.set(zone.apex(), Rtype::DNSKEY).unwrap().signatures.len();
        assert_eq!((dnskeys(&zone, 257), signatures), (2, if day < 14 { 2 } else { 1 }), "day {day}");
    }
    world.source.with(&world.zone, |zone| zone.refusal = None);
    world.check_keys().await.unwrap();
    let zone = world.verify().await;
    assert_eq!(zone.set(zone.apex(), Rtype::DNSKEY).unwrap().signatures.len(), 2);
}

#[tokio::test]
async fn when_the_stock_has_ended_the_last_good_generation_stays() {
    let world = World::new();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    let good = world.pass().await.unwrap().progress.unwrap();
    world.source.with(&world.zone, |zone| zone.refusal = Some(KskTrouble::Away("no vault".to_owned())));
    world.advance(15 * 86_400);
    assert!(matches!(world.pass().await, Err(BuildError::DnskeysExpired)));
    assert_eq!(world.row().await.unwrap().generation, good.generation);
}

#[tokio::test]
async fn a_zone_is_not_signed_until_its_key_signs() {
    let world = World::new();
    world.pass().await.unwrap();
    world.source.with(&world.zone, |zone| {
        zone.add_ksk("one");
        zone.refusal = Some(KskTrouble::Refused("denied".to_owned()));
    });
    assert!(matches!(world.pass().await, Err(BuildError::Ksk(_))));
    assert!(!world.verify().await.is_signed());
    world.source.with(&world.zone, |zone| zone.refusal = None);
    world.pass().await.unwrap();
    assert!(world.verify().await.is_signed());
}

#[tokio::test]
async fn a_second_key_that_refuses_leaves_the_keys_as_they_are_and_the_wish_open() {
    let world = World::new();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    world.pass().await.unwrap();
    world.source.with(&world.zone, |zone| {
        zone.add_ksk("two");
        zone.refusal = Some(KskTrouble::Refused("denied".to_owned()));
        zone.put("a.example.com", vec![set("a.example.com", Rtype::A, 60, &["192.0.2.1"])]);
    });
    let progress = world.pass().await.unwrap().progress.unwrap();
    assert_eq!((progress.content_version, progress.wish_version), (2, 2));
    assert_eq!(dnskeys(&world.verify().await, 257), 1);
    world.source.with(&world.zone, |zone| zone.refusal = None);
    world.advance(301);
    let progress = world.pass().await.unwrap().progress.unwrap();
    assert_eq!(progress.wish_version, 3);
    assert_eq!(dnskeys(&world.verify().await, 257), 2);
}

#[tokio::test]
async fn a_zone_that_is_gone_leaves_nothing() {
    let world = World::new();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    world.pass().await.unwrap();
    let zone = world.published().await;
    world.report("ns", &zone).await;
    world.source.drop_zone(&world.zone);
    assert_eq!(world.pass().await.unwrap().progress, None);
    let (rows, _) =
        world.store.range(&KeyRange::prefix(&keyward_store::Key::new("zones/")), 10).await.unwrap();
    let left: Vec<_> = rows.into_iter().map(|row| row.key).collect();
    assert_eq!(left, [keyward_store::Key::new("zones/nodes/ns")]);
    assert!(world.blobs.list("").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_lost_or_spoiled_blob_is_replaced_under_a_higher_number() {
    let mut world = World::new();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    world.pass().await.unwrap();
    let row = world.row().await.unwrap();
    let name = row.base.name.parse().unwrap();
    let mut bytes = world.blobs.get(&name).await.unwrap().unwrap().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    world.blobs.put(&name, bytes.into()).await.unwrap();
    world.restart();
    let progress = world.pass().await.unwrap().progress.unwrap();
    assert_eq!(progress.generation.0, row.generation.0 + 1);
    world.verify().await;
}

#[tokio::test]
async fn deltas_gather_until_a_base_takes_their_place() {
    let mut world = World::new();
    world.source.with(&world.zone, |zone| {
        zone.add_ksk("one");
        for number in 0..50 {
            let owner = format!("n{number}.example.com");
            zone.put(&owner, vec![set(&owner, Rtype::A, 60, &["192.0.2.1"])]);
        }
    });
    world.pass().await.unwrap();
    let mut bases = std::collections::BTreeSet::new();
    for number in 0..150 {
        world.advance(60);
        let owner = format!("n{number}.example.com");
        world.source.with(&world.zone, |zone| {
            zone.put(&owner, vec![set(&owner, Rtype::A, 60, &[&format!("192.0.2.{number}")])])
        });
        world.pass().await.unwrap();
        bases.insert(world.row().await.unwrap().base.name);
        world.restart();
    }
    world.verify().await;
    assert!((3..=20).contains(&bases.len()), "{bases:?}");
    let kept = world.blobs.list("zones/Z1/").await.unwrap().len();
    assert!(kept < 120, "{kept} blobs are kept");
}

#[tokio::test]
async fn serving_is_told_when_every_live_server_has_it() {
    let world = World::new();
    world.pass().await.unwrap();
    let first = world.published().await;
    world.report("a", &first).await;
    world.report("b", &first).await;
    let told = world.builder.news_of_served(&world.zone).await.unwrap();
    assert_eq!(told, Some(Progress { generation: first.number(), content_version: 1, wish_version: 1 }));
    world.source.with(&world.zone, |zone| {
        zone.put("a.example.com", vec![set("a.example.com", Rtype::A, 60, &["192.0.2.1"])]);
    });
    world.pass().await.unwrap();
    let second = world.published().await;
    world.report("a", &second).await;
    assert_eq!(world.builder.news_of_served(&world.zone).await.unwrap(), None);
    world.advance(86_401);
    world.report("a", &second).await;
    let told = world.builder.news_of_served(&world.zone).await.unwrap();
    assert_eq!(told.map(|told| told.generation), Some(second.number()), "b is not heard of any more");
}

#[tokio::test]
async fn zone_signing_keys_follow_the_domain_key() {
    let world = World::new();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    world.pass().await.unwrap();
    let key = crate::rows::signing(&world.zone);
    let before = world.store.get(&key).await.unwrap().unwrap();
    world.vault.rotate_domain_key().await.unwrap();
    world.advance(86_400);
    world.pass().await.unwrap();
    let after = world.store.get(&key).await.unwrap().unwrap();
    let token =
        |row: &keyward_store::Row| crate::rows::SigningRow::decode(&row.value).unwrap().zsks[0].ekt.clone();
    assert_ne!(token(&before), token(&after));
    world.verify().await;
}

#[tokio::test]
async fn ten_thousand_names_are_signed_in_batches() {
    let world = World::new();
    world.source.with(&world.zone, |zone| {
        zone.add_ksk("one");
        for number in 0..10_000 {
            let owner = format!("n{number}.example.com");
            zone.put(&owner, vec![set(&owner, Rtype::A, 60, &["192.0.2.1"])]);
        }
    });
    world.pass().await.unwrap();
    assert_eq!(world.verify().await.nsec3_chain().count(), 10_001);
    world.source.with(&world.zone, |zone| {
        zone.put("new.example.com", vec![set("new.example.com", Rtype::A, 60, &["192.0.2.1"])]);
    });
    world.pass().await.unwrap();
    let row = world.row().await.unwrap();
    assert_eq!(row.deltas.len(), 1);
    assert!(row.deltas[0].size < 2000, "a change of one name makes a delta of {} bytes", row.deltas[0].size);
}
