//! `DescribeClusters`: the clusters of an account in a Region, each with its HSMs and certificates.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{
    DescribeClusters as Shape, DescribeClustersRequest, DescribeClustersResponse,
};

use super::Filters;
use crate::cluster::{self, ClusterRecord};
use crate::network;
use crate::resolve::{everywhere, here};
use crate::rows::Place;
use crate::service::CloudHsm;

const PAGE_MAX: usize = 25;

/// The operation.
pub(crate) struct DescribeClusters;

impl Operation for DescribeClusters {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = ();

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        _input: &DescribeClustersRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![everywhere("cloudhsm:DescribeClusters", request)]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<DescribeClustersResponse, RunError> {
        let (input, place) = (permit.input(), here(permit.request()));
        let filters = Filters::read(input.filters.as_ref(), &["clusterIds", "vpcIds", "states"])?;
        let wanted = (input.max_results, input.next_token.as_deref());
        let asked = filters.text();
        let page = service.page(permit.request(), ("DescribeClusters", &[&asked]), PAGE_MAX, wanted)?;
        let mut clusters = service.clusters(&place).await?;
        clusters.retain(|cluster| is_wanted(&filters, &place, cluster) && page.is_after(cluster.id.as_str()));
        let paged = page.cut(&service.tokens, clusters, |cluster: &ClusterRecord| cluster.id.to_string())?;
        let clusters = paged.entries.iter().map(|cluster| cluster::show(&place, cluster)).collect();
        Ok(DescribeClustersResponse { clusters: Some(clusters), next_token: paged.next })
    }
}

fn is_wanted(filters: &Filters<'_>, place: &Place, cluster: &ClusterRecord) -> bool {
    filters.allow("clusterIds", Some(cluster.id.as_str()))
        && filters.allow("vpcIds", Some(&network::vpc_id(place)))
        && filters.allow("states", Some(cluster::state_name(cluster).as_str()))
}
