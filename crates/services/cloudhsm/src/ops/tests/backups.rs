//! Describing, deleting, restoring and copying backups, and making clusters of them.

use std::time::Duration;

use bytes::Bytes;
use keyward_schema::cloudhsmv2::{
    self as api, Backup, BackupState, ClusterState, CopyBackupToRegionRequest, CreateClusterRequest,
    DeleteBackupRequest, DeleteClusterRequest, DescribeBackupsRequest, ModifyBackupAttributesRequest,
    RestoreBackupRequest, Tag,
};
use keyward_store::Blobs;

use crate::backup;
use crate::ids::BackupId;
use crate::testing::{House, house, root, wanted};

const INVALID: &str = "CloudHsmInvalidRequestException";
const NOT_FOUND: &str = "CloudHsmResourceNotFoundException";
const DAY: Duration = Duration::from_hours(24);

async fn delete(house: &House, id: &str) -> Backup {
    house
        .ask::<api::DeleteBackup>(DeleteBackupRequest { backup_id: id.to_owned() })
        .await
        .unwrap()
        .backup
        .unwrap()
}

async fn ids(house: &House, input: DescribeBackupsRequest) -> Vec<String> {
    let backups = house.ask::<api::DescribeBackups>(input).await.unwrap().backups.unwrap();
    backups.into_iter().map(|backup| backup.backup_id).collect()
}

fn filtered(name: &str, value: &str) -> DescribeBackupsRequest {
    let filters = Some([(name.to_owned(), vec![value.to_owned()])].into());
    DescribeBackupsRequest { filters, ..DescribeBackupsRequest::default() }
}

fn from(backup: &str) -> CreateClusterRequest {
    CreateClusterRequest { source_backup_id: Some(backup.to_owned()), ..wanted() }
}

/// A cluster with two backups, the older first.
async fn with_backups(house: &House) -> (String, [String; 2]) {
    let cluster = house.cluster().await;
    let first = house.backup_of(&cluster).await;
    house.pass(Duration::from_secs(60));
    let second = house.backup_of(&cluster).await;
    (cluster, [first, second])
}

#[tokio::test]
async fn the_newest_comes_first_unless_asked_otherwise() {
    let house = house().await;
    let (cluster, [first, second]) = with_backups(&house).await;
    let shown = house.backups().await;
    assert_eq!(shown.iter().map(|one| one.backup_id.as_str()).collect::<Vec<_>>(), [&second, &first]);
    assert_eq!(shown[1].backup_state, Some(BackupState::Ready));
    assert_eq!(shown[1].cluster_id.as_deref(), Some(cluster.as_str()));
    assert_eq!(
        shown[1].backup_arn.as_ref().unwrap(),
        &format!("arn:aws:cloudhsm:us-east-1:111122223333:backup/{first}")
    );
    let ascending =
        DescribeBackupsRequest { sort_ascending: Some(true), ..DescribeBackupsRequest::default() };
    assert_eq!(ids(&house, ascending).await, [first, second]);
}

#[tokio::test]
async fn pages_keep_the_order() {
    let house = house().await;
    let (_, [first, second]) = with_backups(&house).await;
    let page = |token| DescribeBackupsRequest {
        max_results: Some(1),
        next_token: token,
        ..DescribeBackupsRequest::default()
    };
    let one = house.ask::<api::DescribeBackups>(page(None)).await.unwrap();
    assert_eq!(one.backups.unwrap()[0].backup_id, second);
    let two = house.ask::<api::DescribeBackups>(page(one.next_token.clone())).await.unwrap();
    assert_eq!((two.backups.unwrap()[0].backup_id.as_str(), two.next_token), (first.as_str(), None));
    let turned = DescribeBackupsRequest { sort_ascending: Some(true), ..page(one.next_token) };
    assert_eq!(house.refused::<api::DescribeBackups>(turned).await.0, INVALID, "another list's token");
}

