//! Clusters with HSMs, in this process and on simulated disks: their whole life, and crashes in the middle of it.

mod changes;
mod crashes;
mod fleet;
mod life;
mod rest;

use std::sync::Arc;
use std::time::Duration;

use keyward_base::{Clock, SimulatedClock, Timestamp};
use keyward_hsm::{Cluster, Password, Role, UserName};
use keyward_schema::cloudhsmv2::{
    self as api, BackupState, ClusterState, CreateClusterRequest, CreateHsmRequest, DeleteHsmRequest,
    HsmState, InitializeClusterRequest,
};
use keyward_store::{FaultyStore, MemoryBlobs, SimulatedStore};
use keyward_vault::VaultClient;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData as _};
use time::OffsetDateTime;

use crate::testing::{House, config, wanted};
use fleet::TestFleet;

/// What survives a crash of the service's process.
struct World {
    store: FaultyStore,
    blobs: Arc<MemoryBlobs>,
    clock: Arc<SimulatedClock>,
    fleet: Arc<TestFleet>,
    vault: VaultClient,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_unix_seconds(1_800_000_000)));
        let store = FaultyStore::new(Arc::new(SimulatedStore::new(clock.clone())), clock.clone());
        Self { store, blobs: Arc::default(), clock, fleet: Arc::default(), vault: VaultClient::in_process() }
    }

    /// The service in a new process.
    async fn open(&self, seed: u64) -> House {
        let (store, blobs, clock) = (self.store.clone(), self.blobs.clone(), self.clock.clone());
        House::open(store, blobs, clock, Some(self.fleet.clone()), config(), (self.vault.clone(), seed)).await
    }
}

/// The owner's certificates for the request `csr`: the cluster's, and the root.
fn owner_signs(csr: &str, now: Timestamp) -> (String, String) {
    let now = OffsetDateTime::from_unix_timestamp(now.unix_seconds()).unwrap();
    let params = |ca| {
        let mut params = CertificateParams::default();
        params.not_before = now - time::Duration::DAY;
        params.not_after = now + time::Duration::days(3652);
        params.is_ca = ca;
        params
    };
    let (root, key) = (params(IsCa::Ca(BasicConstraints::Unconstrained)), KeyPair::generate().unwrap());
    let anchor = root.self_signed(&key).unwrap().pem();
    let requested = crate::certificates::testing_requested(csr);
    let signed = params(IsCa::NoCa).signed_by(&requested, &Issuer::from_params(&root, &key)).unwrap();
    assert!(!requested.der_bytes().is_empty());
    (signed.pem(), anchor)
}

fn password() -> Password {
    Password::new("secret-1234").unwrap()
}

impl House {
    async fn add_hsm(&self, cluster: &str, zone: &str) -> String {
        let input = CreateHsmRequest {
            cluster_id: cluster.to_owned(),
            availability_zone: format!("us-east-1{zone}"),
            ip_address: None,
        };
        self.ask::<api::CreateHsm>(input).await.unwrap().hsm.unwrap().hsm_id
    }

    async fn let_hsm_go(&self, cluster: &str, hsm: &str) {
        let input = DeleteHsmRequest {
            cluster_id: cluster.to_owned(),
            hsm_id: Some(hsm.to_owned()),
            eni_id: None,
            eni_ip: None,
        };
        self.ask::<api::DeleteHsm>(input).await.unwrap();
    }

    async fn claim(&self, cluster: &str) {
        let csr = self.shown(cluster).await.certificates.unwrap().cluster_csr.unwrap();
        let (signed_cert, trust_anchor) = owner_signs(&csr, self.clock.now());
        let input = InitializeClusterRequest { cluster_id: cluster.to_owned(), signed_cert, trust_anchor };
        let answer = self.ask::<api::InitializeCluster>(input).await.unwrap();
        assert_eq!(answer.state, Some(ClusterState::InitializeInProgress));
    }

    fn hsms_of(&self, cluster: &str) -> Cluster {
        self.service.clusters.get(&cluster.parse().unwrap()).unwrap()
    }

    /// A cluster in use with one HSM, made as its owner makes it.
    async fn in_use(&self) -> (String, String) {
        let cluster = self.cluster().await;
        let hsm = self.add_hsm(&cluster, "a").await;
        self.settle().await;
        self.claim(&cluster).await;
        self.settle().await;
        self.hsms_of(&cluster).activate(&password()).await.unwrap();
        self.settle().await;
        assert_eq!(self.state(&cluster).await, ClusterState::Active);
        (cluster, hsm)
    }

    async fn state(&self, cluster: &str) -> ClusterState {
        self.shown(cluster).await.state.unwrap()
    }

    async fn hsm_states(&self, cluster: &str) -> Vec<HsmState> {
        let hsms = self.shown(cluster).await.hsms.unwrap();
        hsms.into_iter().map(|hsm| hsm.state.unwrap()).collect()
    }

    async fn ready_backups(&self) -> usize {
        let all = self.backups().await;
        all.iter().filter(|backup| backup.backup_state == Some(BackupState::Ready)).count()
    }

    async fn add_user(&self, cluster: &str, name: &str) {
        let cluster = self.hsms_of(cluster);
        let admin = cluster.login(&UserName::admin(), &password()).await.unwrap();
        let name: UserName = name.parse().unwrap();
        admin.create_user(&name, Role::CryptoUser, &password(), &[]).await.unwrap();
        admin.close().await;
    }

    /// The crypto users, as the cluster knows them.
    async fn users(&self, cluster: &str) -> Vec<String> {
        let cluster = self.hsms_of(cluster);
        for member in cluster.members() {
            assert!(cluster.until_active(&member.hsm, Duration::from_secs(30)).await);
        }
        let users = cluster.users().await.unwrap();
        let users = users.into_iter().filter(|user| user.role == Role::CryptoUser);
        users.map(|user| user.name.to_string()).collect()
    }

    async fn cluster_from(&self, backup: &str) -> String {
        let input = CreateClusterRequest { source_backup_id: Some(backup.to_owned()), ..wanted() };
        let made = self.ask::<api::CreateCluster>(input).await.unwrap().cluster.unwrap();
        self.settle().await;
        made.cluster_id.unwrap()
    }
}
