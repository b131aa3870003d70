//! Rows come back, their first versions stay readable, and liveness is judged by time.

use super::*;

fn zone() -> PublishedZone {
    PublishedZone {
        apex: "x".parse().unwrap(),
        kind: ZoneKind::HostedPublic,
        source: "route53".to_owned(),
        name_servers: vec!["ns".parse().unwrap()],
        created: Timestamp::from_unix_millis(1),
        generation: GenerationNumber(7),
        base: BlobRef { name: "b".to_owned(), size: 3, sha256: [1; 32], generation: GenerationNumber(7) },
        deltas: Vec::new(),
        signed: true,
        serial_grows: false,
        earliest_expiration: Some(5),
        content_version: 2,
        wish_version: 3,
        published: Timestamp::from_unix_millis(2),
    }
}

#[test]
fn the_first_versions_stay_readable() {
    let mut golden = b"\x00\x03\x01x\0\x02\x07route53\x01\x04\x02ns\0\x02\x07\x01b\x03".to_vec();
    golden.extend([1; 32]);
    golden.extend(b"\x07\x00\x01\x00\x01\x05\x02\x03\x04");
    assert_eq!(zone().encode(), golden);
    assert_eq!(PublishedZone::decode(&golden), Ok(zone()));
    let served = Served { generation: GenerationNumber(9) };
    assert_eq!(served.encode(), b"\0\x09");
    assert_eq!(Served::decode(b"\0\x09"), Ok(served));
    assert_eq!(Served::decode(b"\x01\x09"), Err(BadRow));
    let node = Node { alive_until: Timestamp::from_unix_millis(64) };
    assert_eq!(node.encode(), b"\0\x80\x01");
    assert_eq!(Node::decode(b"\0\x80\x01"), Ok(node));
}

#[test]
fn keys_are_taken_apart_as_they_are_made() {
    let (zone, node): (ZoneId, NodeId) = ("Z1".parse().unwrap(), "ns-1.local".parse().unwrap());
    assert_eq!(keys::zone_of_published(keys::published(&zone).as_bytes()), Some(zone.clone()));
    assert_eq!(keys::node_of(keys::node(&node).as_bytes()), Some(node.clone()));
    assert_eq!(keys::zone_and_node_of(keys::served(&zone, &node).as_bytes()), Some((zone, node)));
    assert!("a/b".parse::<ZoneId>().is_err() && "".parse::<NodeId>().is_err());
}

#[test]
fn a_zone_is_served_when_every_live_node_has_it() {
    let now = Timestamp::from_unix_seconds(100);
    let node = |name: &str, until| {
        (name.parse().unwrap(), Node { alive_until: Timestamp::from_unix_seconds(until) })
    };
    let reached = |node: &NodeId| match node.as_str() {
        "a" => Some(Served { generation: GenerationNumber(5) }),
        "b" => Some(Served { generation: GenerationNumber(4) }),
        _ => None,
    };
    let both = [node("a", 101), node("b", 101)];
    assert_eq!(served_everywhere(both.clone(), reached, now), Some(GenerationNumber(4)));
    assert_eq!(served_everywhere([node("a", 101), node("b", 100)], reached, now), Some(GenerationNumber(5)));
    let [a, b] = both;
    assert_eq!(served_everywhere([a, b, node("c", 101)], reached, now), None);
    assert_eq!(served_everywhere([], reached, now), None);
}
