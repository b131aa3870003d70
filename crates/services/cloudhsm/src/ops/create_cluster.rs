//! `CreateCluster`: a cluster without HSMs, new or from a backup.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_hsm::{HsmMode, HsmType};
use keyward_schema::cloudhsmv2::{
    BackupRetentionPolicy, ClusterMode, CreateCluster as Shape, CreateClusterRequest, CreateClusterResponse,
    NetworkType,
};

use super::guarded;
use crate::cluster::{self, Certificates, ClusterRecord, Life, RETENTION_DAYS_DEFAULT};
use crate::ids;
use crate::resolve::{FoundBackup, FoundCluster, everywhere, here};
use crate::service::CloudHsm;
use crate::tags::{self, Tags};
use crate::{fault, network, rows};

const ACTION: &str = "cloudhsm:CreateCluster";

/// The days that backups can be kept (API reference, "BackupRetentionPolicy").
const RETENTION_DAYS: std::ops::RangeInclusive<u16> = 7..=379;

/// The operation.
pub(crate) struct CreateCluster;

/// The cluster that is to be made, and the backup that it is made from.
pub(crate) struct NewCluster {
    cluster: FoundCluster,
    source: Option<FoundBackup>,
}

impl Operation for CreateCluster {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = NewCluster;

    async fn resolve(
        service: &CloudHsm,
        request: &RequestContext,
        input: &CreateClusterRequest,
        view: &mut View<'_>,
    ) -> Result<(NewCluster, Vec<Check>), Fault> {
        let source = match &input.source_backup_id {
            Some(text) => Some(FoundBackup::find_anywhere(request, view, text, ACTION).await?),
            None => None,
        };
        let given = input.tag_list.as_deref().unwrap_or_default();
        let create = match &source {
            Some(backup) => backup.check(ACTION, request)?,
            None => everywhere(ACTION, request),
        };
        view.get(&rows::guard(&here(request))).await?;
        let mut checks = vec![tags::of_request(create, given)];
        let record = record(service, request, input)?;
        let cluster = FoundCluster { place: here(request), record };
        if !given.is_empty() {
            checks.push(tags::of_request(cluster.check("cloudhsm:TagResource", request), given));
        }
        Ok((NewCluster { cluster, source }, checks))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<CreateClusterResponse, RunError> {
        let txn = permit.txn();
        let NewCluster { mut cluster, source } = permit.into_subject();
        if let Some(source) = &source {
            check_source(&cluster.record, source)?;
            cluster.record.source = Some(source.record.id.clone());
            let Certificates { cluster: signed, anchor, .. } = source.record.certificates.clone();
            cluster.record.certificates = Certificates { cluster: signed, anchor, ..Certificates::default() };
            service.sealed(&source.record).await?;
        }
        check_quota(service, &cluster).await?;
        let row = cluster.record.encode()?;
        service.store.txn(guarded(txn, &cluster.place).create(cluster.key(), row)).await?;
        Ok(CreateClusterResponse { cluster: Some(cluster::show(&cluster.place, &cluster.record)) })
    }
}

fn record(
    service: &CloudHsm,
    request: &RequestContext,
    input: &CreateClusterRequest,
) -> Result<ClusterRecord, Fault> {
    let hsm_type = hsm_type(&input.hsm_type)?;
    Ok(ClusterRecord {
        id: ids::random_cluster(&*service.random)?,
        created: request.now,
        hsm_type,
        mode: mode(hsm_type, input.mode)?,
        dual_stack: input.network_type == Some(NetworkType::Dualstack),
        subnets: network::zones(&service.config, &request.region, &input.subnet_ids)?,
        retention_days: retention_days(input.backup_retention_policy.as_ref())?
            .unwrap_or(RETENTION_DAYS_DEFAULT),
        source: None,
        life: Life::Creating,
        message: None,
        certificates: Certificates::default(),
        hsms: Vec::new(),
        change: None,
        rollback: None,
        backup_due: None,
        backed_up: None,
        tags: Tags::given(input.tag_list.as_deref())?,
    })
}

/// Reads the name of a type of HSMs.
pub(super) fn hsm_type(name: &str) -> Result<HsmType, Fault> {
    let all = [HsmType::Hsm1Medium, HsmType::Hsm2mMedium];
    all.into_iter().find(|one| one.name() == name).ok_or_else(|| {
        fault::invalid(format!("{name} is not a type of HSMs; there are hsm1.medium and hsm2m.medium."))
    })
}

/// `hsm1.medium` knows FIPS mode only.
fn mode(hsm_type: HsmType, given: Option<ClusterMode>) -> Result<HsmMode, Fault> {
    match (hsm_type, given) {
        (_, None | Some(ClusterMode::Fips)) => Ok(HsmMode::Fips),
        (HsmType::Hsm2mMedium, Some(ClusterMode::NonFips)) => Ok(HsmMode::NonFips),
        (HsmType::Hsm1Medium, Some(ClusterMode::NonFips)) => {
            Err(fault::invalid("Clusters of the type hsm1.medium are in FIPS mode only."))
        }
    }
}

/// Reads a retention policy.
pub(super) fn retention_days(given: Option<&BackupRetentionPolicy>) -> Result<Option<u16>, Fault> {
    let Some(policy) = given else { return Ok(None) };
    let (Some(_), Some(value)) = (policy.r#type, &policy.value) else {
        return Err(fault::invalid("BackupRetentionPolicy needs a Type and a Value."));
    };
    let days = value.parse().ok().filter(|days| RETENTION_DAYS.contains(days));
    days.map(Some).ok_or_else(|| {
        let (least, most) = (RETENTION_DAYS.start(), RETENTION_DAYS.end());
        fault::invalid(format!("Backups can be kept for {least} to {most} days, not for {value}."))
    })
}

/// A backup restores only when it is ready, into the same mode, and not into an older type.
fn check_source(cluster: &ClusterRecord, source: &FoundBackup) -> Result<(), Fault> {
    let backup = &source.record;
    backup.check_ready()?;
    if backup.mode != cluster.mode {
        let mode = cluster::show_mode(backup.mode);
        return Err(fault::invalid(format!(
            "The backup {} was taken of a cluster in {} mode and restores only into that mode.",
            backup.id,
            mode.as_str()
        )));
    }
    if (backup.hsm_type, cluster.hsm_type) == (HsmType::Hsm2mMedium, HsmType::Hsm1Medium) {
        return Err(fault::invalid(format!(
            "The backup {} of an hsm2m.medium cluster does not restore into an hsm1.medium cluster.",
            backup.id
        )));
    }
    Ok(())
}

async fn check_quota(service: &CloudHsm, cluster: &FoundCluster) -> Result<(), Fault> {
    let limit = service.config.quotas.clusters;
    let clusters = service.clusters(&cluster.place).await?;
    if clusters.iter().filter(|one| !one.is_deleted()).count() < limit {
        return Ok(());
    }
    let text = format!("The account has {limit} clusters in {}, which is its limit.", cluster.place.region);
    Err(fault::quota(text))
}
