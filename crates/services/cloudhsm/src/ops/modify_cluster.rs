//! `ModifyCluster`: for how long backups are kept, and the type of the HSMs.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{ModifyCluster as Shape, ModifyClusterRequest, ModifyClusterResponse};

use super::create_cluster::{hsm_type, retention_days};
use super::write_cluster;
use crate::resolve::FoundCluster;
use crate::service::CloudHsm;
use crate::{cluster, fault};

/// The operation.
pub(crate) struct ModifyCluster;

impl Operation for ModifyCluster {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundCluster;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &ModifyClusterRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundCluster, Vec<Check>), Fault> {
        let cluster = FoundCluster::find(request, view, &input.cluster_id).await?;
        let check = cluster.check("cloudhsm:ModifyCluster", request);
        Ok((cluster, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<ModifyClusterResponse, RunError> {
        let txn = permit.txn();
        let (input, now) = (permit.shared_input(), permit.request().now);
        let mut cluster = permit.into_subject();
        let days = retention_days(input.backup_retention_policy.as_ref())?;
        let to = input.hsm_type.as_deref().map(hsm_type).transpose()?;
        if days.is_none() && to.is_none() {
            return Err(fault::invalid("Give a BackupRetentionPolicy or an HsmType to change to.").into());
        }
        if let Some(days) = days {
            cluster.record.retention_days = days;
        }
        if let Some(to) = to.filter(|to| *to != cluster.record.hsm_type) {
            cluster.record.modify_type(to, now)?;
        }
        write_cluster(service, txn, &cluster).await?;
        Ok(ModifyClusterResponse { cluster: Some(cluster::show(&cluster.place, &cluster.record)) })
    }
}
