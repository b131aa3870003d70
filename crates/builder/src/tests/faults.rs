//! Crashes at every step, a failing store, failing blobs, two builders at once: what is published is always
//! whole and verified, and its number only grows.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use keyward_base::{Random, SeededRandom, SimulatedClock};
use keyward_store::{
    BlobError, BlobName, Blobs, BoxFuture, FaultyStore, Key, KeyRange, Lease, LeaseError, MemoryBlobs,
    Revision, Row, SimulatedStore, Store, StoreError, Txn, TxnError, Watch,
};
use keyward_zone::Rtype;

use super::source::set;
use super::world::{START, World};

/// Everything behind it takes a turn of the executor before and after, so that a crash can come between.
struct Slow<T: ?Sized>(Arc<T>);

impl Store for Slow<dyn Store> {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(slowly(self.0.get(key)))
    }

    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> BoxFuture<'a, Result<(Vec<Row>, Revision), StoreError>> {
        Box::pin(slowly(self.0.range(range, limit)))
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, TxnError>> {
        Box::pin(slowly(self.0.txn(txn)))
    }

    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn Watch> {
        self.0.watch(prefix, after)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Lease>, LeaseError>> {
        self.0.lease(name, term)
    }
}

async fn slowly<T>(act: impl Future<Output = T>) -> T {
    tokio::task::yield_now().await;
    let done = act.await;
    tokio::task::yield_now().await;
    done
}

/// Blobs that take their turns, and fail when told to: before writing, or after it.
struct TestBlobs {
    inner: MemoryBlobs,
    percent: AtomicU32,
    random: SeededRandom,
}

impl TestBlobs {
    fn new(percent: u32) -> Self {
        Self { inner: MemoryBlobs::default(), percent: percent.into(), random: SeededRandom::new(11) }
    }

    fn fails(&self) -> Result<(), BlobError> {
        if self.random.below(100) < self.percent.load(Ordering::Relaxed) {
            return Err(BlobError::Backend("the test wants it so".into()));
        }
        Ok(())
    }
}

impl Blobs for TestBlobs {
    fn put<'a>(&'a self, name: &'a BlobName, blob: Bytes) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            self.fails()?;
            slowly(self.inner.put(name, blob)).await?;
            self.fails()
        })
    }

    fn get<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>> {
        Box::pin(slowly(self.inner.get(name)))
    }

    fn delete<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(slowly(self.inner.delete(name)))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<BlobName>, BlobError>> {
        Box::pin(slowly(self.inner.list(prefix)))
    }
}

/// Ends with `None` when the inner future did not end within so many polls: a crash.
struct CutAfter<F> {
    inner: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for CutAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(context).map(Some)
    }
}

/// Watches over what is published.
struct Guard {
    highest: u64,
    content: u64,
}

impl Guard {
    fn new() -> Self {
        Self { highest: 0, content: 0 }
    }

    /// What is published is whole and verified, and not older than what was.
    async fn check(&mut self, world: &World) {
        let Some(row) = world.row().await else {
            assert_eq!(self.highest, 0, "the zone was unpublished");
            return;
        };
        assert!(row.generation.0 >= self.highest, "{} after {}", row.generation.0, self.highest);
        assert!(
            row.content_version >= self.content,
            "content {} after {}",
            row.content_version,
            self.content
        );
        (self.highest, self.content) = (row.generation.0, row.content_version);
        world.verify().await;
    }
}

fn touch(world: &World, number: u32) {
    let owner = format!("n{}.example.com", number % 7);
    let value = format!("192.0.2.{}", number % 250);
    let sets = if number % 5 == 4 { Vec::new() } else { vec![set(&owner, Rtype::A, 60, &[&value])] };
    world.source.with(&world.zone, |zone| zone.put(&owner, sets));
}

