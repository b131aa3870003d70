//! The service's process ends between any two of its transactions, before or after one took place; the next process
//! completes what was begun, once.

use keyward_store::{Key, Store as _, StoreFault, Txn};

use super::*;

/// More transactions than any of the walks here has.
const STEPS_MAX: usize = 30;

/// Takes a cluster to rest in process after process, the first of which dies at transaction number `at`. Whether it died.
async fn settle_with_a_crash(world: &World, at: usize, fault: StoreFault) -> (House, bool) {
    let house = world.open(100).await;
    world.store.script(std::iter::repeat_n(StoreFault::Pass, at).chain([fault]));
    let died = house.service.settle_all(None).await.is_err();
    drop(house);
    // What is left of the script ends here.
    for _ in 0..=STEPS_MAX {
        let nothing = Txn::default().put(Key::of(&["test"]), Vec::new());
        let _ = world.store.txn(nothing).await;
    }
    let house = world.open(200).await;
    house.settle().await;
    (house, died)
}

/// Repeats `walk` with a crash at each transaction, until one ends without any.
async fn at_every_step<F: AsyncFn(usize, StoreFault) -> bool>(walk: F) {
    for fault in [StoreFault::FailBefore, StoreFault::FailAfter] {
        let mut steps = 0;
        while walk(steps, fault).await {
            steps += 1;
            assert!(steps < STEPS_MAX, "it never ends");
        }
        assert!(steps > 0, "nothing was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_hsm_is_made_once() {
    at_every_step(async |at, fault| {
        let world = World::new();
        let house = world.open(1).await;
        let cluster = house.cluster().await;
        house.service.root_certificates().await.unwrap();
        house.add_hsm(&cluster, "a").await;
        drop(house);
        let (house, died) = settle_with_a_crash(&world, at, fault).await;
        assert_eq!((house.hsm_states(&cluster).await, world.fleet.count()), (vec![HsmState::Active], 1));
        house.claim(&cluster).await;
        died
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_and_its_backup_happen_once() {
    at_every_step(async |at, fault| {
        let world = World::new();
        let house = world.open(1).await;
        let cluster = house.cluster().await;
        house.add_hsm(&cluster, "a").await;
        house.settle().await;
        house.claim(&cluster).await;
        drop(house);
        let (house, died) = settle_with_a_crash(&world, at, fault).await;
        assert_eq!(
            (house.state(&cluster).await, house.ready_backups().await),
            (ClusterState::Initialized, 1)
        );
        assert_eq!(house.backups().await.len(), 1, "a half one is left");
        died
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_hsm_goes_with_its_backup_taken() {
    at_every_step(async |at, fault| {
        let world = World::new();
        let house = world.open(1).await;
        let (cluster, first) = house.in_use().await;
        house.add_user(&cluster, "alice").await;
        house.let_hsm_go(&cluster, &first).await;
        drop(house);
        let (house, died) = settle_with_a_crash(&world, at, fault).await;
        assert_eq!((house.hsm_states(&cluster).await, world.fleet.count()), (vec![], 0));
        assert!(house.backups().await.iter().all(|backup| backup.backup_state == Some(BackupState::Ready)));
        house.add_hsm(&cluster, "b").await;
        house.settle().await;
        assert_eq!(house.users(&cluster).await, ["alice"]);
        died
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hsm_joins_once() {
    at_every_step(async |at, fault| {
        let world = World::new();
        let house = world.open(1).await;
        let (cluster, _) = house.in_use().await;
        house.add_user(&cluster, "alice").await;
        house.add_hsm(&cluster, "b").await;
        drop(house);
        let (house, died) = settle_with_a_crash(&world, at, fault).await;
        assert_eq!((house.hsm_states(&cluster).await.len(), world.fleet.count()), (2, 2));
        assert_eq!(house.users(&cluster).await, ["alice"]);
        died
    })
    .await;
}
