//! Other types, broken HSMs, changed backups, quotas.

use bytes::Bytes;
use keyward_schema::cloudhsmv2::{DeleteClusterRequest, ModifyClusterRequest};
use keyward_store::{Blobs, Store, Txn};

use super::*;
use crate::backup::{self, BackupRecord};
use crate::ids::BackupId;
use crate::rows;
use crate::testing::place;

#[tokio::test(flavor = "multi_thread")]
async fn the_type_of_a_cluster_in_use_changes_and_nothing_is_lost() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, _) = house.in_use().await;
    house.add_hsm(&cluster, "b").await;
    house.settle().await;
    house.add_user(&cluster, "alice").await;
    let before = house.shown(&cluster).await.hsms.unwrap();
    let input = |hsm_type: &str| ModifyClusterRequest {
        hsm_type: Some(hsm_type.to_owned()),
        backup_retention_policy: None,
        cluster_id: cluster.clone(),
    };
    let changed = house.ask::<api::ModifyCluster>(input("hsm2m.medium")).await.unwrap().cluster.unwrap();
    assert_eq!(changed.state, Some(ClusterState::ModifyInProgress));
    house.settle().await;
    let shown = house.shown(&cluster).await;
    assert_eq!((shown.state, shown.hsm_type.as_deref()), (Some(ClusterState::Active), Some("hsm2m.medium")));
    assert!(shown.hsm_type_rollback_expiration.is_some());
    let after = shown.hsms.unwrap();
    let addresses = |hsms: &[api::Hsm]| {
        let mut all: Vec<_> = hsms.iter().map(|hsm| hsm.eni_ip.clone()).collect();
        all.sort();
        all
    };
    assert_eq!(addresses(&after), addresses(&before));
    assert!(after.iter().all(|hsm| hsm.hsm_type.as_deref() == Some("hsm2m.medium")));
    assert_eq!((world.fleet.count(), house.users(&cluster).await), (2, vec!["alice".to_owned()]));
    for (_, status) in house.hsms_of(&cluster).statuses().await {
        assert_eq!(status.unwrap().membership.unwrap().hsm_type, keyward_hsm::HsmType::Hsm2mMedium);
    }
    house.ask::<api::ModifyCluster>(input("hsm1.medium")).await.unwrap();
    assert_eq!(house.state(&cluster).await, ClusterState::RollbackInProgress);
    house.settle().await;
    assert_eq!(house.shown(&cluster).await.hsm_type.as_deref(), Some("hsm1.medium"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_the_hsm_refuses_is_told() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, first) = house.in_use().await;
    house.let_hsm_go(&cluster, &first).await;
    house.settle().await;
    // The newest backup is changed, and so is what its row says of it: only an HSM can tell.
    let id = BackupId::parse(&house.backups().await[0].backup_id).unwrap();
    let (name, key) = (backup::blob(&id).unwrap(), rows::backup(&place(), &id));
    let mut content = world.blobs.get(&name).await.unwrap().unwrap().to_vec();
    *content.last_mut().unwrap() ^= 1;
    let mut record = BackupRecord::decode(&world.store.get(&key).await.unwrap().unwrap().value).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
    record.sha256 = Some(digest.as_ref().try_into().unwrap());
    world.blobs.put(&name, Bytes::from(content)).await.unwrap();
    world.store.txn(Txn::default().put(key, record.encode().unwrap())).await.unwrap();
    let hsm = house.add_hsm(&cluster, "a").await;
    assert!(house.service.settle_all(None).await.is_err());
    let shown = house.shown(&cluster).await.hsms.unwrap();
    assert_eq!(shown[0].state, Some(HsmState::CreateInProgress));
    let text = shown[0].state_message.clone().unwrap();
    assert!(text.contains("backup was changed"), "{text}");
    house.let_hsm_go(&cluster, &hsm).await;
    house.settle().await;
    assert_eq!((house.hsm_states(&cluster).await, world.fleet.count()), (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_hsm_can_be_deleted_and_the_rest_goes_on() {
    let world = World::new();
    let (cluster, first) = {
        let house = world.open(1).await;
        let made = house.in_use().await;
        house.add_hsm(&made.0, "b").await;
        house.settle().await;
        made
    };
    world.fleet.break_down(&first);
    let house = world.open(2).await;
    assert!(house.service.settle_all(None).await.is_err(), "it waits for both");
    house.pass(Duration::from_secs(10));
    house.settle().await;
    house.users(&cluster).await;
    house.pass(Duration::from_secs(3));
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Degraded, HsmState::Active]);
    house.let_hsm_go(&cluster, &first).await;
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, [HsmState::Active]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_six_hsms_a_region_and_no_cluster_goes_with_its_hsms() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, _) = house.in_use().await;
    for _ in 0..5 {
        house.add_hsm(&cluster, "b").await;
    }
    let one_more = CreateHsmRequest {
        cluster_id: cluster.clone(),
        availability_zone: "us-east-1a".to_owned(),
        ip_address: None,
    };
    let (_, text) = house.refused::<api::CreateHsm>(one_more).await;
    assert!(text.contains("6 HSMs"), "{text}");
    let nowhere = CreateHsmRequest {
        cluster_id: cluster.clone(),
        availability_zone: "us-east-1c".to_owned(),
        ip_address: None,
    };
    assert!(house.refused::<api::CreateHsm>(nowhere).await.1.contains("no subnet"));
    let delete = DeleteClusterRequest { cluster_id: cluster };
    assert!(house.refused::<api::DeleteCluster>(delete).await.1.contains("while it has HSMs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_given_taken_and_refused() {
    let world = World::new();
    let house = world.open(1).await;
    let (cluster, first) = house.in_use().await;
    let taken = house.shown(&cluster).await.hsms.unwrap()[0].eni_ip.clone().unwrap();
    let with = |address: &str| CreateHsmRequest {
        cluster_id: cluster.clone(),
        availability_zone: "us-east-1b".to_owned(),
        ip_address: Some(address.to_owned()),
    };
    assert!(house.refused::<api::CreateHsm>(with(&taken)).await.1.contains("taken"));
    assert!(house.refused::<api::CreateHsm>(with("10.0.0.256")).await.1.contains("not an address"));
    let made = house.ask::<api::CreateHsm>(with("10.0.2.9")).await.unwrap().hsm.unwrap();
    assert_eq!(made.eni_ip.as_deref(), Some("10.0.2.9"));
    let by_address = DeleteHsmRequest {
        cluster_id: cluster.clone(),
        hsm_id: None,
        eni_id: None,
        eni_ip: Some("10.0.2.9".to_owned()),
    };
    let deleted = house.ask::<api::DeleteHsm>(by_address).await.unwrap();
    assert_eq!(deleted.hsm_id, Some(made.hsm_id));
    let eni = house.shown(&cluster).await.hsms.unwrap()[0].eni_id.clone();
    let by_eni = DeleteHsmRequest { cluster_id: cluster.clone(), hsm_id: None, eni_id: eni, eni_ip: None };
    assert_eq!(house.ask::<api::DeleteHsm>(by_eni).await.unwrap().hsm_id, Some(first));
    house.settle().await;
    assert_eq!(house.hsm_states(&cluster).await, []);
}
