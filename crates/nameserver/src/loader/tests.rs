//! From published rows to answers, with stores and blobs that fail.

use std::net::{SocketAddr, UdpSocket};

use domain::base::Message;
use domain::base::iana::{Rcode, Rtype};
use keyward_base::{SimulatedClock, SystemClock, Timestamp};
use keyward_store::{FaultyStore, MemoryBlobs, SimulatedStore};
use keyward_zone::plan::Update;
use keyward_zone::testing::{TestSigner, sets_of};
use keyward_zone::{Delta, Generation};

use super::*;
use crate::config::{Config, StandsFor};
use crate::server::{NameServer, Running};
use crate::testing::{blob_ref, marked, name, published, query, zone};

/// A builder, a store that can fail, and a name server.
struct World {
    inner: SimulatedStore,
    store: FaultyStore,
    blobs: Arc<MemoryBlobs>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(SystemClock);
        let inner = SimulatedStore::new(clock.clone());
        let store = FaultyStore::new(Arc::new(inner.clone()), clock);
        Self { inner, store, blobs: Arc::new(MemoryBlobs::default()) }
    }

    async fn start(&self) -> Running {
        let mut config = Config::new("n1".parse().unwrap())
            .listen("127.0.0.1:0".parse().unwrap(), StandsFor::Everything)
            .listen("127.0.0.1:0".parse().unwrap(), StandsFor::Hosted);
        config.udp_threads = 1;
        let clock = Arc::new(SystemClock);
        NameServer::start(config, clock, Arc::new(self.store.clone()), self.blobs.clone()).await.unwrap()
    }

    async fn put_blob(&self, blob: Vec<u8>, generation: GenerationNumber) {
        let name = blob_ref(&blob, generation).name.parse().unwrap();
        self.blobs.put(&name, blob.into()).await.unwrap();
    }

    async fn put_row(&self, id: &str, row: &PublishedZone) {
        let key = Key::of(&[&keys::published(&id.parse().unwrap())]);
        self.inner.txn(Txn::default().put(key, row.encode())).await.unwrap();
    }

    async fn publish(&self, id: &str, kind: ZoneKind, zone: &Generation) {
        let (row, blob) = published(zone, kind, 1, &["n1"]);
        self.put_blob(blob, zone.number()).await;
        self.put_row(id, &row).await;
    }

    async fn remove(&self, id: &str) {
        let key = Key::of(&[&keys::published(&id.parse().unwrap())]);
        self.inner.txn(Txn::default().delete(key)).await.unwrap();
    }

    /// What the node says it serves of a zone.
    async fn reported(&self, id: &str) -> Option<u64> {
        let key = Key::of(&[&keys::served(&id.parse().unwrap(), &"n1".parse().unwrap())]);
        let row = self.inner.get(&key).await.unwrap()?;
        Some(ServedRow::decode(&row.value).unwrap().generation.0)
    }

    /// When the node's report was last written.
    async fn revision(&self, id: &str) -> Revision {
        let key = Key::of(&[&keys::served(&id.parse().unwrap(), &"n1".parse().unwrap())]);
        self.inner.get(&key).await.unwrap().unwrap().revision
    }

    async fn node(&self) -> Option<Node> {
        let key = Key::of(&[&keys::node(&"n1".parse().unwrap())]);
        let row = self.inner.get(&key).await.unwrap()?;
        Some(Node::decode(&row.value).unwrap())
    }

    async fn until_reported(&self, id: &str, generation: Option<u64>) {
        for _ in 0..4000 {
            if self.reported(id).await == generation {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{id}: {:?} instead of {generation:?}", self.reported(id).await);
    }
}

/// Asks a listener over UDP: the code, and the data of the first answer.
async fn ask(server: &Running, listener: usize, owner: &str, rtype: Rtype) -> (Rcode, Option<String>) {
    let address: SocketAddr = server.addresses().nth(listener).unwrap();
    let message = query(owner, rtype, None);
    let asked = tokio::task::spawn_blocking(move || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.send_to(&message, address).unwrap();
        let mut reply = vec![0; 4096];
        let length = socket.recv(&mut reply).unwrap();
        reply.truncate(length);
        Message::from_octets(reply).unwrap()
    });
    let reply = asked.await.unwrap();
    let first = reply.answer().unwrap().next().map(|record| {
        let record = record.unwrap().into_any_record::<domain::rdata::AllRecordData<_, _>>().unwrap();
        record.data().to_string()
    });
    (reply.header().rcode(), first)
}

async fn text(server: &Running, owner: &str) -> Option<String> {
    ask(server, 0, owner, Rtype::TXT).await.1.map(|text| text.trim_matches('"').to_owned())
}

