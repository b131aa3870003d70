//! A house for tests: the service behind a gate, over a simulated store and clock, with a vault in this process.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use keyward_base::{AccountId, Clock, Fault, Region, SeededRandom, SimulatedClock, Timestamp};
use keyward_gate::{Caller, Gate, GateHandle, Router, testing};
use keyward_hsm::{Clusters, HsmMode, HsmType};
use keyward_schema::OperationShape;
use keyward_schema::cloudhsmv2::{
    self as api, Backup, Cluster, CreateClusterRequest, DescribeBackupsRequest, DescribeClustersRequest,
};
use keyward_store::{Blobs, FaultyStore, MemoryBlobs, SimulatedStore, Store, Txn};
use keyward_vault::VaultClient;

use crate::backup::{self, BackupRecord, Stage};
use crate::cluster::{Certificates, ClusterRecord};
use crate::hsms::Hsms;
use crate::ids::BackupId;
use crate::rows::{self, Place};
use crate::tags::Tags;
use crate::{CloudHsm, CloudHsmConfig, CloudHsmParts};

/// Everything that a test needs.
pub(crate) struct House {
    pub(crate) service: Arc<CloudHsm>,
    pub(crate) store: FaultyStore,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) random: Arc<SeededRandom>,
    gate: GateHandle,
    _open: Arc<Gate>,
}

/// The account of the tests.
pub(crate) fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

/// Another one.
pub(crate) fn other_account() -> AccountId {
    "444455556666".parse().unwrap()
}

/// The account's root.
pub(crate) fn root() -> Caller {
    testing::root(account())
}

/// A user of `account` who may do what `statement` says.
pub(crate) fn user(account: AccountId, statement: &str) -> Caller {
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    testing::user(account, "alice", &[&policy])
}

/// Where the account's things are.
pub(crate) fn place() -> Place {
    Place { account: account(), region: "us-east-1".parse().unwrap() }
}

/// The settings of the tests: two Regions of three zones.
pub(crate) fn config() -> CloudHsmConfig {
    let zones = |region: &str| ["a", "b", "c"].map(|letter| format!("{region}{letter}")).to_vec();
    let regions = ["us-east-1", "eu-central-1"];
    CloudHsmConfig {
        zones: regions.iter().map(|region| (region.parse().unwrap(), zones(region))).collect(),
        ..CloudHsmConfig::default()
    }
}

/// A house that makes no HSMs.
pub(crate) async fn house() -> House {
    let clock = Arc::new(SimulatedClock::new(Timestamp::from_unix_seconds(1_800_000_000)));
    let store = FaultyStore::new(Arc::new(SimulatedStore::new(clock.clone())), clock.clone());
    House::open(
        store,
        Arc::new(MemoryBlobs::default()),
        clock,
        None,
        config(),
        (VaultClient::in_process(), 1),
    )
    .await
}

impl House {
    /// Opens the service on these things, as a new process would.
    pub(crate) async fn open(
        store: FaultyStore,
        blobs: Arc<MemoryBlobs>,
        clock: Arc<SimulatedClock>,
        hsms: Option<Arc<dyn Hsms>>,
        config: CloudHsmConfig,
        (vault, seed): (VaultClient, u64),
    ) -> Self {
        let random = Arc::new(SeededRandom::new(seed));
        let service = CloudHsm::open(CloudHsmParts {
            store: Arc::new(store.clone()),
            blobs: blobs.clone(),
            vault,
            clock: clock.clone(),
            random: random.clone(),
            partition: testing::partition(),
            config,
            hsms,
            clusters: Clusters::new(),
        })
        .await
        .unwrap();
        let (gate, mut router) = (GateHandle::new(), Router::new());
        crate::register(&mut router, &service);
        let open = testing::gate(Arc::new(store.clone()), clock.clone(), random.clone(), router, &gate);
        Self { service, store, blobs, clock, random, gate, _open: open }
    }

