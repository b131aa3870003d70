//! `InitializeCluster`: claims a cluster with a certificate that its owner's own root has made of the cluster's request.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{
    InitializeCluster as Shape, InitializeClusterRequest, InitializeClusterResponse,
};

use super::write_cluster;
use crate::certificates;
use crate::cluster;
use crate::resolve::FoundCluster;
use crate::service::CloudHsm;

/// The operation.
pub(crate) struct InitializeCluster;

impl Operation for InitializeCluster {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundCluster;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &InitializeClusterRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundCluster, Vec<Check>), Fault> {
        let cluster = FoundCluster::find(request, view, &input.cluster_id).await?;
        let check = cluster.check("cloudhsm:InitializeCluster", request);
        Ok((cluster, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<InitializeClusterResponse, RunError> {
        let txn = permit.txn();
        let (input, now) = (permit.shared_input(), permit.request().now);
        let mut cluster = permit.into_subject();
        let csr = cluster.record.awaited_csr()?;
        certificates::check_claim(csr, &input.signed_cert, &input.trust_anchor, now)?;
        cluster.record.initialize(input.signed_cert.clone(), input.trust_anchor.clone());
        write_cluster(service, txn, &cluster).await?;
        Ok(InitializeClusterResponse {
            state: Some(cluster::state_name(&cluster.record)),
            state_message: cluster.record.message,
        })
    }
}
