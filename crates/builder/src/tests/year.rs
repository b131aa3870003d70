//! A simulated year of a signed zone, with resolvers that hold old answers as long as they may.
//!
//! Two name servers follow what is published, one of them late. Resolvers ask either, keep what they got
//! for its TTL, and put together DS, DNSKEY and answers of different ages. Zone-signing keys roll, records
//! change, signatures are made again, the key-signing key is swapped, a KMS key is lost for six days. Not
//! one answer may be bogus.

mod resolver;

use std::collections::BTreeSet;
use std::sync::Arc;

use keyward_base::{Random, SeededRandom};
use keyward_zone::keys::Dnskey;
use keyward_zone::{Generation, Name, Rtype};

use self::resolver::{Resolver, Truth};
use super::source::set;
use super::world::World;
use crate::KskTrouble;

const HOURS: u32 = 365 * 24;
const TTLS: [u32; 4] = [60, 3600, 86_400, 604_800];
const LATE_HOURS_MAX: u32 = 60;
const DS_TTL: u32 = 86_400;

/// One name server.
struct Server {
    name: &'static str,
    serves: Generation,
    /// Hours by which it is late on average, and is now.
    late_hours: u32,
    behind_hours: u32,
}

struct Year {
    world: World,
    random: Arc<SeededRandom>,
    servers: Vec<Server>,
    resolvers: Vec<Resolver>,
    ds: Vec<Dnskey>,
    due: keyward_base::Timestamp,
    newest: Generation,
    changed: bool,
    zsks_seen: BTreeSet<Vec<u8>>,
    probes: u64,
}

#[tokio::test]
async fn a_year_passes_without_one_bogus_moment() {
    let mut year = Year::begin().await;
    for hour in 1..=HOURS {
        year.world.advance(3600);
        year.events(hour);
        year.build(hour).await;
        year.follow().await;
        year.probe(hour);
    }
    assert!(year.zsks_seen.len() >= 10, "only {} zone-signing keys in a year", year.zsks_seen.len());
    assert!(year.probes > 30_000);
    year.world.verify().await;
}

impl Year {
    async fn begin() -> Self {
        let world = World::new();
        world.source.with(&world.zone, |zone| {
            // Long enough that who holds an old DNSKEY set would meet a key that is used too early.
            zone.wish.policy.dnskey_ttl_seconds = 43_200;
            zone.add_ksk("first");
            for (number, ttl) in TTLS.iter().enumerate() {
                for host in 0..3 {
                    let owner = format!("h{host}-{number}.example.com");
                    zone.put(&owner, vec![set(&owner, Rtype::A, *ttl, &["192.0.2.1"])]);
                }
            }
        });
        let pass = world.pass().await.unwrap();
        let zone = world.verify().await;
        let servers = [("prompt", 0), ("late", 15)];
        let servers = servers.map(|(name, late_hours)| Server {
            name,
            serves: zone.clone(),
            late_hours,
            behind_hours: 0,
        });
        for server in &servers {
            world.report(server.name, &zone).await;
        }
        Self {
            ds: ksks(&zone),
            due: pass.due.unwrap(),
            newest: zone,
            changed: false,
            random: Arc::new(SeededRandom::new(42)),
            resolvers: (0..4).map(|_| Resolver::default()).collect(),
            servers: servers.into(),
            world,
            zsks_seen: BTreeSet::new(),
            probes: 0,
        }
    }

    /// What people do to the zone, and what happens to their keys.
    fn events(&mut self, hour: u32) {
        let (day, source, id) = (hour / 24, &self.world.source, &self.world.zone);
        if self.random.below(3) == 0 {
            let owner = format!("h{}-{}.example.com", self.random.below(3), self.random.below(4));
            let value = format!("192.0.2.{}", self.random.below(250));
            let ttl = TTLS[self.random.below(4) as usize];
            source.with(id, |zone| zone.put(&owner, vec![set(&owner, Rtype::A, ttl, &[&value])]));
            self.changed = true;
        }
        if !hour.is_multiple_of(24) {
            return;
        }
        self.changed = true;
        match day {
            // The safe order of a swap: new key, old TTLs pass, both DS, DS TTL passes, old DS goes, TTL, old key.
            100 => _ = source.with(id, |zone| zone.add_ksk("second")),
            108 => self.ds = ksks(&self.servers[1].serves),
            110 => self.ds.retain(|key| *key != ksk_of(&self.world, "first")),
            112 => source.with(id, |zone| zone.remove_ksk("first")),
            200 => source.with(id, |zone| zone.refusal = Some(KskTrouble::Refused("disabled".to_owned()))),
            206 => source.with(id, |zone| zone.refusal = None),
            _ => {}
        }
    }

    async fn build(&mut self, hour: u32) {
        if !self.changed && self.world.now() < self.due {
            return;
        }
        self.changed = false;
        let pass = self.world.pass().await.unwrap_or_else(|error| panic!("hour {hour}: {error}"));
        self.due = pass.due.unwrap();
        let row = self.world.row().await.unwrap();
        if row.generation != self.newest.number() {
            self.newest = self.world.published().await;
        }
        if hour.is_multiple_of(24 * 30) {
            self.world.restart();
        }
    }

    /// Name servers load what is published, one of them late, and report.
    async fn follow(&mut self) {
        let newest = self.newest.clone();
        for server in &mut self.servers {
            server.behind_hours += 1;
            let caught_up = server.late_hours == 0 || self.random.below(server.late_hours) == 0;
            if caught_up || server.behind_hours > LATE_HOURS_MAX {
                server.serves = newest.clone();
                server.behind_hours = 0;
            }
            self.world.report(server.name, &server.serves).await;
        }
        let dnskeys = newest.set(newest.apex(), Rtype::DNSKEY).unwrap();
        let zsks = dnskeys.rrset.rdata().filter(|rdata| rdata.starts_with(&[1, 0])).map(<[u8]>::to_vec);
        self.zsks_seen.extend(zsks);
    }

    fn probe(&mut self, hour: u32) {
        let names: Vec<Name> = self.servers[0].serves.nodes().map(|node| node.name().clone()).collect();
        for resolver in &mut self.resolvers {
            let server = &self.servers[self.random.below(2) as usize];
            let name = &names[self.random.below(u32::try_from(names.len()).unwrap()) as usize];
            // Clocks of resolvers are up to fifty minutes off.
            let skew = i64::from(self.random.below(6000)) - 3000;
            let truth =
                Truth { zone: &server.serves, ds: &self.ds, ds_ttl: DS_TTL, now: self.world.now(), skew };
            let what = self.random.below(4);
            if let Err(bogus) = resolver.ask(&truth, name, what) {
                panic!("hour {hour} (day {}), {name} from {}: {bogus}", hour / 24, server.name);
            }
            self.probes += 1;
        }
    }
}

fn ksks(zone: &Generation) -> Vec<Dnskey> {
    let set = zone.set(zone.apex(), Rtype::DNSKEY).unwrap();
    set.rrset.rdata().filter_map(Dnskey::from_rdata).filter(|key| key.flags() == 257).collect()
}

fn ksk_of(world: &World, name: &str) -> Dnskey {
    let point = world.source.with(&world.zone, |zone| match &zone.wish.signing {
        crate::SigningWish::On(ksks) => ksks.iter().find(|ksk| ksk.name == name).unwrap().point,
        crate::SigningWish::Off => panic!("the zone is not signed"),
    });
    Dnskey::ksk(&point)
}
