//! `DeleteHsm`: lets an HSM go. A duty takes a backup first.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{DeleteHsm as Shape, DeleteHsmRequest, DeleteHsmResponse};

use super::write_cluster;
use crate::cluster::HsmRecord;
use crate::fault;
use crate::resolve::FoundCluster;
use crate::service::CloudHsm;

/// The operation.
pub(crate) struct DeleteHsm;

impl Operation for DeleteHsm {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundCluster;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &DeleteHsmRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundCluster, Vec<Check>), Fault> {
        let cluster = FoundCluster::find(request, view, &input.cluster_id).await?;
        let check = cluster.check("cloudhsm:DeleteHsm", request);
        Ok((cluster, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<DeleteHsmResponse, RunError> {
        let txn = permit.txn();
        let (input, now) = (permit.shared_input(), permit.request().now);
        let mut cluster = permit.into_subject();
        let (name, names) = name(&input)?;
        let found = cluster.record.hsms.iter().find(|hsm| names(hsm) == name);
        let id = found.ok_or_else(|| fault::not_found("HSM", name))?.id.clone();
        cluster.record.delete_hsm(&id, now)?;
        write_cluster(service, txn, &cluster).await?;
        Ok(DeleteHsmResponse { hsm_id: Some(id.to_string()) })
    }
}

/// One of an HSM's names.
type Name = fn(&HsmRecord) -> &str;

/// The one name by which the request means an HSM, and what is called so.
fn name(input: &DeleteHsmRequest) -> Result<(&str, Name), Fault> {
    match (&input.hsm_id, &input.eni_id, &input.eni_ip) {
        (Some(id), None, None) => Ok((id, |hsm| hsm.id.as_str())),
        (None, Some(eni), None) => Ok((eni, |hsm| &hsm.eni)),
        (None, None, Some(address)) => Ok((address, |hsm| &hsm.address)),
        _ => Err(fault::invalid("Name the HSM by exactly one of HsmId, EniId and EniIp.")),
    }
}
