//! Record sets read back as a plain map says, whatever waits in the journal and whoever folds it when.

use std::collections::BTreeMap;
use std::sync::Arc;

use keyward_base::{SimulatedClock, Timestamp};
use keyward_store::SimulatedStore;
use proptest::prelude::*;

use super::*;
use crate::record::RecordType;

fn set(number: u32, ttl_seconds: u32) -> RecordSet {
    let name = RecordName::parse(&format!("n{number}.z.org")).unwrap();
    RecordSet { name, kind: RecordType::A, ttl_seconds, values: vec!["1.1.1.1".to_owned()] }
}

fn outcome(effects: impl IntoIterator<Item = (u32, Option<u32>)>) -> Outcome {
    let effects =
        effects.into_iter().map(|(number, ttl)| (set(number, 0).key(), ttl.map(|ttl| set(number, ttl))));
    Outcome { effects: effects.collect(), ..Outcome::default() }
}

struct Bench {
    store: SimulatedStore,
    zone: ZoneId,
    version: u64,
}

impl Bench {
    fn new() -> Self {
        let store = SimulatedStore::new(Arc::new(SimulatedClock::new(Timestamp::EPOCH)));
        Self { store, zone: ZoneId::parse("Z1").unwrap(), version: 0 }
    }

    fn content(&self) -> Content<'_> {
        Content::new(&self.store, &self.zone)
    }

    /// As a change does: one transaction that writes the zone's row too.
    async fn commit(&mut self, outcome: Outcome) {
        self.version += 1;
        let txn = Txn::default().put(rows::zone(&self.zone), self.version.to_be_bytes().to_vec());
        let txn = self.content().write(txn, outcome, self.version).await.unwrap();
        self.store.txn(txn).await.unwrap();
    }

    async fn waiting(&self) -> usize {
        self.content().rows(KeyRange::prefix(&rows::journals(&self.zone)), usize::MAX).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_thousand_sets_are_one_transaction_and_read_back_at_once() {
    let mut bench = Bench::new();
    bench.commit(outcome((0..1000).map(|number| (number, Some(60))))).await;
    assert_eq!(bench.waiting().await, 1);
    assert_eq!(bench.content().all().await.unwrap().len(), 1000);
    bench.content().fold().await.unwrap();
    assert_eq!(bench.waiting().await, 0);
    assert_eq!(bench.content().all().await.unwrap().len(), 1000);
}

#[tokio::test]
async fn the_largest_batch_fits_into_a_transaction() {
    let mut bench = Bench::new();
    let label = "\\001".repeat(63);
    let effects = (0..1000).map(|number| {
        let name = RecordName::parse(&format!("{number:04}.{label}.{label}.{label}.z.org")).unwrap();
        let values = vec!["\u{10ffff}".repeat(32)];
        let set = RecordSet { name, kind: RecordType::Cname, ttl_seconds: 60, values };
        (set.key(), Some(set))
    });
    bench.commit(Outcome { effects: effects.collect(), ..Outcome::default() }).await;
    bench.content().fold().await.unwrap();
    assert_eq!(bench.content().all().await.unwrap().len(), 1000);
}

#[tokio::test]
async fn a_small_batch_waits_behind_a_large_one() {
    let mut bench = Bench::new();
    bench.commit(outcome((0..100).map(|number| (number, Some(60))))).await;
    bench.commit(outcome([(5, Some(300)), (6, None)])).await;
    assert_eq!(bench.waiting().await, 2);
    bench.content().fold().await.unwrap();
    let sets = bench.content().all().await.unwrap();
    assert_eq!(sets.len(), 99);
    assert!(sets.contains(&set(5, 300)));
}

#[tokio::test]
async fn a_fold_that_stopped_midway_is_finished_by_another() {
    let mut bench = Bench::new();
    bench.commit(outcome((0..250).map(|number| (number, Some(60))))).await;
    bench.commit(outcome([(7, None)])).await;
    let journal = bench.content().rows(KeyRange::prefix(&rows::journals(&bench.zone)), 1).await.unwrap();
    let Journal { effects } = rows::decode::<JournalRow>(&journal[0]).unwrap().into();
    let first = effects.iter().take(100).cloned();
    let stopped = bench.content().write_effects(Txn::default(), first).unwrap();
    bench.store.txn(stopped).await.unwrap();
    assert_eq!(bench.content().all().await.unwrap().len(), 249);
    bench.content().fold().await.unwrap();
    assert_eq!(bench.content().all().await.unwrap().len(), 249);
    // The one that stopped wakes up and goes on: it finds the journal row gone and writes nothing.
    assert!(matches!(bench.content().fold_one(&journal[0], effects).await, Err(TxnError::Conflict)));
    assert_eq!(bench.content().all().await.unwrap().len(), 249);
}

/// Commits a batch between the first and the second look at the rows.
struct Meddling {
    store: SimulatedStore,
    txn: std::sync::Mutex<Option<Txn>>,
}

impl Store for Meddling {
    fn get<'a>(
        &'a self,
        key: &'a Key,
    ) -> keyward_store::BoxFuture<'a, Result<Option<Row>, keyward_store::StoreError>> {
        self.store.get(key)
    }

    fn range<'a>(
        &'a self,
        range: &'a KeyRange,
        limit: usize,
    ) -> keyward_store::BoxFuture<'a, Result<(Vec<Row>, Revision), keyward_store::StoreError>> {
        Box::pin(async move {
            let answer = self.store.range(range, limit).await;
            let txn = self.txn.lock().unwrap().take();
            if let Some(txn) = txn {
                self.store.txn(txn).await.unwrap();
            }
            answer
        })
    }

    fn txn(&self, txn: Txn) -> keyward_store::BoxFuture<'_, Result<Revision, TxnError>> {
        self.store.txn(txn)
    }

    fn watch(&self, prefix: &Key, after: Revision) -> Box<dyn keyward_store::Watch> {
        self.store.watch(prefix, after)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        term: std::time::Duration,
    ) -> keyward_store::BoxFuture<'a, Result<Box<dyn keyward_store::Lease>, keyward_store::LeaseError>> {
        self.store.lease(name, term)
    }
}