#[tokio::test]
async fn a_crash_at_any_step_publishes_nothing_half_done() {
    let clock = Arc::new(SimulatedClock::new(START));
    let inner: Arc<dyn Store> = Arc::new(SimulatedStore::new(clock.clone()));
    let mut world = World::with(clock, Arc::new(Slow(inner)), Arc::new(TestBlobs::new(0)));
    world.source.with(&world.zone, |zone| zone.add_ksk("one"));
    let mut guard = Guard::new();
    let mut crashes = 0;
    for round in 0..3 {
        let mut polls = 0;
        loop {
            touch(&world, polls + round);
            let ended = CutAfter { inner: Box::pin(world.pass()), polls }.await;
            guard.check(&world).await;
            world.restart();
            match ended {
                Some(pass) => {
                    pass.unwrap();
                    break;
                }
                None => crashes += 1,
            }
            polls += 1;
        }
        // The next round signs nearly everything anew.
        world.advance(6 * 86_400);
    }
    assert!(crashes > 30, "only {crashes} crashes");
    world.pass().await.unwrap();
    world.verify().await;
}

#[tokio::test]
async fn a_store_and_blobs_that_fail_delay_and_spoil_nothing() {
    for seed in 0..6 {
        let clock = Arc::new(SimulatedClock::new(START));
        let inner: Arc<dyn Store> = Arc::new(SimulatedStore::new(clock.clone()));
        let faulty = FaultyStore::new(inner.clone(), clock.clone());
        let blobs = Arc::new(TestBlobs::new(30));
        let world = World::with(clock, Arc::new(faulty.clone()), blobs.clone());
        world.source.with(&world.zone, |zone| zone.add_ksk("one"));
        faulty.draw_faults(seed, 40);
        let mut guard = Guard::new();
        let mut failures = 0;
        for number in 0..30 {
            touch(&world, number);
            failures += u32::from(world.pass().await.is_err());
            guard.check(&world).await;
            world.advance(40_000);
        }
        assert!(failures > 3, "seed {seed}: only {failures} failures");
        faulty.draw_faults(seed, 0);
        blobs.percent.store(0, Ordering::Relaxed);
        let progress = world.pass().await.unwrap().progress.unwrap();
        assert_eq!(progress.content_version, 31);
        guard.check(&world).await;
    }
}

#[tokio::test]
async fn two_builders_at_once_do_not_mix() {
    for signed in [false, true] {
        let clock = Arc::new(SimulatedClock::new(START));
        let inner: Arc<dyn Store> = Arc::new(SimulatedStore::new(clock.clone()));
        let mut world = World::with(clock, Arc::new(Slow(inner)), Arc::new(TestBlobs::new(0)));
        if signed {
            world.source.with(&world.zone, |zone| zone.add_ksk("one"));
        }
        let mut guard = Guard::new();
        for polls in 0..20 {
            // The other one has come some way when the content changes and ours begins.
            let other = world.builder.clone();
            world.restart();
            let (source, zone) = (world.source.clone(), world.zone.clone());
            let mut theirs = Box::pin(other.pass(&*source, &zone, false, None));
            let begun = CutAfter { inner: Box::pin(&mut theirs), polls }.await;
            touch(&world, polls);
            world.pass().await.unwrap();
            guard.check(&world).await;
            if begun.is_none() {
                let _ = theirs.await;
            }
            guard.check(&world).await;
            touch(&world, polls + 1);
            world.advance(3600);
        }
    }
}

#[tokio::test]
async fn a_builder_that_lost_its_lease_writes_nothing() {
    let world = World::new();
    let lease = world.store.lease("zone-builder", Duration::from_secs(10)).await.unwrap();
    let fence = lease.fence();
    world.advance(11);
    let _next = world.store.lease("zone-builder", Duration::from_secs(10)).await.unwrap();
    let late = world.builder.pass(&*world.source, &world.zone, false, Some(&fence)).await;
    assert!(matches!(late, Err(crate::BuildError::Overtaken)), "{late:?}");
    assert!(world.row().await.is_none());
}