#[tokio::test]
async fn filters_choose() {
    let house = house().await;
    let (cluster, [first, second]) = with_backups(&house).await;
    let keep = ModifyBackupAttributesRequest { backup_id: first.clone(), never_expires: true };
    let kept = house.ask::<api::ModifyBackupAttributes>(keep).await.unwrap().backup.unwrap();
    assert_eq!(kept.never_expires, Some(true));
    assert_eq!(ids(&house, filtered("neverExpires", "true")).await, [first.as_str()]);
    assert_eq!(ids(&house, filtered("neverExpires", "false")).await, [second.as_str()]);
    assert_eq!(ids(&house, filtered("backupIds", &second)).await, [second.as_str()]);
    assert_eq!(ids(&house, filtered("clusterIds", &cluster)).await.len(), 2);
    assert_eq!(ids(&house, filtered("clusterIds", "cluster-aaaaaaaaaaa")).await.len(), 0);
    assert_eq!(ids(&house, filtered("states", "PENDING_DELETION")).await.len(), 0);
    assert_eq!(ids(&house, filtered("sourceBackupIds", &first)).await.len(), 0);
    assert_eq!(house.refused::<api::DescribeBackups>(filtered("names", "x")).await.0, INVALID);
}

#[tokio::test]
async fn a_deleted_backup_can_be_taken_back_for_seven_days() {
    let house = house().await;
    let (_, [first, _]) = with_backups(&house).await;
    let deleted = delete(&house, &first).await;
    assert_eq!(deleted.backup_state, Some(BackupState::PendingDeletion));
    assert!(deleted.delete_timestamp.is_some());
    let again = DeleteBackupRequest { backup_id: first.clone() };
    assert_eq!(house.refused::<api::DeleteBackup>(again).await.0, INVALID);
    let restore = RestoreBackupRequest { backup_id: first.clone() };
    house.pass(DAY * 7 - Duration::from_secs(1));
    let restored = house.ask::<api::RestoreBackup>(restore.clone()).await.unwrap().backup.unwrap();
    assert_eq!((restored.backup_state, restored.delete_timestamp), (Some(BackupState::Ready), None));
    assert_eq!(house.refused::<api::RestoreBackup>(restore.clone()).await.0, INVALID, "not deleted");
    delete(&house, &first).await;
    house.pass(DAY * 7);
    assert_eq!(house.refused::<api::RestoreBackup>(restore.clone()).await.0, INVALID, "too late");
    house.settle().await;
    assert_eq!(ids(&house, filtered("states", "DELETED")).await, [first.as_str()]);
    house.pass(Duration::from_hours(1));
    house.settle().await;
    assert_eq!(house.refused::<api::RestoreBackup>(restore).await.0, NOT_FOUND);
    let name = backup::blob(&BackupId::parse(&first).unwrap()).unwrap();
    assert_eq!(house.blobs.get(&name).await.unwrap(), None, "its content is gone");
}

#[tokio::test]
async fn what_outlived_the_retention_goes_but_never_the_last() {
    let house = house().await;
    let (cluster, [first, second]) = with_backups(&house).await;
    house.pass(DAY * 89);
    house.settle().await;
    assert_eq!(ids(&house, filtered("states", "READY")).await.len(), 2);
    house.pass(DAY);
    house.settle().await;
    assert_eq!(ids(&house, filtered("states", "READY")).await, [second.as_str()]);
    assert_eq!(ids(&house, filtered("states", "PENDING_DELETION")).await, [first.as_str()]);
    house.pass(DAY * 400);
    house.settle().await;
    assert_eq!(ids(&house, filtered("states", "READY")).await, [second.as_str()], "of {cluster}");
}

#[tokio::test]
async fn the_last_backup_of_a_cluster_without_hsms_is_kept() {
    let house = house().await;
    let (cluster, [first, second]) = with_backups(&house).await;
    delete(&house, &first).await;
    let input = DeleteBackupRequest { backup_id: second.clone() };
    let (code, text) = house.refused::<api::DeleteBackup>(input).await;
    assert_eq!(code, INVALID);
    assert!(text.contains("last one"), "{text}");
    house.ask::<api::DeleteCluster>(DeleteClusterRequest { cluster_id: cluster }).await.unwrap();
    house.settle().await;
    delete(&house, &second).await;
}

