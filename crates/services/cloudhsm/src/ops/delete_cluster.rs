//! `DeleteCluster`: lets a cluster without HSMs go. Its backups stay.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{DeleteCluster as Shape, DeleteClusterRequest, DeleteClusterResponse};

use super::write_cluster;
use crate::cluster;
use crate::resolve::FoundCluster;
use crate::service::CloudHsm;

/// The operation.
pub(crate) struct DeleteCluster;

impl Operation for DeleteCluster {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundCluster;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &DeleteClusterRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundCluster, Vec<Check>), Fault> {
        let cluster = FoundCluster::find(request, view, &input.cluster_id).await?;
        let check = cluster.check("cloudhsm:DeleteCluster", request);
        Ok((cluster, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<DeleteClusterResponse, RunError> {
        let txn = permit.txn();
        let mut cluster = permit.into_subject();
        cluster.record.delete()?;
        write_cluster(service, txn, &cluster).await?;
        Ok(DeleteClusterResponse { cluster: Some(cluster::show(&cluster.place, &cluster.record)) })
    }
}
