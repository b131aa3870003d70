//! Power lost, writes and syncs failing, the disk full: at every single operation of a random workload.
//!
//! After each, the store must hold exactly the acknowledged batches, and perhaps the one that was under
//! way, whole; and go on working.

use std::sync::atomic::{AtomicBool, Ordering};

use keyward_base::SeededRandom;
use keyward_simulation::{Disk, Trouble};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::super::engine::Engine;
use super::*;
use crate::suite::model::{Model, draft};

/// Batches of transactions, and the state after each; the first state is the empty store's.
struct Workload {
    batches: Vec<Vec<Txn>>,
    states: Vec<Model>,
}

fn workload(seed: u8, batches: usize) -> Workload {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = proptest::collection::vec(draft(), 1..5);
    let mut model = Model::default();
    let mut workload = Workload { batches: Vec::new(), states: vec![model.clone()] };
    for _ in 0..batches {
        let drafts = strategy.new_tree(&mut runner).unwrap().current();
        let mut batch = Vec::new();
        for draft in &drafts {
            let txn = model.transaction(draft);
            model.apply(&txn);
            batch.push(txn);
        }
        workload.batches.push(batch);
        workload.states.push(model.clone());
    }
    workload
}

/// A disk with an empty store on it; making the file is atomic by its rename and not of interest here.
fn formatted() -> Disk {
    let disk = Disk::default();
    drop(Engine::open(disk.clone()).unwrap());
    disk.after_power_loss(&SeededRandom::new(0))
}

/// Runs the workload until something fails; how many batches were acknowledged.
fn run(workload: &Workload, disk: &Disk) -> usize {
    let Ok(mut engine) = Engine::open(disk.clone()) else { return 0 };
    workload.batches.iter().take_while(|batch| engine.commit(*batch).is_ok()).count()
}

/// Opens what is on `disk` and checks that it holds `acknowledged` batches, or one more.
fn check(workload: &Workload, disk: &Disk, acknowledged: usize, context: &str) {
    let mut engine = Engine::open(disk.clone()).unwrap_or_else(|error| panic!("{context}: {error:?}"));
    let snapshot = engine.snapshot().unwrap();
    let mut rows = Vec::new();
    snapshot.range(&model::everything(), usize::MAX, &mut rows).unwrap();
    let found = workload.states[acknowledged..]
        .iter()
        .take(2)
        .position(|state| state.rows() == rows && state.revision() == snapshot.revision);
    let found = found.unwrap_or_else(|| panic!("{context}: neither {acknowledged} batches nor one more"));
    // It goes on from there.
    for batch in &workload.batches[acknowledged + found..] {
        engine.commit(batch).unwrap();
    }
    let last = workload.states.last().unwrap();
    let mut rows = Vec::new();
    engine.snapshot().unwrap().range(&model::everything(), usize::MAX, &mut rows).unwrap();
    assert_eq!(rows, last.rows(), "{context}");
}

fn operations(workload: &Workload) -> usize {
    let disk = formatted();
    assert_eq!(run(workload, &disk), workload.batches.len());
    disk.operations()
}

fn lose_power_everywhere(seed: u8) {
    let workload = workload(seed, 12);
    let operations = operations(&workload);
    assert!(operations > 40, "the workload does {operations} operations");
    for at in 0..operations {
        let disk = formatted();
        disk.trouble_at(at, Trouble::PowerLoss);
        let acknowledged = run(&workload, &disk);
        for image in 0..4 {
            let random = SeededRandom::new(u64::from(seed) << 32 | (at as u64) << 8 | image);
            let found = disk.after_power_loss(&random);
            check(&workload, &found, acknowledged, &format!("seed {seed}, operation {at}, image {image}"));
        }
    }
}

#[test]
fn power_lost_at_any_operation_loses_nothing_acknowledged() {
    lose_power_everywhere(1);
}

#[test]
fn power_lost_at_any_operation_of_another_workload_loses_nothing_acknowledged() {
    lose_power_everywhere(2);
}

#[test]
fn power_lost_again_during_recovery_loses_nothing_acknowledged() {
    let workload = workload(9, 8);
    let disk = formatted();
    disk.trouble_at(operations(&workload) * 2 / 3, Trouble::PowerLoss);
    let acknowledged = run(&workload, &disk);
    let random = SeededRandom::new(9);
    let crashed = disk.after_power_loss(&random);
    let recovery = {
        let disk = crashed.after_power_loss(&random);
        drop(Engine::open(disk.clone()).unwrap());
        disk.operations()
    };
    for at in 0..recovery {
        let disk = crashed.after_power_loss(&random);
        disk.trouble_at(at, Trouble::PowerLoss);
        drop(Engine::open(disk.clone()));
        check(&workload, &disk.after_power_loss(&random), acknowledged, &format!("recovery operation {at}"));
    }
}

#[test]
fn a_failed_operation_acknowledges_nothing_that_a_power_loss_then_takes() {
    let workload = workload(5, 10);
    for at in 0..operations(&workload) {
        let disk = formatted();
        disk.trouble_at(at, Trouble::Failure);
        let acknowledged = run(&workload, &disk);
        let random = SeededRandom::new(at as u64);
        check(&workload, &disk.after_power_loss(&random), acknowledged, &format!("failure {at}"));
    }
}

/// The whole store on a simulated disk.
fn store_on(disk: &Disk) -> EmbeddedStore {
    let disk = disk.clone();
    let medium = Medium::new("disk".into(), Box::new(move || Ok(Box::new(disk.clone()))));
    EmbeddedStore::open_medium(medium, Arc::new(SystemClock), HistoryBounds::default()).unwrap()
}

