//! A house for the tests: the service on a store in memory, with a vault and a gate in this process.
//!
//! Operations are called through the gate, with the policies of real callers, as from outside.

mod attempt;
pub(crate) mod clusters;
mod imports;
mod invariants;
mod multi_region;
mod racing;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use keyward_base::{AccountId, Arn, Fault, Region, SeededRandom, SimulatedClock, Timestamp};
use keyward_gate::{Caller, Gate, GateHandle, PrincipalDirectory, Router, Throttle, testing};
use keyward_hsm::Clusters;
use keyward_schema::OperationShape;
use keyward_schema::kms::{CreateKey, CreateKeyRequest, KeySpec, KeyUsageType};
use keyward_store::{SimulatedStore, Store, Txn};
use keyward_vault::VaultClient;

pub(crate) use attempt::{
    ON_KEYS, attempt, create_grant, data_key_pair, decapsulate, derive_shared_secret, encapsulate, encrypt,
    generate_mac, list_grants, re_encrypt, sign, verify, verify_mac, without_plaintext,
};
pub(crate) use imports::{delete_imported, expiring, import_with, parameters_for_import};
pub(crate) use multi_region::{replicate_key, twin};
pub(crate) use racing::{Failure, RacingStore};

use crate::key::{CustomKeyStoreId, KeyId, KeyRecord};
use crate::keystore::{
    CertificateFingerprint, Connection, Credentials, KeyStorePlaces, KeyStoreRecord, KeyStoreRow,
};
use crate::{Kms, KmsParts, ResourceQuotas, register, rows};

/// The account of the tests, and a foreign one.
pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const FOREIGN: &str = "444455556666";

/// When the tests begin.
pub(crate) const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// Everything that a test needs.
pub(crate) struct House {
    pub(crate) store: Arc<RacingStore>,
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) kms: Arc<Kms>,
    pub(crate) handle: GateHandle,
    pub(crate) clusters: Clusters,
    pub(crate) cloudhsm: Arc<clusters::CloudHsm>,
    pub(crate) people: Arc<Everybody>,
    _gate: Arc<Gate>,
}

/// Takes everybody for existing but for those called nobody.
#[derive(Default)]
pub(crate) struct Everybody(Mutex<BTreeMap<String, Option<String>>>);

impl Everybody {
    /// From now on the ARN belongs to whoever has this id; to nobody without one.
    pub(crate) fn set(&self, arn: &str, id: Option<&str>) {
        self.0.lock().unwrap().insert(arn.to_owned(), id.map(str::to_owned));
    }
}

impl PrincipalDirectory for Everybody {
    fn unique_id<'a>(
        &'a self,
        principal: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Option<String>, Fault>> + Send + 'a>> {
        Box::pin(async move {
            if let Some(set) = self.0.lock().unwrap().get(principal) {
                return Ok(set.clone());
            }
            let first = |prefix: &str, name: &str| format!("{prefix}{:A<17}", name.to_ascii_uppercase());
            Ok(match principal.rsplit_once('/') {
                _ if principal.contains("nobody") => None,
                Some((kind, name)) if kind.ends_with(":user") => Some(first("AIDA", name)),
                Some((kind, name)) if kind.ends_with(":role") => Some(first("AROA", name)),
                _ => Some(principal.to_owned()),
            })
        })
    }
}

