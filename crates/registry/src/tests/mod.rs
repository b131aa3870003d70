//! The registry over a simulated store and a vault in this process.

mod changes;
mod configuration;
mod zones;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use keyward_base::{SeededRandom, SimulatedClock, Timestamp};
use keyward_builder::ZoneSource;
use keyward_store::{SimulatedStore, Store};
use keyward_vault::VaultClient;
use keyward_zone::plan::Update;
use keyward_zone::publication::ZoneId;
use keyward_zone::{Name, Rrset, Rtype, records};

use crate::rows;
use crate::{
    Delegation, DsRecord, NameServer, Registry, RegistryConfig, RegistryError, RegistryParts, Server,
    ServerPattern, Ticket, ZoneTimes,
};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn config() -> RegistryConfig {
    let hosted = [("ns-331.awsdns-41.com", "127.0.0.4"), ("ns-1322.awsdns-37.org", "127.0.0.5")];
    RegistryConfig {
        root_servers: vec![Server {
            name: name("a.root-servers.net"),
            addresses: vec![address("127.0.0.2")],
        }],
        tld_servers: vec![ServerPattern {
            pattern: "a.nic.{tld}".to_owned(),
            addresses: vec![address("127.0.0.3"), address("::3")],
        }],
        tlds: vec![name("org")],
        on_demand: true,
        hosts: hosted.iter().map(|(host, ip)| (name(host), vec![address(ip)])).collect::<BTreeMap<_, _>>(),
        times: ZoneTimes::default(),
    }
}

struct House {
    store: Arc<dyn Store>,
    vault: VaultClient,
    clock: Arc<SimulatedClock>,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_unix_seconds(1_800_000_000)));
        let store = Arc::new(SimulatedStore::new(clock.clone()));
        Self { store, vault: VaultClient::in_process(), clock }
    }

    async fn open(&self, config: RegistryConfig) -> Arc<Registry> {
        let parts = RegistryParts {
            store: self.store.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            config,
        };
        Registry::open(parts).await.unwrap()
    }
}

async fn open() -> Arc<Registry> {
    House::new().open(config()).await
}

fn id(apex: &str) -> ZoneId {
    rows::zone_id(&name(apex)).unwrap()
}

/// The zone's sets as the builder gets them.
async fn sets(registry: &Registry, apex: &str) -> Vec<Rrset> {
    match registry.content(&id(apex), None).await.unwrap().update {
        Update::Whole(sets) => sets,
        Update::Names(_) => panic!("not the whole zone"),
    }
}

/// One set as text, `None` when it is not there.
async fn found(registry: &Registry, apex: &str, owner: &str, rtype: Rtype) -> Option<Vec<String>> {
    let owner = name(owner);
    let sets = sets(registry, apex).await;
    let mut fitting = sets.iter().filter(|set| *set.name() == owner && set.rtype() == rtype);
    let set = fitting.next()?;
    assert!(fitting.next().is_none(), "{owner} has two {rtype} sets");
    Some(set.rdata().map(|rdata| records::print(rtype, rdata)).collect())
}

fn outside(servers: &[&str]) -> Vec<NameServer> {
    servers.iter().map(|server| NameServer { name: name(server), glue: Vec::new() }).collect()
}

fn ds(tag: u16) -> DsRecord {
    DsRecord { tag, algorithm: 13, digest_type: 2, digest: vec![tag.to_be_bytes()[1]; 32] }
}

fn delegation(servers: &[&str], ds: &[DsRecord]) -> Delegation {
    Delegation { name_servers: outside(servers), ds: ds.to_vec() }
}

async fn delegate(registry: &Registry, domain: &str, wanted: &Delegation) -> Result<Ticket, RegistryError> {
    registry.delegate(&name(domain), wanted, "111122223333").await
}