    pub(crate) async fn call<S: OperationShape>(
        &self,
        caller: &Caller,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        self.gate.call::<S>(caller, &"us-east-1".parse().unwrap(), input).await
    }

    pub(crate) async fn call_in<S: OperationShape>(
        &self,
        caller: &Caller,
        region: &Region,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        self.gate.call::<S>(caller, region, input).await
    }

    pub(crate) async fn ask<S: OperationShape>(&self, input: S::Input) -> Result<S::Output, Fault> {
        self.call::<S>(&root(), input).await
    }

    /// The error's code and text.
    pub(crate) async fn refused<S: OperationShape>(&self, input: S::Input) -> (String, String)
    where
        S::Output: std::fmt::Debug,
    {
        let fault = self.ask::<S>(input).await.unwrap_err();
        (code(&fault).to_owned(), fault.message().unwrap_or_default().to_owned())
    }

    pub(crate) async fn settle(&self) {
        self.service.settle_all(None).await.unwrap();
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Makes a cluster in two zones, and lets it come to rest.
    pub(crate) async fn cluster(&self) -> String {
        let made = self.ask::<api::CreateCluster>(wanted()).await.unwrap().cluster.unwrap();
        self.settle().await;
        made.cluster_id.unwrap()
    }

    /// All clusters that are shown.
    pub(crate) async fn clusters(&self) -> Vec<Cluster> {
        let all = self.ask::<api::DescribeClusters>(DescribeClustersRequest::default()).await.unwrap();
        all.clusters.unwrap()
    }

    /// The cluster as it is shown.
    pub(crate) async fn shown(&self, id: &str) -> Cluster {
        let all = self.clusters().await;
        all.into_iter().find(|cluster| cluster.cluster_id.as_deref() == Some(id)).unwrap()
    }

    /// All backups that are shown, the newest first.
    pub(crate) async fn backups(&self) -> Vec<Backup> {
        let all = self.ask::<api::DescribeBackups>(DescribeBackupsRequest::default()).await.unwrap();
        all.backups.unwrap()
    }

    /// The cluster's row.
    pub(crate) async fn record(&self, id: &str) -> ClusterRecord {
        let key = rows::cluster(&place(), &id.parse().unwrap());
        ClusterRecord::decode(&self.store.get(&key).await.unwrap().unwrap().value).unwrap()
    }

    /// A backup of `cluster` that was taken now, without any HSM: its content means nothing.
    pub(crate) async fn backup_of(&self, cluster: &str) -> String {
        let content = Bytes::from(format!("sealed {}", self.clock.now()));
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content).as_ref());
        let record = BackupRecord {
            id: BackupId::random(&*self.random),
            cluster: cluster.parse().unwrap(),
            created: self.clock.now(),
            stage: Stage::Ready,
            never_expires: false,
            copied: None,
            hsm_type: HsmType::Hsm1Medium,
            mode: HsmMode::Fips,
            certificates: Certificates { cluster: Some("certificate".to_owned()), ..Certificates::default() },
            sha256: Some(sha256),
            policy: None,
            tags: Tags::default(),
        };
        self.blobs.put(&backup::blob(&record.id).unwrap(), content).await.unwrap();
        let key = rows::backup(&place(), &record.id);
        self.store.txn(Txn::default().create(key, record.encode().unwrap())).await.unwrap();
        record.id.to_string()
    }
}

/// The error's code as the protocols show it: what breaks the model's constraints has the service's own name.
pub(crate) fn code(fault: &Fault) -> &str {
    match fault.code() {
        "ValidationException" => "CloudHsmInvalidRequestException",
        own => own,
    }
}

/// The request of seed 002's cluster.
pub(crate) fn wanted() -> CreateClusterRequest {
    CreateClusterRequest {
        backup_retention_policy: None,
        hsm_type: "hsm1.medium".to_owned(),
        source_backup_id: None,
        subnet_ids: vec!["subnet-a6b10bd1".to_owned(), "subnet-b6b10bd2".to_owned()],
        network_type: None,
        tag_list: None,
        mode: None,
    }
}