#[tokio::test]
async fn transactions_that_wait_for_the_disk_share_its_next_sync() {
    let disk = formatted();
    let store = store_on(&disk);
    let before = disk.syncs();
    store.txn(put("alone", "1")).await.unwrap();
    let of_one = disk.syncs() - before;
    let before = disk.syncs();
    let held = disk.hold();
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.txn(put(&format!("k{number}"), "v")).await.unwrap() })
        })
        .collect();
    // Each task hands its transaction in before it waits.
    for _ in 0..tasks.len() {
        tokio::task::yield_now().await;
    }
    drop(held);
    let mut revisions = Vec::new();
    for task in tasks {
        revisions.push(task.await.unwrap().0);
    }
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=101).collect::<Vec<_>>());
    assert!(disk.syncs() - before <= 2 * of_one, "a commit for the first and one for all the others");
}

async fn is_written(store: &EmbeddedStore, key: &str) -> bool {
    store.get(&Key::of(&[key])).await.unwrap().is_some()
}

#[tokio::test]
async fn a_failed_write_fails_its_transaction_and_the_store_goes_on_when_it_is_mended() {
    let disk = formatted();
    let store = store_on(&disk);
    store.txn(put("before", "1")).await.unwrap();
    let mut watch = store.watch(&Key::new(""), store.revision().unwrap());
    disk.trouble_at(disk.operations(), Trouble::Failure);
    for _ in 0..2 {
        let error = store.txn(put("failed", "1")).await.unwrap_err();
        assert!(matches!(error, TxnError::Store(StoreError::Backend(_))), "{error}");
        assert!(is_written(&store, "before").await, "reads go on meanwhile");
    }
    disk.mend();
    let revision = store.txn(put("after", "1")).await.unwrap();
    assert!(!is_written(&store, "failed").await && is_written(&store, "after").await);
    assert_eq!(watch.next().await.unwrap()[0].revision, revision, "the watch went on");
}

#[tokio::test]
async fn whoever_only_reads_gets_a_file_opened_again_that_a_failure_closed() {
    let (disk, gone) = (formatted(), Arc::new(AtomicBool::new(false)));
    let far = |number: usize| Txn::default().put(Key::of(&[&format!("far{number:03}")]), vec![7; 20_000]);
    let writer = store_on(&disk);
    for number in 0..100 {
        writer.txn(far(number)).await.unwrap();
    }
    writer.close().await;
    let (opened, is_gone) = (disk.clone(), Arc::clone(&gone));
    let opener = move || -> Result<Box<dyn redb::StorageBackend>, OpenProblem> {
        if is_gone.load(Ordering::Relaxed) {
            return Err(OpenProblem::Io(std::io::Error::other("it is gone")));
        }
        Ok(Box::new(opened.clone()))
    };
    let medium = Medium::new("disk".into(), Box::new(opener));
    let store = EmbeddedStore::open_medium(medium, Arc::new(SystemClock), HistoryBounds::default()).unwrap();
    store.txn(put("before", "1")).await.unwrap();
    disk.trouble_at(disk.operations(), Trouble::Failure);
    gone.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        store.txn(put("failed", "1")).await.unwrap_err();
    }
    assert!(store.get(&Key::of(&["far050"])).await.is_err(), "the file is closed");
    assert!(store.range(&model::everything(), 1000).await.is_err());
    disk.mend();
    gone.store(false, Ordering::Relaxed);
    assert!(is_written(&store, "far051").await && !is_written(&store, "failed").await);
    assert_eq!(store.range(&model::everything(), 1000).await.unwrap().0.len(), 101);
    store.txn(put("after", "1")).await.unwrap();
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_written_until_a_restart() {
    let disk = formatted();
    let store = store_on(&disk);
    store.txn(put("before", "1")).await.unwrap();
    disk.fail_syncs();
    let error = store.txn(put("failed", "1")).await.unwrap_err();
    assert!(matches!(error, TxnError::Store(StoreError::Backend(_))), "{error}");
    disk.mend();
    let error = store.txn(put("after", "1")).await.unwrap_err();
    assert!(error.to_string().contains("restart"), "{error}");
    assert!(is_written(&store, "before").await);
    drop(store);
    let restarted = store_on(&disk.after_power_loss(&SeededRandom::new(1)));
    assert!(is_written(&restarted, "before").await);
    restarted.txn(put("after", "1")).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_keeps_what_is_there() {
    let disk = formatted();
    let store = store_on(&disk);
    disk.limit(Some(usize::try_from(redb::StorageBackend::len(&disk).unwrap()).unwrap() + 200_000));
    let large =
        |number: usize| Txn::default().put(Key::of(&["large", &format!("{number:03}")]), vec![7; 20_000]);
    let mut written = 0;
    while store.txn(large(written)).await.is_ok() {
        written += 1;
        assert!(written < 1000, "the disk never fills");
    }
    assert!(written > 0);
    let range = KeyRange::prefix(&Key::of(&["large"]));
    assert_eq!(store.range(&range, 1000).await.unwrap().0.len(), written);
    disk.limit(None);
    store.txn(large(written)).await.unwrap();
    drop(store);
    let store = store_on(&disk.after_power_loss(&SeededRandom::new(3)));
    assert_eq!(store.range(&range, 1000).await.unwrap().0.len(), written + 1);
}
