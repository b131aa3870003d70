//! A backup as the API shows it.

use keyward_base::Partition;
use keyward_schema::cloudhsmv2::{Backup, BackupState};

use super::record::{BackupRecord, Stage};
use crate::cluster::show_mode;
use crate::rows::Place;

/// The backup.
pub(crate) fn backup(partition: &Partition, place: &Place, record: &BackupRecord) -> Backup {
    let copied = record.copied.as_ref();
    Backup {
        backup_id: record.id.to_string(),
        backup_arn: Some(record.arn(partition, place).to_string()),
        backup_state: Some(state_name(record.stage)),
        cluster_id: Some(record.cluster.to_string()),
        create_timestamp: Some(record.created),
        copy_timestamp: copied.map(|copied| copied.at),
        never_expires: Some(record.never_expires),
        source_region: copied.map(|copied| copied.region.to_string()),
        source_backup: copied.map(|copied| copied.backup.to_string()),
        source_cluster: copied.map(|copied| copied.cluster.to_string()),
        delete_timestamp: match record.stage {
            Stage::PendingDeletion(at) | Stage::Deleted(at) => Some(at),
            Stage::Creating | Stage::Ready | Stage::TakenBack(_) => None,
        },
        tag_list: Some(record.tags.shown()),
        hsm_type: Some(record.hsm_type.name().to_owned()),
        mode: Some(show_mode(record.mode)),
    }
}

/// The state's name in the API.
pub(crate) fn state_name(stage: Stage) -> BackupState {
    match stage {
        Stage::Creating => BackupState::CreateInProgress,
        Stage::Ready | Stage::TakenBack(_) => BackupState::Ready,
        Stage::PendingDeletion(_) => BackupState::PendingDeletion,
        Stage::Deleted(_) => BackupState::Deleted,
    }
}