fn numbered(zone: &Generation, number: u64) -> Generation {
    let sets = zone.nodes().flat_map(|node| node.sets()).map(|set| set.rrset.clone());
    Generation::unsigned(zone.apex().clone(), GenerationNumber(number), sets)
}

#[tokio::test]
async fn serves_and_reports_what_is_published() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &marked("one.org", "1")).await;
    let server = world.start().await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("1"));
    assert_eq!(world.reported("Z1").await, Some(1));
    assert!(world.node().await.is_some());
    world.publish("Z2", ZoneKind::HostedPublic, &marked("two.org", "2")).await;
    world.until_reported("Z2", Some(1)).await;
    assert_eq!(text(&server, "two.org").await.as_deref(), Some("2"));
    assert_eq!(server.generations().len(), 2);
    server.stop().await;
    assert_eq!(world.node().await, None, "nobody waits for a node that has left");
}

#[tokio::test]
async fn a_signed_zone_moves_on_by_a_delta_alone() {
    let world = World::new();
    let signer = TestSigner::default();
    let apex = name("one.org");
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    let text_of = |mark: &str| {
        sets_of(&format!("$ORIGIN one.org.\n@ 60 IN TXT {mark}\n@ 60 SOA ns admin 1 1 1 1 60\n@ 60 NS ns\n"))
    };
    let first = signer.sign_zone(&apex, text_of("first"), now).unwrap();
    world.publish("Z1", ZoneKind::HostedPublic, &first).await;
    let server = world.start().await;
    let (mut row, base) = published(&first, ZoneKind::HostedPublic, 1, &["n1"]);
    let gone = blob_ref(&base, first.number()).name.parse().unwrap();
    world.blobs.delete(&gone).await.unwrap();

    let update = Update::Names(vec![(apex.clone(), text_of("second"))]);
    let (second, delta) = signer.update(&apex, Some(&first), update, now).unwrap();
    let blob = delta.encode();
    row.generation = second.number();
    row.deltas.push(blob_ref(&blob, second.number()));
    world.put_blob(blob, second.number()).await;
    world.put_row("Z1", &row).await;
    world.until_reported("Z1", Some(2)).await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("second"));
    let until = second.earliest_expiration().unwrap();
    assert_eq!(
        server.seconds_to_earliest_expiration(now),
        Some(i64::from(until) - now.unix_seconds()),
        "{until}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_new_base_is_taken_where_no_delta_leads_on() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &marked("one.org", "1")).await;
    let server = world.start().await;
    world.publish("Z1", ZoneKind::HostedPublic, &numbered(&marked("one.org", "9"), 9)).await;
    world.until_reported("Z1", Some(9)).await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("9"));
    server.stop().await;
}

#[tokio::test]
async fn a_generation_never_goes_back() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &numbered(&marked("one.org", "new"), 5)).await;
    let server = world.start().await;
    world.publish("Z1", ZoneKind::HostedPublic, &numbered(&marked("one.org", "old"), 4)).await;
    world.publish("Z2", ZoneKind::HostedPublic, &marked("two.org", "later")).await;
    world.until_reported("Z2", Some(1)).await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("new"));
    assert_eq!(world.reported("Z1").await, Some(5));
    server.stop().await;
}

#[tokio::test]
async fn an_altered_or_missing_blob_leaves_the_last_good_state() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &marked("one.org", "good")).await;
    let server = world.start().await;
    let next = numbered(&marked("one.org", "next"), 2);
    let (row, blob) = published(&next, ZoneKind::HostedPublic, 1, &["n1"]);
    let blob_name = row.base.name.parse().unwrap();
    let other = Delta::whole(&numbered(&marked("one.org", "forged"), 2)).encode();
    world.blobs.put(&blob_name, other.into()).await.unwrap();
    world.put_row("Z1", &row).await;
    let (absent, _) = published(&marked("absent.org", "x"), ZoneKind::HostedPublic, 1, &[]);
    world.put_row("Z3", &absent).await;
    world.inner.txn(Txn::default().put(Key::of(&["zones/published/Z4"]), vec![255, 1])).await.unwrap();
    world.publish("Z2", ZoneKind::HostedPublic, &marked("two.org", "later")).await;
    world.until_reported("Z2", Some(1)).await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("good"));
    assert_eq!(world.reported("Z1").await, Some(1));
    // Mended, it is found without another row.
    world.blobs.put(&blob_name, blob.into()).await.unwrap();
    world.until_reported("Z1", Some(2)).await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("next"));
    server.stop().await;
}

#[tokio::test]
async fn a_removed_zone_is_refused_and_its_report_goes() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &marked("one.org", "1")).await;
    let server = world.start().await;
    world.remove("Z1").await;
    world.until_reported("Z1", None).await;
    assert_eq!(ask(&server, 0, "one.org", Rtype::SOA).await.0, Rcode::REFUSED);
    server.stop().await;
}

