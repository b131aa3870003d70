//! The builder at work by itself: events, due times, taking over, stopping.

use std::sync::Arc;
use std::time::Duration;

use keyward_zone::Rtype;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::source::{Heard, set};
use super::world::World;
use crate::{Builder, KskTrouble, ZoneEvent};

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

fn start(builder: &Arc<Builder>) -> Running {
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(builder.clone().run(async {
        let _ = stopped.await;
    }));
    Running { stop, task }
}

/// Lets time pass, second by second, until `wanted` is heard.
async fn hear(world: &World, wanted: impl Fn(&Heard) -> bool) -> Vec<Heard> {
    let mut all = Vec::new();
    for _ in 0..2000 {
        all.extend(world.source.heard());
        if all.iter().any(&wanted) {
            return all;
        }
        world.advance(1);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("not heard: {all:?}");
}

fn content(version: u64) -> impl Fn(&Heard) -> bool {
    move |heard| matches!(heard, Heard::Published(progress) if progress.content_version >= version)
}

#[tokio::test]
async fn changes_are_published_and_told_when_served() {
    let world = World::new();
    let running = start(&world.builder);
    hear(&world, content(1)).await;
    world.source.with(&world.zone, |zone| {
        zone.put("a.example.com", vec![set("a.example.com", Rtype::A, 60, &["192.0.2.1"])]);
    });
    hear(&world, content(2)).await;
    let zone = world.verify().await;
    world.source.deaf.store(2, std::sync::atomic::Ordering::SeqCst);
    world.report("ns", &zone).await;
    hear(&world, |heard| matches!(heard, Heard::Served(progress) if progress.content_version == 2)).await;
    world.source.drop_zone(&world.zone);
    while world.row().await.is_some() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    running.stop.send(()).unwrap();
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_key_in_trouble_is_noticed_when_the_source_says_so() {
    let world = World::new();
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    let _running = start(&world.builder);
    let all = hear(&world, content(1)).await;
    assert_eq!(all.first(), Some(&Heard::Signed("one".to_owned())));
    world.source.with(&world.zone, |zone| zone.refusal = Some(KskTrouble::Refused("disabled".to_owned())));
    world.source.say(ZoneEvent::CheckKeys(world.zone.clone()));
    hear(&world, |heard| *heard == Heard::Refused("one: disabled".to_owned())).await;
    while world.builder.health().ksk_trouble.is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(world.builder.health().earliest_expiration.is_some());
    assert!(world.builder.health().failing.is_empty(), "the zone is still built");
    world.verify().await;
}

#[tokio::test]
async fn a_zone_that_can_not_be_built_raises_an_alarm_that_ends_with_it() {
    let world = World::new();
    world.source.with(&world.zone, |zone| {
        zone.add_ksk("one");
        zone.refusal = Some(KskTrouble::Refused("denied".to_owned()));
    });
    let _running = start(&world.builder);
    hear(&world, |heard| matches!(heard, Heard::Refused(_))).await;
    while world.builder.health().failing.is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(world.builder.health().failing[&world.zone].reason.contains("denied"));
    world.source.with(&world.zone, |zone| zone.refusal = None);
    hear(&world, content(1)).await;
    while !world.builder.health().failing.is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn another_builder_takes_over_when_the_first_stops() {
    let mut world = World::new();
    let first = start(&world.builder);
    hear(&world, content(1)).await;
    world.restart();
    let _second = start(&world.builder);
    world.advance(60);
    first.stop.send(()).unwrap();
    first.task.await.unwrap();
    world.source.heard();
    world.source.with(&world.zone, |zone| {
        zone.put("a.example.com", vec![set("a.example.com", Rtype::A, 60, &["192.0.2.1"])]);
    });
    hear(&world, content(2)).await;
    world.verify().await;
}
