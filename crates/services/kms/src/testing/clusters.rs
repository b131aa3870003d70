//! A CloudHSM for the tests: clusters of HSMs in this process, and the one operation of CloudHSM's that KMS asks.

use std::sync::{Arc, Mutex};

use keyward_base::{Fault, SeededRandom};
use keyward_gate::{Check, Operation, Permit, RequestContext, Router, RunError, View};
use keyward_hsm::{
    Cluster, ClusterSession, HsmMode, HsmType, Membership, NewMember, Password, Role, TestHsm,
};
use keyward_schema::cloudhsmv2::{
    Certificates, Cluster as Shown, ClusterState, DescribeClusters, DescribeClustersRequest,
    DescribeClustersResponse, Hsm, HsmState,
};

use super::House;
use crate::loaded::whole_account;

/// The cluster of the tests.
pub(crate) const CLUSTER: &str = "cluster-234567abcde";
/// The customer's root, and what it signed for the cluster.
pub(crate) const TRUST_ANCHOR: &str = include_str!("../../../../hsm/src/certificate/ca.pem");
const CLUSTER_CERTIFICATE: &str = include_str!("../../../../hsm/src/certificate/hsm.pem");
/// What `kmsuser` begins with.
pub(crate) const PASSWORD: &str = "kmsPswd123";
const ADMIN: &str = "adminPswd1";

/// What CloudHSM's API shows.
#[derive(Default)]
pub(crate) struct CloudHsm(Mutex<Vec<Shown>>);

struct Describe;

impl Operation for Describe {
    type Shape = DescribeClusters;
    type Service = CloudHsm;
    type Subject = ();

    async fn resolve(
        _: &CloudHsm,
        request: &RequestContext,
        _: &DescribeClustersRequest,
        _: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![whole_account("cloudhsm:DescribeClusters", request.account())]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<DescribeClustersResponse, RunError> {
        let wanted = permit.input().filters.as_ref().and_then(|filters| filters.get("clusterIds"));
        let mut shown = service.0.lock().unwrap().clone();
        shown.retain(|cluster| {
            wanted.is_none_or(|ids| cluster.cluster_id.as_ref().is_some_and(|id| ids.contains(id)))
        });
        Ok(DescribeClustersResponse { clusters: Some(shown), next_token: None })
    }
}

/// Registers CloudHSM's part.
pub(crate) fn register(router: &mut Router) -> Arc<CloudHsm> {
    let service = Arc::new(CloudHsm::default());
    router.register::<Describe>(Arc::clone(&service));
    service
}

/// Two HSMs in two Availability Zones, and the cluster that they are.
pub(crate) struct TestCluster {
    pub(crate) hsms: [TestHsm; 2],
    pub(crate) cluster: Cluster,
}

impl House {
    /// An active cluster with the crypto user `kmsuser`, known to KMS and shown by CloudHSM.
    pub(crate) async fn cluster(&self) -> TestCluster {
        let hsms = [0, 1].map(|_| TestHsm::start(&[7; 32]).unwrap());
        let membership = Membership {
            cluster: CLUSTER.parse().unwrap(),
            mode: HsmMode::Fips,
            hsm_type: HsmType::Hsm1Medium,
            certificate_sha256: Some([7; 32]),
        };
        hsms[0].client().found(&membership).await.unwrap();
        let names = [("hsm-234567abcda", "us-east-1a"), ("hsm-234567abcdb", "us-east-1b")];
        let members = names.iter().zip(&hsms).map(|((id, zone), hsm)| NewMember {
            hsm: id.parse().unwrap(),
            zone: (*zone).to_owned(),
            client: hsm.client(),
        });
        let members: Vec<_> = members.collect();
        let cluster = Cluster::start(membership.cluster, members, Arc::new(SeededRandom::new(9)));
        for (id, _) in names {
            let long = std::time::Duration::from_secs(30);
            assert!(cluster.until_active(&id.parse().unwrap(), long).await, "{id}");
        }
        cluster.activate(&password(ADMIN)).await.unwrap();
        let made = TestCluster { hsms, cluster };
        let admin = made.admin().await;
        admin
            .create_user(&"kmsuser".parse().unwrap(), Role::CryptoUser, &password(PASSWORD), &[])
            .await
            .unwrap();
        self.clusters.put(&made.cluster);
        self.show_cluster(ClusterState::Active, &["us-east-1a", "us-east-1b"]);
        made
    }

    /// What CloudHSM shows of the cluster from now on: its state, and an active HSM in each of `zones`.
    pub(crate) fn show_cluster(&self, state: ClusterState, zones: &[&str]) {
        let hsm = |zone: &&str| Hsm {
            availability_zone: Some((*zone).to_owned()),
            state: Some(HsmState::Active),
            hsm_id: "hsm-234567abcda".to_owned(),
            cluster_id: None,
            subnet_id: None,
            eni_id: None,
            eni_ip: None,
            eni_ip_v6: None,
            hsm_type: None,
            state_message: None,
        };
        let certificates =
            Certificates { cluster_certificate: Some(CLUSTER_CERTIFICATE.to_owned()), ..Default::default() };
        *self.cloudhsm.0.lock().unwrap() = vec![Shown {
            cluster_id: Some(CLUSTER.to_owned()),
            state: Some(state),
            certificates: Some(certificates),
            hsms: Some(zones.iter().map(hsm).collect()),
            ..Default::default()
        }];
    }
}

impl TestCluster {
    /// The cluster's admin, logged in.
    pub(crate) async fn admin(&self) -> ClusterSession {
        self.cluster.login(&"admin".parse().unwrap(), &password(ADMIN)).await.unwrap()
    }

    /// Gives `kmsuser` this password, as the admin does it.
    pub(crate) async fn set_password(&self, text: &str) {
        self.admin().await.change_password(&"kmsuser".parse().unwrap(), &password(text), &[]).await.unwrap();
    }
}

/// A password.
pub(crate) fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}
