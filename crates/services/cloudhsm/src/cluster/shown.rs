//! A cluster and its HSMs as the API shows them.

use keyward_hsm::HsmMode;
use keyward_schema::cloudhsmv2::{
    BackupPolicy, BackupRetentionPolicy, BackupRetentionType, Certificates, Cluster, ClusterMode,
    ClusterState, Hsm, HsmState, NetworkType,
};

use super::record::{ClusterRecord, HsmLife, HsmRecord, Life};
use crate::network;
use crate::rows::Place;

/// The cluster.
pub(crate) fn cluster(place: &Place, record: &ClusterRecord) -> Cluster {
    Cluster {
        backup_policy: Some(BackupPolicy::Default),
        backup_retention_policy: Some(BackupRetentionPolicy {
            r#type: Some(BackupRetentionType::Days),
            value: Some(record.retention_days.to_string()),
        }),
        cluster_id: Some(record.id.to_string()),
        create_timestamp: Some(record.created),
        hsms: Some(record.hsms.iter().filter(|one| is_shown(one)).map(|one| hsm(record, one)).collect()),
        hsm_type: Some(record.hsm_type.name().to_owned()),
        hsm_type_rollback_expiration: record.rollback.map(|(_, until)| until),
        // AWS's default password of the first admin; the CLI's `cluster activate` has taken its place.
        pre_co_password: None,
        security_group: Some(network::security_group(&record.id)),
        source_backup_id: record.source.as_ref().map(ToString::to_string),
        state: Some(state(record)),
        state_message: record.message.clone(),
        subnet_mapping: Some(record.subnets.clone()),
        vpc_id: Some(network::vpc_id(place)),
        network_type: Some(if record.dual_stack { NetworkType::Dualstack } else { NetworkType::Ipv4 }),
        certificates: Some(certificates(record)),
        tag_list: Some(record.tags.shown()),
        mode: Some(mode(record.mode)),
    }
}

/// An HSM of the cluster.
pub(crate) fn hsm(cluster: &ClusterRecord, record: &HsmRecord) -> Hsm {
    Hsm {
        availability_zone: Some(record.zone.clone()),
        cluster_id: Some(cluster.id.to_string()),
        subnet_id: Some(record.subnet.clone()),
        eni_id: Some(record.eni.clone()),
        eni_ip: Some(record.address.clone()),
        eni_ip_v6: record.address_v6.clone(),
        hsm_id: record.id.to_string(),
        hsm_type: Some(record.hsm_type.name().to_owned()),
        state: Some(match record.life {
            HsmLife::Creating => HsmState::CreateInProgress,
            HsmLife::Active => HsmState::Active,
            HsmLife::Degraded => HsmState::Degraded,
            HsmLife::Deleting(_) | HsmLife::Leaving => HsmState::DeleteInProgress,
        }),
        state_message: record.message.clone(),
    }
}

/// While an HSM of another type is made, the one is shown whose place it takes.
fn is_shown(hsm: &HsmRecord) -> bool {
    hsm.replaces.is_none() || hsm.life != HsmLife::Creating
}

/// The mode's name in the API.
pub(crate) fn mode(mode: HsmMode) -> ClusterMode {
    match mode {
        HsmMode::Fips => ClusterMode::Fips,
        HsmMode::NonFips => ClusterMode::NonFips,
    }
}

/// The state as the API names it: while something is done to an active cluster, that.
pub(crate) fn state(record: &ClusterRecord) -> ClusterState {
    match record.life {
        Life::Creating => ClusterState::CreateInProgress,
        Life::Uninitialized => ClusterState::Uninitialized,
        Life::Initializing => ClusterState::InitializeInProgress,
        Life::Initialized => ClusterState::Initialized,
        Life::Active => active_state(record),
        Life::Deleting => ClusterState::DeleteInProgress,
        Life::Deleted(_) => ClusterState::Deleted,
    }
}

fn active_state(record: &ClusterRecord) -> ClusterState {
    let has = |wanted: HsmLife| record.hsms.iter().any(|hsm| hsm.life == wanted);
    match record.change {
        Some(change) if change.back => ClusterState::RollbackInProgress,
        Some(_) => ClusterState::ModifyInProgress,
        None if has(HsmLife::Creating) => ClusterState::UpdateInProgress,
        None if has(HsmLife::Degraded) && !has(HsmLife::Active) => ClusterState::Degraded,
        None => ClusterState::Active,
    }
}

fn certificates(record: &ClusterRecord) -> Certificates {
    let all = record.certificates.clone();
    Certificates {
        cluster_csr: all.csr,
        hsm_certificate: all.hsm,
        aws_hardware_certificate: all.aws,
        manufacturer_hardware_certificate: all.manufacturer,
        cluster_certificate: all.cluster,
    }
}
