//! `CreateHsm`: adds an HSM to a cluster, in one of its Availability Zones. A duty makes it.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_hsm::HsmId;
use keyward_schema::cloudhsmv2::{CreateHsm as Shape, CreateHsmRequest, CreateHsmResponse};

use super::{guarded, write_cluster};
use crate::cluster::{self, ClusterRecord, HsmLife, HsmRecord};
use crate::resolve::FoundCluster;
use crate::service::CloudHsm;
use crate::{fault, ids, network, rows};

/// The operation.
pub(crate) struct CreateHsm;

impl Operation for CreateHsm {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundCluster;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &CreateHsmRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundCluster, Vec<Check>), Fault> {
        let cluster = FoundCluster::find(request, view, &input.cluster_id).await?;
        view.get(&rows::guard(&cluster.place)).await?;
        let check = cluster.check("cloudhsm:CreateHsm", request);
        Ok((cluster, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<CreateHsmResponse, RunError> {
        let txn = permit.txn();
        let input = permit.shared_input();
        let mut cluster = permit.into_subject();
        service.hsms()?;
        let subnet = cluster.record.place_for_hsm(&input.availability_zone)?.to_owned();
        check_quotas(service, &cluster).await?;
        let id = ids::random_hsm(&*service.random)?;
        let hsm = HsmRecord {
            zone: input.availability_zone.clone(),
            eni: network::eni_id(&id),
            address: address(&cluster.record, &subnet, &id, input.ip_address.as_deref())?,
            address_v6: cluster.record.dual_stack.then(|| network::address_v6(&subnet, &id)),
            subnet,
            hsm_type: cluster.record.hsm_type,
            life: HsmLife::Creating,
            message: Some("HSM is being created.".to_owned()),
            replaces: None,
            id,
        };
        let shown = cluster::show_hsm(&cluster.record, &hsm);
        cluster.record.hsms.push(hsm);
        write_cluster(service, guarded(txn, &cluster.place), &cluster).await?;
        Ok(CreateHsmResponse { hsm: Some(shown) })
    }
}

/// The address that the request wants, or one that is free.
fn address(cluster: &ClusterRecord, subnet: &str, id: &HsmId, wanted: Option<&str>) -> Result<String, Fault> {
    let taken: Vec<_> = cluster.hsms.iter().map(|hsm| hsm.address.clone()).collect();
    match wanted {
        None => Ok(network::address(subnet, id, &taken)),
        Some(wanted) if !network::is_address(wanted) => {
            Err(fault::invalid(format!("{wanted} is not an address that an HSM can have.")))
        }
        Some(wanted) if taken.iter().any(|one| one == wanted) => {
            Err(fault::invalid(format!("The address {wanted} is taken by another HSM of the cluster.")))
        }
        Some(wanted) => Ok(wanted.to_owned()),
    }
}

async fn check_quotas(service: &CloudHsm, cluster: &FoundCluster) -> Result<(), Fault> {
    let quotas = &service.config.quotas;
    if cluster.record.hsms.len() >= quotas.hsms_per_cluster {
        let text = format!("A cluster can have at most {} HSMs.", quotas.hsms_per_cluster);
        return Err(fault::quota(text));
    }
    let all = service.clusters(&cluster.place).await?;
    if all.iter().map(|cluster| cluster.hsms.len()).sum::<usize>() < quotas.hsms {
        return Ok(());
    }
    let (limit, region) = (quotas.hsms, &cluster.place.region);
    Err(fault::quota(format!("The account has {limit} HSMs in {region}, which is its limit.")))
}