#[tokio::test]
async fn a_copy_goes_into_another_region() {
    let house = house().await;
    let (cluster, [first, _]) = with_backups(&house).await;
    let tag = Tag { key: "a".to_owned(), value: "b".to_owned() };
    let copy = |region: &str, tags| CopyBackupToRegionRequest {
        destination_region: region.to_owned(),
        backup_id: first.clone(),
        tag_list: tags,
    };
    let copied =
        house.ask::<api::CopyBackupToRegion>(copy("eu-central-1", Some(vec![tag.clone()]))).await.unwrap();
    let copied = copied.destination_backup.unwrap();
    assert_eq!(copied.source_backup.as_deref(), Some(first.as_str()));
    let (there, all) = ("eu-central-1".parse().unwrap(), DescribeBackupsRequest::default());
    let shown = house.call_in::<api::DescribeBackups>(&root(), &there, all).await.unwrap().backups.unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].source_region.as_deref(), Some("us-east-1"));
    assert_eq!(shown[0].source_cluster.as_deref(), Some(cluster.as_str()));
    assert_eq!(shown[0].tag_list, Some(vec![tag]));
    assert!(shown[0].copy_timestamp.is_some());
    let made = house.call_in::<api::CreateCluster>(&root(), &there, from(&shown[0].backup_id)).await.unwrap();
    assert_eq!(made.cluster.unwrap().source_backup_id.as_deref(), Some(shown[0].backup_id.as_str()));
    for wrong in ["us-east-1", "mars-north-1", "eu-west-1"] {
        assert_eq!(house.refused::<api::CopyBackupToRegion>(copy(wrong, None)).await.0, INVALID, "{wrong}");
    }
}

#[tokio::test]
async fn a_cluster_from_a_backup_is_active_and_keeps_the_certificate() {
    let house = house().await;
    let (_, [first, _]) = with_backups(&house).await;
    let made = house.ask::<api::CreateCluster>(from(&first)).await.unwrap().cluster.unwrap();
    assert_eq!(made.state, Some(ClusterState::CreateInProgress));
    house.settle().await;
    let shown = house.shown(&made.cluster_id.unwrap()).await;
    assert_eq!((shown.state, shown.source_backup_id), (Some(ClusterState::Active), Some(first)));
    assert_eq!(shown.certificates.unwrap().cluster_certificate.as_deref(), Some("certificate"));
}

#[tokio::test]
async fn only_a_ready_backup_of_the_same_kind_makes_a_cluster() {
    let house = house().await;
    let (_, [first, second]) = with_backups(&house).await;
    let mode = |mode| CreateClusterRequest { hsm_type: "hsm2m.medium".to_owned(), mode, ..from(&second) };
    let (_, text) = house.refused::<api::CreateCluster>(mode(Some(api::ClusterMode::NonFips))).await;
    assert!(text.contains("only into that mode"), "{text}");
    assert!(house.ask::<api::CreateCluster>(mode(None)).await.is_ok(), "a newer type");
    delete(&house, &first).await;
    let (code, text) = house.refused::<api::CreateCluster>(from(&first)).await;
    assert_eq!(code, INVALID);
    assert!(text.contains("PENDING_DELETION"), "{text}");
    assert_eq!(house.refused::<api::CreateCluster>(from("backup-aaaaaaaaaaa")).await.0, NOT_FOUND);
}

#[tokio::test]
async fn a_changed_backup_is_refused() {
    let house = house().await;
    let (_, [first, _]) = with_backups(&house).await;
    let name = backup::blob(&BackupId::parse(&first).unwrap()).unwrap();
    let mut content = house.blobs.get(&name).await.unwrap().unwrap().to_vec();
    content[0] ^= 1;
    house.blobs.put(&name, Bytes::from(content)).await.unwrap();
    let (code, text) = house.refused::<api::CreateCluster>(from(&first)).await;
    assert_eq!(code, INVALID);
    assert!(text.contains("was changed"), "{text}");
    let copy = CopyBackupToRegionRequest {
        destination_region: "eu-central-1".to_owned(),
        backup_id: first,
        tag_list: None,
    };
    assert_eq!(house.refused::<api::CopyBackupToRegion>(copy).await.0, INVALID);
}
