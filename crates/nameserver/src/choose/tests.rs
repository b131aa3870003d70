//! Delegated, oldest, and who answers for what.

use keyward_zone::GenerationNumber;
use keyward_zone::publication::BlobRef;

use super::*;
use crate::testing::name;

fn id(text: &str) -> ZoneId {
    text.parse().unwrap()
}

fn servers(names: &[&str]) -> Vec<Name> {
    names.iter().map(|text| name(text)).collect()
}

fn chosen<'c>(zones: &'c [(ZoneId, i64, Vec<Name>)], delegated_to: &[&str]) -> Option<&'c str> {
    let candidates = zones.iter().map(|(id, created, name_servers)| Candidate {
        id,
        kind: ZoneKind::HostedPublic,
        created: Timestamp::from_unix_seconds(*created),
        name_servers,
    });
    choose(candidates, &servers(delegated_to)).map(ZoneId::as_str)
}

fn three() -> Vec<(ZoneId, i64, Vec<Name>)> {
    vec![
        (id("young"), 30, servers(&["a1", "a2", "a3", "a4"])),
        (id("old"), 10, servers(&["b1", "b2", "b3", "b4"])),
        (id("middle"), 20, servers(&["c1", "c2", "a3", "b4"])),
    ]
}

#[test]
fn the_zone_that_is_delegated_to_is_served() {
    assert_eq!(chosen(&three(), &["a1", "a2", "a3", "a4"]), Some("young"));
    assert_eq!(chosen(&three(), &["c1", "c2", "a3", "b4"]), Some("middle"));
    assert_eq!(chosen(&three(), &["a2"]), Some("young"));
}

#[test]
fn the_oldest_is_served_without_a_delegation_or_with_one_to_elsewhere() {
    assert_eq!(chosen(&three(), &[]), Some("old"));
    assert_eq!(chosen(&three(), &["ns.elsewhere"]), Some("old"));
    assert_eq!(chosen(&[], &["a1"]), None);
}

#[test]
fn the_registrys_zone_goes_before_any_hosted_one() {
    let (registry, hosted) = (id("z-registry"), id("a-hosted"));
    let servers = servers(&["a1"]);
    let candidate = |id, kind, created| Candidate {
        id,
        kind,
        created: Timestamp::from_unix_seconds(created),
        name_servers: &servers,
    };
    let both = [candidate(&hosted, ZoneKind::HostedPublic, 1), candidate(&registry, ZoneKind::TopLevel, 2)];
    assert_eq!(choose(both, &[name("a1")]), Some(&registry));
}

#[test]
fn a_zone_counts_where_the_parent_does_not_speak_for_its_name() {
    let parent = crate::testing::zone(
        "org",
        "$ORIGIN org.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\ncut 60 NS ns.x.\na.nic 60 A 192.0.2.1\n",
    );
    for (child, below_hosted, below_registry) in [
        ("cut.org", true, true),
        ("deep.below.cut.org", true, true),
        ("free.org", false, true),
        ("deep.free.org", false, true),
        ("a.nic.org", false, false),
        ("nic.org", false, false),
    ] {
        assert_eq!(counts_below(&parent, ZoneKind::HostedPublic, &name(child)), below_hosted, "{child}");
        assert_eq!(counts_below(&parent, ZoneKind::TopLevel, &name(child)), below_registry, "{child}");
    }
}

#[test]
fn the_choice_does_not_depend_on_the_order() {
    let mut zones = vec![(id("b"), 5, servers(&["a1"])), (id("a"), 5, servers(&["a1"]))];
    assert_eq!(chosen(&zones, &["a1"]), Some("a"));
    zones.reverse();
    assert_eq!(chosen(&zones, &["a1"]), Some("a"));
}

fn row(kind: ZoneKind) -> PublishedZone {
    let generation = GenerationNumber(1);
    PublishedZone {
        apex: name("example"),
        kind,
        source: "test".to_owned(),
        name_servers: servers(&["ns1", "ns2"]),
        created: Timestamp::EPOCH,
        generation,
        base: BlobRef { name: "b".to_owned(), size: 0, sha256: [0; 32], generation },
        deltas: Vec::new(),
        signed: false,
        serial_grows: false,
        earliest_expiration: None,
        content_version: 1,
        wish_version: 1,
        published: Timestamp::EPOCH,
    }
}

#[test]
fn listeners_stand_for_their_level_and_never_for_private_zones() {
    use ZoneKind::{HostedPrivate, HostedPublic, Root, TopLevel};
    let named = |server: &str| StandsFor::Servers(vec![name(server)]);
    for (listener, kinds) in [
        (StandsFor::Everything, &[Root, TopLevel, HostedPublic][..]),
        (StandsFor::Root, &[Root]),
        (StandsFor::Registry, &[TopLevel]),
        (StandsFor::Hosted, &[HostedPublic]),
        (named("ns2"), &[Root, TopLevel, HostedPublic]),
        (named("ns3"), &[]),
    ] {
        for kind in [Root, TopLevel, HostedPublic, HostedPrivate] {
            assert_eq!(listener.includes(&row(kind)), kinds.contains(&kind), "{listener:?} {kind:?}");
        }
    }
}
