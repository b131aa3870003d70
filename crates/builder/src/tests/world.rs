//! A store, blobs, a vault and a clock for one test, and what a name server would read from them.

use std::sync::Arc;
use std::time::Duration;

use keyward_base::{Clock, SeededRandom, SimulatedClock, Timestamp};
use keyward_store::{Blobs, Key, MemoryBlobs, SimulatedStore, Store, Txn};
use keyward_vault::VaultClient;
use keyward_zone::keys::Dnskey;
use keyward_zone::publication::{Node, NodeId, PublishedZone, Served, ZoneId, keys};
use keyward_zone::verify::{Expect, Scope, verify};
use keyward_zone::{Delta, Generation};

use super::source::TestSource;
use crate::{BuildError, Builder, Means, Pass};

pub(super) const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

pub(super) struct World {
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) source: Arc<TestSource>,
    pub(super) vault: VaultClient,
    pub(super) builder: Arc<Builder>,
    pub(super) zone: ZoneId,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Arc::new(SimulatedClock::new(START));
        let store = Arc::new(SimulatedStore::new(clock.clone()));
        Self::with(clock, store, Arc::new(MemoryBlobs::default()))
    }

    pub(super) fn with(clock: Arc<SimulatedClock>, store: Arc<dyn Store>, blobs: Arc<dyn Blobs>) -> Self {
        let source = Arc::new(TestSource::new());
        let vault = VaultClient::in_process_with_seed(1);
        let zone: ZoneId = "Z1".parse().unwrap();
        source.add(&zone, "example.com");
        let builder = build(&clock, &store, &blobs, &vault, &source);
        Self { clock, store, blobs, source, vault, builder, zone }
    }

    /// A builder that remembers nothing, as after a crash.
    pub(super) fn restart(&mut self) {
        self.builder = build(&self.clock, &self.store, &self.blobs, &self.vault, &self.source);
    }

    pub(super) async fn pass(&self) -> Result<Pass, BuildError> {
        self.builder.pass(&*self.source, &self.zone, false, None).await
    }

    pub(super) async fn check_keys(&self) -> Result<Pass, BuildError> {
        self.builder.pass(&*self.source, &self.zone, true, None).await
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) async fn row(&self) -> Option<PublishedZone> {
        let row = self.store.get(&Key::new(keys::published(&self.zone))).await.unwrap()?;
        Some(PublishedZone::decode(&row.value).unwrap())
    }

    /// What is published, as a name server loads it.
    pub(super) async fn published(&self) -> Generation {
        let row = self.row().await.expect("the zone is published");
        let mut zone = None;
        for blob in std::iter::once(&row.base).chain(&row.deltas) {
            let bytes =
                self.blobs.get(&blob.name.parse().unwrap()).await.unwrap().expect("the blob is there");
            assert_eq!(bytes.len() as u64, blob.size);
            zone = Some(Delta::decode(&bytes).unwrap().apply(zone.as_ref()).unwrap());
        }
        let zone = zone.unwrap();
        assert_eq!((zone.number(), zone.is_signed()), (row.generation, row.signed));
        zone
    }

    /// Verifies what is published, all of it.
    pub(super) async fn verify(&self) -> Generation {
        self.verify_signed_by(|_, _| true).await
    }

    /// The same where only those keys need to have signed that did.
    pub(super) async fn verify_by_signers(&self) -> Generation {
        self.verify_signed_by(|key, signers| signers.contains(&key.tag())).await
    }

    async fn verify_signed_by(&self, must: impl Fn(&Dnskey, &[u16]) -> bool) -> Generation {
        let zone = self.published().await;
        let dnskeys = zone.set(zone.apex(), keyward_zone::Rtype::DNSKEY);
        let ksks: Vec<_> = dnskeys
            .iter()
            .flat_map(|set| set.rrset.rdata().map(|rdata| Dnskey::from_rdata(rdata).unwrap()))
            .filter(|key| key.flags() == 257)
            .collect();
        let signers: Vec<u16> = dnskeys
            .iter()
            .flat_map(|set| set.signatures.iter().map(|signature| signature.key_tag()))
            .collect();
        let ksks: Vec<_> = ksks.into_iter().filter(|key| must(key, &signers)).collect();
        let expect = if zone.is_signed() { Expect::Signed(&ksks) } else { Expect::Unsigned };
        verify(&zone, Scope::Whole, &expect, self.now()).unwrap();
        zone
    }

    /// A name server reports that it lives for a day and serves this generation.
    pub(super) async fn report(&self, node: &str, zone: &Generation) {
        let node: NodeId = node.parse().unwrap();
        let alive = Node { alive_until: self.now().plus(Duration::from_secs(86_400)) };
        let txn = Txn::default()
            .put(Key::new(keys::node(&node)), alive.encode())
            .put(Key::new(keys::served(&self.zone, &node)), Served { generation: zone.number() }.encode());
        self.store.txn(txn).await.unwrap();
    }
}

fn build(
    clock: &Arc<SimulatedClock>,
    store: &Arc<dyn Store>,
    blobs: &Arc<dyn Blobs>,
    vault: &VaultClient,
    source: &Arc<TestSource>,
) -> Arc<Builder> {
    let means = Means {
        store: store.clone(),
        blobs: blobs.clone(),
        vault: vault.clone(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(7)),
    };
    Builder::new(means, vec![source.clone()])
}