#[tokio::test]
async fn a_page_is_of_one_moment_although_a_batch_is_committed_while_it_is_read() {
    let mut bench = Bench::new();
    bench.commit(outcome((0..100).map(|number| (number, Some(60))))).await;
    // What the journal shows, 100 sets, is gone when the rows are read: here replaced by other sets.
    let replaced = outcome((0..200).map(|number| (number, (number >= 100).then_some(60))));
    let txn = Txn::default().put(rows::zone(&bench.zone), vec![9]);
    let txn = bench.content().write(txn, replaced, 9).await.unwrap();
    let meddling = Meddling { store: bench.store.clone(), txn: std::sync::Mutex::new(Some(txn)) };
    let sets = Content::new(&meddling, &bench.zone).all().await.unwrap();
    let expected: std::collections::BTreeSet<_> = (100..200).map(|number| set(number, 60).key()).collect();
    assert_eq!(sets.iter().map(RecordSet::key).collect::<std::collections::BTreeSet<_>>(), expected);
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u32, Option<u32>)>),
    Large(u32),
    Fold,
}

fn any_step() -> impl Strategy<Value = Step> {
    let effect = (0..40_u32, prop::option::of(1..5_u32));
    prop_oneof![
        3 => prop::collection::vec(effect, 1..6).prop_map(Step::Commit),
        1 => (1..5_u32).prop_map(Step::Large),
        1 => Just(Step::Fold),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pages_and_names_read_as_a_plain_map_says(
        steps in prop::collection::vec(any_step(), 1..12),
        start in 0..90_u32,
        limit in 1..20_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new();
            let mut model: BTreeMap<SetKey, RecordSet> = BTreeMap::new();
            for step in steps {
                let effects: Vec<_> = match step {
                    Step::Commit(effects) => effects,
                    Step::Large(ttl) => (0..80).map(|number| (number, Some(ttl))).collect(),
                    Step::Fold => {
                        bench.content().fold().await.unwrap();
                        continue;
                    }
                };
                let outcome = outcome(effects);
                for (key, after) in &outcome.effects {
                    match after {
                        Some(set) => model.insert(key.clone(), set.clone()),
                        None => model.remove(key),
                    };
                }
                bench.commit(outcome).await;
                let expected: Vec<RecordSet> = model.values().cloned().collect();
                assert_eq!(bench.content().all().await.unwrap(), expected);
                let from = set(start, 0).key();
                let expected: Vec<RecordSet> = model.range(from.clone()..).map(|(_, set)| set.clone()).take(limit).collect();
                assert_eq!(bench.content().page(Some(&from), limit).await.unwrap(), expected);
                let names = [set(start, 0).name, set(3, 0).name];
                let expected: Vec<RecordSet> = names.iter().flat_map(|name| {
                    model.values().filter(move |set| set.name == *name).cloned()
                }).collect();
                assert_eq!(bench.content().at_names(&names).await.unwrap(), expected);
            }
        });
    }
}
