//! From the first HSM to the last backup.

use super::*;

const PATIENT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_claimed_activated_and_grows() {
    let world = World::new();
    let house = world.open(1).await;
    let cluster = house.cluster().await;
    let first = house.add_hsm(&cluster, "a").await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::CreateInProgress]);
    house.settle().await;
    let shown = house.shown(&cluster).await;
    assert_eq!(shown.state, Some(ClusterState::Uninitialized));
    let hsm = &shown.hsms.as_ref().unwrap()[0];
    assert_eq!((hsm.state, hsm.state_message.as_deref()), (Some(HsmState::Active), Some("HSM created.")));
    assert_eq!((hsm.hsm_id.as_str(), hsm.subnet_id.as_deref()), (first.as_str(), Some("subnet-a6b10bd1")));
    let certificates = shown.certificates.unwrap();
    let read = |pem: &Option<String>| keyward_hsm::Certificate::from_pem(pem.as_deref().unwrap()).unwrap();
    let of_cluster = read(&certificates.hsm_certificate);
    let (aws, manufacturer) = house.service.root_certificates().await.unwrap();
    for (hardware, root) in [
        (read(&certificates.aws_hardware_certificate), read(&Some(aws))),
        (read(&certificates.manufacturer_hardware_certificate), read(&Some(manufacturer))),
    ] {
        assert!(of_cluster.is_signed_by(&hardware) && hardware.is_signed_by(&root), "no chain");
    }
    let second = CreateHsmRequest {
        cluster_id: cluster.clone(),
        availability_zone: "us-east-1b".to_owned(),
        ip_address: None,
    };
    let (code, text) = house.refused::<api::CreateHsm>(second).await;
    assert_eq!(code, "CloudHsmInvalidRequestException");
    assert!(text.contains("initialized before"), "{text}");

    house.claim(&cluster).await;
    house.settle().await;
    let shown = house.shown(&cluster).await;
    assert_eq!(shown.state, Some(ClusterState::Initialized));
    let certificates = shown.certificates.unwrap();
    assert!(certificates.cluster_certificate.is_some() && certificates.cluster_csr.is_none());
    assert_eq!(house.ready_backups().await, 1, "of the claim");

    house.hsms_of(&cluster).activate(&password()).await.unwrap();
    house.settle().await;
    assert_eq!(house.state(&cluster).await, ClusterState::Active);
    assert_eq!(house.ready_backups().await, 2, "of the activation");

    house.add_user(&cluster, "alice").await;
    house.add_hsm(&cluster, "b").await;
    assert_eq!(house.state(&cluster).await, ClusterState::UpdateInProgress);
    house.settle().await;
    assert_eq!(house.state(&cluster).await, ClusterState::Active);
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Active, HsmState::Active]);
    assert_eq!(house.ready_backups().await, 3, "of the new HSM");
    world.fleet.kill(&first);
    assert_eq!(house.hsms_of(&cluster).users().await.unwrap().len(), 3, "the new HSM knows everyone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_hsm_leaves_a_backup_with_everything_and_the_next_begins_with_it() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, first) = house.in_use().await;
    house.add_user(&cluster, "alice").await;
    house.let_hsm_go(&cluster, &first).await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::DeleteInProgress]);
    house.settle().await;
    let shown = house.shown(&cluster).await;
    assert_eq!((shown.state, shown.hsms), (Some(ClusterState::Active), Some(Vec::new())));
    assert_eq!((house.ready_backups().await, world.fleet.count()), (3, 0));
    house.add_hsm(&cluster, "b").await;
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Active]);
    assert_eq!(house.users(&cluster).await, ["alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_hsm_of_two_goes_after_a_backup() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, first) = house.in_use().await;
    house.add_hsm(&cluster, "b").await;
    house.settle().await;
    let before = house.ready_backups().await;
    house.pass(Duration::from_secs(1));
    house.let_hsm_go(&cluster, &first).await;
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Active]);
    assert_eq!((house.ready_backups().await, world.fleet.count()), (before + 1, 1));
    assert_eq!(house.hsms_of(&cluster).members().len(), 1);
    house.add_user(&cluster, "alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_cluster_from_a_backup_has_the_users_and_the_certificate() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, first) = house.in_use().await;
    house.add_user(&cluster, "alice").await;
    house.let_hsm_go(&cluster, &first).await;
    house.settle().await;
    let newest = house.backups().await[0].backup_id.clone();
    let restored = house.cluster_from(&newest).await;
    assert_eq!(house.state(&restored).await, ClusterState::Active);
    house.add_hsm(&restored, "a").await;
    house.settle().await;
    assert_eq!(house.hsm_states(&restored).await, [HsmState::Active]);
    assert_eq!(house.users(&restored).await, ["alice"]);
    let certificate = |shown: api::Cluster| shown.certificates.unwrap().cluster_certificate.unwrap();
    assert_eq!(certificate(house.shown(&restored).await), certificate(house.shown(&cluster).await));
    let membership = house.hsms_of(&restored).statuses().await[0].1.clone().unwrap().membership.unwrap();
    assert!(membership.certificate_sha256.is_some(), "it knows its owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_backed_up_every_day() {
    let world = World::new();
    let house = world.open(1).await;
    house.in_use().await;
    let before = house.ready_backups().await;
    house.pass(Duration::from_hours(23));
    house.settle().await;
    assert_eq!(house.ready_backups().await, before);
    house.pass(Duration::from_secs(3601));
    house.settle().await;
    assert_eq!(house.ready_backups().await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hsm_that_is_away_shows_and_comes_back() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, first) = house.in_use().await;
    house.add_hsm(&cluster, "b").await;
    house.settle().await;
    world.fleet.kill(&first);
    // A call finds out that it is gone.
    let there = house.hsms_of(&cluster);
    let away = async {
        while there.active_count() > 1 {
            let _ = there.users().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENT, away).await.unwrap();
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Active, HsmState::Active], "it may be back soon");
    house.pass(Duration::from_secs(3));
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Degraded, HsmState::Active]);
    assert_eq!(house.state(&cluster).await, ClusterState::Active);
    world.fleet.revive(&first);
    assert!(there.until_active(&first.parse().unwrap(), PATIENT).await);
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Active, HsmState::Active]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_hsms_run_again() {
    let world = World::new();
    let (cluster, _) = {
        let house = world.open(1).await;
        let made = house.in_use().await;
        house.add_user(&made.0, "alice").await;
        made
    };
    let house = world.open(2).await;
    house.settle().await;
    assert_eq!(house.users(&cluster).await, ["alice"]);
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Active]);
}