impl House {
    /// An empty house.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(SimulatedClock::new(START));
        let store = SimulatedStore::new(clock.clone());
        Self::on(store, clock, VaultClient::in_process()).await
    }

    /// A house on what another one left.
    pub(crate) async fn on(store: SimulatedStore, clock: Arc<SimulatedClock>, vault: VaultClient) -> Self {
        Self::build(store, clock, vault, ResourceQuotas::default(), None, 5).await
    }

    /// The service once more on what this one has stored. Its random numbers begin with `seed`.
    pub(crate) async fn restarted(&self, seed: u64) -> Self {
        let (store, vault) = (self.store.inner.clone(), self.kms.vault.clone());
        Self::build(store, self.clock.clone(), vault, ResourceQuotas::default(), None, seed).await
    }

    /// An empty house with quotas of its own.
    pub(crate) async fn with_quotas(quotas: ResourceQuotas, throttle: Option<Throttle>) -> Self {
        let clock = Arc::new(SimulatedClock::new(START));
        let store = SimulatedStore::new(clock.clone());
        Self::build(store, clock, VaultClient::in_process(), quotas, throttle, 5).await
    }

    async fn build(
        store: SimulatedStore,
        clock: Arc<SimulatedClock>,
        vault: VaultClient,
        quotas: ResourceQuotas,
        throttle: Option<Throttle>,
        seed: u64,
    ) -> Self {
        let store = Arc::new(RacingStore::new(store));
        let random = Arc::new(SeededRandom::new(seed));
        let handle = GateHandle::new();
        let known = Clusters::new();
        let people = Arc::new(Everybody::default());
        let parts = KmsParts {
            store: store.clone(),
            vault,
            gate: handle.clone(),
            clusters: known.clone(),
            principals: people.clone(),
            clock: clock.clone(),
            random: random.clone(),
            partition: testing::partition(),
            regions: REGIONS.map(|name| name.parse().unwrap()).to_vec(),
            attestation_roots: crate::AttestationRoots::default(),
            quotas,
        };
        let kms = Kms::open(parts).await.unwrap();
        let mut router = Router::new();
        register(&mut router, &kms);
        let cloudhsm = clusters::register(&mut router);
        let gate = testing::gate_with(store.clone(), clock.clone(), random, router, &handle, throttle);
        Self { store, clock, kms, handle, clusters: known, cloudhsm, people, _gate: gate }
    }

    /// Calls an operation in the Region of the tests.
    pub(crate) async fn call<S: OperationShape>(
        &self,
        caller: &Caller,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        self.handle.call::<S>(caller, &region(), input).await
    }

    /// Calls an operation as root in the Region `region`.
    pub(crate) async fn call_in<S: OperationShape>(
        &self,
        region: &str,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        self.handle.call::<S>(&root(), &region.parse().unwrap(), input).await
    }

    /// Makes a key as root and answers its ARN.
    pub(crate) async fn key(&self, spec: KeySpec, usage: KeyUsageType) -> String {
        let input = CreateKeyRequest { key_spec: Some(spec), key_usage: Some(usage), ..Default::default() };
        self.create(&root(), input).await.unwrap()
    }

    /// Makes a symmetric encryption key as root.
    pub(crate) async fn symmetric(&self) -> String {
        self.key(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await
    }

    /// Writes the row of a custom key store that is connected; it has no cluster.
    pub(crate) async fn connected_store(&self) -> CustomKeyStoreId {
        let id = CustomKeyStoreId::parse("cks-0123456789abcdef0").unwrap();
        let (account, region) = (account(), region());
        let places = KeyStorePlaces { account, region: &region };
        let record = KeyStoreRecord {
            name: "store".to_owned(),
            created: START,
            cluster_id: "cluster-234567abcde".to_owned(),
            certificate: CertificateFingerprint([1; 32]),
            trust_anchor: "certificate".to_owned(),
            credentials: Credentials::seal(&self.kms, places, &id, b"password").await.unwrap(),
            connection: Connection::Connected,
        };
        let row = rows::encode(&KeyStoreRow::V1(record)).unwrap();
        self.store.txn(Txn::default().put(places.store(&id), row)).await.unwrap();
        id
    }

    /// Makes a key and answers its ARN.
    pub(crate) async fn create(&self, caller: &Caller, input: CreateKeyRequest) -> Result<String, Fault> {
        let made = self.call::<CreateKey>(caller, input).await?;
        Ok(made.key_metadata.unwrap().arn.unwrap())
    }

    /// The unique id of whoever has the ARN.
    pub(crate) async fn people_id(&self, arn: &str) -> String {
        self.people.unique_id(arn).await.unwrap().unwrap()
    }

    /// What is stored of a key; `None` when it is gone.
    pub(crate) async fn record(&self, arn: &str) -> Option<KeyRecord> {
        let row = self.store.get(&place(arn)).await.unwrap()?;
        Some(rows::read_key(&row.value).unwrap())
    }

    /// Writes a key's row past every operation, as an intruder or a later version would.
    pub(crate) async fn rewrite(&self, arn: &str, change: impl FnOnce(&mut KeyRecord)) {
        let mut record = self.record(arn).await.unwrap();
        change(&mut record);
        let value = rows::write_key(record).unwrap();
        self.store.txn(Txn::default().put(place(arn), value)).await.unwrap();
    }
}

/// The place of a key's row.
pub(crate) fn place(arn: &str) -> keyward_store::Key {
    let arn: Arn = arn.parse().unwrap();
    let id = KeyId::parse(arn.resource.strip_prefix("key/").unwrap()).unwrap();
    rows::key(arn.account.unwrap(), &arn.region.unwrap(), &id)
}

/// The Regions that there are.
const REGIONS: [&str; 4] = ["us-east-1", "eu-west-1", "eu-central-1", "ap-south-1"];

/// The Region of the tests.
pub(crate) fn region() -> Region {
    "us-east-1".parse().unwrap()
}

/// The account of the tests.
pub(crate) fn account() -> AccountId {
    ACCOUNT.parse().unwrap()
}

/// Its root.
pub(crate) fn root() -> Caller {
    testing::root(account())
}

/// The root of the foreign account.
pub(crate) fn foreigner() -> Caller {
    testing::root(FOREIGN.parse().unwrap())
}

/// A user that may do `actions` on everything.
pub(crate) fn user_allowed(actions: &[&str]) -> Caller {
    let statement = serde_json::json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [statement]});
    testing::user(account(), "alice", &[&policy.to_string()])
}

/// A user without any policy.
pub(crate) fn user() -> Caller {
    testing::user(account(), "bob", &[])
}

/// A result's error as `Code: message`.
pub(crate) fn refusal<T>(result: Result<T, Fault>) -> String {
    result.err().map_or_else(|| "no error".to_owned(), |fault| fault.to_string())
}

/// A key policy with these statements.
pub(crate) fn policy(statements: &[serde_json::Value]) -> String {
    serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// A statement that allows `principal` to do `action`.
pub(crate) fn allow(principal: &serde_json::Value, action: &str) -> serde_json::Value {
    serde_json::json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"})
}

/// The account of the tests as a principal.
pub(crate) fn account_principal() -> serde_json::Value {
    serde_json::json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")})
}