#[tokio::test]
async fn reports_of_an_earlier_life_are_put_right() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &marked("one.org", "1")).await;
    world.publish("Z2", ZoneKind::HostedPublic, &marked("two.org", "1")).await;
    world.start().await.stop().await;
    let other = Key::of(&["zones/served/Z2/another-node"]);
    world.inner.txn(Txn::default().put(other.clone(), vec![0, 7])).await.unwrap();
    world.remove("Z2").await;
    let before = world.revision("Z1").await;
    let server = world.start().await;
    assert_eq!(world.reported("Z2").await, None);
    assert!(world.inner.get(&other).await.unwrap().is_some(), "another node's is not ours to remove");
    assert_eq!(world.revision("Z1").await, before, "what is right is not written again");
    server.stop().await;
}

#[tokio::test]
async fn a_private_zone_is_reported_but_never_served() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPrivate, &marked("one.org", "secret")).await;
    let (without_blob, _) = published(&marked("two.org", "secret"), ZoneKind::HostedPrivate, 1, &[]);
    world.put_row("Z2", &without_blob).await;
    let server = world.start().await;
    assert_eq!((world.reported("Z1").await, world.reported("Z2").await), (Some(1), Some(1)));
    for listener in [0, 1] {
        assert_eq!(ask(&server, listener, "one.org", Rtype::TXT).await, (Rcode::REFUSED, None));
    }
    server.stop().await;
}

#[tokio::test]
async fn serves_on_while_the_store_is_away_and_catches_up_after() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &marked("one.org", "1")).await;
    world.publish("Z2", ZoneKind::HostedPublic, &marked("two.org", "1")).await;
    let server = world.start().await;
    world.store.cut_off();
    world.publish("Z1", ZoneKind::HostedPublic, &numbered(&marked("one.org", "2"), 2)).await;
    world.remove("Z2").await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("1"));
    assert_eq!(text(&server, "two.org").await.as_deref(), Some("1"));
    world.store.heal();
    world.until_reported("Z1", Some(2)).await;
    world.until_reported("Z2", None).await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("2"));
    assert_eq!(ask(&server, 0, "two.org", Rtype::TXT).await.0, Rcode::REFUSED);
    server.stop().await;
}

#[tokio::test]
async fn starts_without_its_store_and_fails_questions_until_it_comes() {
    let world = World::new();
    world.publish("Z1", ZoneKind::HostedPublic, &marked("one.org", "1")).await;
    world.store.cut_off();
    let server = world.start().await;
    assert_eq!(ask(&server, 0, "one.org", Rtype::TXT).await.0, Rcode::SERVFAIL);
    world.store.heal();
    world.until_reported("Z1", Some(1)).await;
    assert_eq!(text(&server, "one.org").await.as_deref(), Some("1"));
    server.stop().await;
}

#[tokio::test]
async fn reports_that_fail_are_made_good() {
    let world = World::new();
    world.store.draw_faults(7, 60);
    for number in 0..30 {
        let zone = marked(&format!("z{number}.org"), "x");
        world.publish(&format!("Z{number}"), ZoneKind::HostedPublic, &zone).await;
    }
    let server = world.start().await;
    for number in 0..30 {
        world.until_reported(&format!("Z{number}"), Some(1)).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn more_zones_than_fit_a_page_are_all_loaded() {
    let world = World::new();
    let count = PAGE_ROWS + 3;
    for number in 0..count {
        let zone = zone(
            &format!("z{number}.org"),
            "@ 60 IN SOA ns.x. a.x. 1 1 1 1 60\n".replace('@', &format!("z{number}.org.")).as_str(),
        );
        world.publish(&format!("Z{number}"), ZoneKind::HostedPublic, &zone).await;
    }
    let server = world.start().await;
    assert_eq!(server.generations().len(), count);
    assert_eq!(ask(&server, 0, &format!("z{}.org", count - 1), Rtype::SOA).await.0, Rcode::NOERROR);
    server.stop().await;
}

#[tokio::test]
async fn a_node_renews_itself_by_the_clock() {
    let world = World::new();
    let clock = Arc::new(SimulatedClock::new(Timestamp::from_unix_seconds(1000)));
    let config = Config::new("n1".parse().unwrap());
    let store = Arc::new(world.store.clone());
    let server = NameServer::start(config, clock.clone(), store, world.blobs.clone()).await.unwrap();
    let until = |node: Option<Node>| node.map(|node| node.alive_until.unix_seconds());
    assert_eq!(until(world.node().await), Some(1030));
    for _ in 0..4000 {
        clock.advance(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(1)).await;
        if until(world.node().await).is_some_and(|until| until >= 1040) {
            server.stop().await;
            return;
        }
    }
    panic!("never renewed");
}
