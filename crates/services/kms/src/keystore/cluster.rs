//! A store's cluster as CloudHSM's API describes it, asked as the caller: who makes a store of a cluster must be allowed
//! to see it (developer guide, "Controlling access to your AWS CloudHSM key store").

use std::collections::BTreeSet;

use keyward_base::Fault;
use keyward_gate::{CallAs, RequestContext};
use keyward_hsm::Certificate;
use keyward_schema::cloudhsmv2::{
    Cluster, ClusterState, DescribeClusters, DescribeClustersRequest, Hsm, HsmState,
};

use super::{CertificateFingerprint, faults};
use crate::fault;
use crate::kms::Kms;

/// What creating a store or moving it to another cluster takes, and creating a key.
const HSMS_MIN: usize = 2;
const NEEDED: &str = "at least two active HSMs in different Availability Zones";

/// An active cluster.
#[derive(Debug)]
pub(crate) struct ActiveCluster {
    id: String,
    /// What it has in common with all clusters of its backup history.
    pub(crate) certificate: CertificateFingerprint,
    cluster_certificate: Certificate,
    zones: BTreeSet<String>,
    hsms: usize,
}

impl ActiveCluster {
    /// Whether keys can be made in it: two active HSMs in different Availability Zones.
    pub(crate) fn require_two_zones(&self) -> Result<(), Fault> {
        let enough = self.hsms >= HSMS_MIN && self.zones.len() >= HSMS_MIN;
        if enough { Ok(()) } else { Err(faults::cluster_configuration(&self.id, NEEDED)) }
    }

    /// Whether a store can be connected to it.
    pub(crate) fn require_hsm(&self) -> Result<(), Fault> {
        let needs = "at least one active HSM";
        if self.hsms > 0 { Ok(()) } else { Err(faults::cluster_configuration(&self.id, needs)) }
    }

    /// Whether the customer's certificate is the one with which the cluster was initialized.
    pub(crate) fn check_trust_anchor(&self, trust_anchor: &str) -> Result<(), Fault> {
        let anchor = Certificate::from_pem(trust_anchor);
        let signed =
            anchor.is_some_and(|anchor| anchor.is_root() && self.cluster_certificate.is_signed_by(&anchor));
        if signed { Ok(()) } else { Err(faults::incorrect_trust_anchor(&self.id)) }
    }
}

/// The cluster `id` of the caller's account and Region, which must be active.
pub(crate) async fn active_cluster(
    kms: &Kms,
    request: &RequestContext,
    id: &str,
) -> Result<ActiveCluster, Fault> {
    let filters = [("clusterIds".to_owned(), vec![id.to_owned()])].into();
    let input = DescribeClustersRequest { filters: Some(filters), ..Default::default() };
    let caller: CallAs = (&request.caller, "kms").into();
    let answer = kms.gate.call::<DescribeClusters>(caller, &request.region, input).await;
    let found = answer.map_err(refused)?.clusters.unwrap_or_default();
    let cluster = found.into_iter().next().ok_or_else(|| faults::no_such_cluster(id))?;
    match cluster.state {
        Some(ClusterState::Active) => {}
        Some(ClusterState::Deleted | ClusterState::DeleteInProgress) => {
            return Err(faults::no_such_cluster(id));
        }
        _ => return Err(faults::cluster_not_active(id)),
    }
    read(id, &cluster).ok_or_else(|| faults::cluster_not_active(id))
}

fn read(id: &str, cluster: &Cluster) -> Option<ActiveCluster> {
    let certificate = Certificate::from_pem(cluster.certificates.as_ref()?.cluster_certificate.as_ref()?)?;
    let active: Vec<&Hsm> = cluster.hsms.iter().flatten().filter(|hsm| is_active(hsm)).collect();
    Some(ActiveCluster {
        id: id.to_owned(),
        certificate: CertificateFingerprint(certificate.sha256()),
        cluster_certificate: certificate,
        zones: active.iter().filter_map(|hsm| hsm.availability_zone.clone()).collect(),
        hsms: active.len(),
    })
}

fn is_active(hsm: &Hsm) -> bool {
    hsm.state == Some(HsmState::Active)
}

/// CloudHSM's refusal in KMS's words; the rest is ours.
fn refused(fault: Fault) -> Fault {
    match fault.code() {
        "CloudHsmAccessDeniedException" | "AccessDeniedException" => {
            Fault::caller("AccessDeniedException", fault.message().unwrap_or_default().to_owned())
        }
        _ => fault::internal(fault.to_string()),
    }
}
