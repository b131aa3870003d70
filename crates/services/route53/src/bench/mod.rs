//! The service behind a gate, over a simulated store and a toy KMS, for tests. Never in the binary.

mod toy_kms;
mod yielding;

use std::sync::{Arc, Mutex};

use keyward_base::{AccountId, Arn, Fault, NoticeBoard, Region, SeededRandom, SimulatedClock, Timestamp};
use keyward_gate::{Caller, Gate, GateHandle, PageTokens, Router, testing};
use keyward_schema::OperationShape;
use keyward_schema::route53::{
    Change, ChangeAction, ChangeBatch, ChangeResourceRecordSets, ChangeResourceRecordSetsRequest,
    CreateHostedZone, CreateHostedZoneRequest, CreateHostedZoneResponse, GetChange, GetChangeRequest,
    ResourceRecord, ResourceRecordSet, VPC,
};
use keyward_store::{BoxFuture, SimulatedStore, Store};
use keyward_zone::Name;

pub(crate) use toy_kms::ToyKms;

use crate::{
    Delegation, HostedZones, LookupFailed, NameServerScheme, ParentView, Quotas, Route53, Route53Config,
    Route53Parts, register,
};

/// What a test's parent zones serve.
#[derive(Default)]
pub(crate) struct ToyParent(Mutex<Option<Result<Option<Delegation>, LookupFailed>>>);

impl ToyParent {
    pub(crate) fn serves(&self, delegation: Delegation) {
        *self.0.lock().unwrap() = Some(Ok(Some(delegation)));
    }

    pub(crate) fn fails(&self) {
        *self.0.lock().unwrap() = Some(Err(LookupFailed("timed out".to_owned())));
    }

    pub(crate) fn is_empty(&self) {
        *self.0.lock().unwrap() = None;
    }
}

impl ParentView for ToyParent {
    fn delegation<'a>(&'a self, _: &'a Name) -> BoxFuture<'a, Result<Option<Delegation>, LookupFailed>> {
        let answer = self.0.lock().unwrap().clone();
        Box::pin(async move { answer.unwrap_or(Ok(None)) })
    }
}

/// Route 53, ready to be called.
pub(crate) struct Bench {
    pub(crate) store: Arc<SimulatedStore>,
    pub(crate) service: Arc<Route53>,
    pub(crate) kms: Arc<ToyKms>,
    pub(crate) kms_changes: NoticeBoard<Arn>,
    pub(crate) parent: Arc<ToyParent>,
    pub(crate) hosted: Arc<HostedZones>,
    handle: GateHandle,
    _gate: Arc<Gate>,
}

pub(crate) fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

pub(crate) fn other_account() -> AccountId {
    "444455556666".parse().unwrap()
}

pub(crate) fn region() -> Region {
    "us-east-1".parse().unwrap()
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_quotas(Quotas::default())
    }

    pub(crate) fn with_quotas(quotas: Quotas) -> Self {
        Self::with_config(Route53Config { quotas, ..Route53Config::default() })
    }

    /// With so few servers that zones which must share none soon find none left.
    pub(crate) fn with_servers(stripe_size: u32) -> Self {
        let patterns = vec!["a{n}.example".to_owned(), "b{n}.example".to_owned()];
        let name_servers = NameServerScheme::new(patterns, stripe_size);
        Self::with_config(Route53Config { name_servers, ..Route53Config::default() })
    }

    fn with_config(config: Route53Config) -> Self {
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_unix_seconds(1_800_000_000)));
        let store = Arc::new(SimulatedStore::new(clock.clone()));
        let shared: Arc<dyn Store> = Arc::new(yielding::YieldingStore(store.clone()));
        let random = Arc::new(SeededRandom::new(53));
        let (handle, parent) = (GateHandle::new(), Arc::new(ToyParent::default()));
        let service = Route53::new(Route53Parts {
            store: shared.clone(),
            clock: clock.clone(),
            random: random.clone(),
            gate: handle.clone(),
            tokens: PageTokens::under(&[7; 32]).unwrap(),
            parent: parent.clone(),
            config,
            partition: testing::partition(),
        });
        let (kms, kms_changes) = (Arc::new(ToyKms::default()), NoticeBoard::default());
        let mut router = Router::new();
        register(&mut router, &service);
        toy_kms::register(&mut router, &kms);
        let gate = testing::gate(shared, clock.clone(), random, router, &handle);
        let board: NoticeBoard<Arn> = kms_changes.clone();
        let hosted = HostedZones::new(service.clone(), move || board.reader());
        Self { store, service, kms, kms_changes, parent, hosted, handle, _gate: gate }
    }

    /// Calls as the root of `account()`.
    pub(crate) async fn call<S: OperationShape>(&self, input: S::Input) -> Result<S::Output, Fault> {
        self.call_as::<S>(&testing::root(account()), input).await
    }

    pub(crate) async fn call_as<S: OperationShape>(
        &self,
        caller: &Caller,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        self.handle.call::<S>(caller, &region(), input).await
    }

    /// The code and text of the refusal that `input` meets.
    pub(crate) async fn refusal<S: OperationShape>(&self, input: S::Input) -> (String, String) {
        told(self.call::<S>(input).await.err().unwrap())
    }

    pub(crate) async fn create_zone(&self, name: &str, reference: &str) -> CreateHostedZoneResponse {
        self.call::<CreateHostedZone>(public(name, reference)).await.unwrap()
    }

    /// A public zone's id, without its prefix.
    pub(crate) async fn zone(&self, name: &str) -> String {
        bare(&self.create_zone(name, name).await.hosted_zone.id)
    }

    pub(crate) async fn change(&self, zone: &str, changes: Vec<Change>) -> Result<String, (String, String)> {
        let answer = self.call::<ChangeResourceRecordSets>(batch(zone, changes)).await.map_err(told)?;
        Ok(bare(&answer.change_info.id))
    }

    pub(crate) async fn status(&self, change: &str) -> &'static str {
        let input = GetChangeRequest { id: change.to_owned() };
        self.call::<GetChange>(input).await.unwrap().change_info.status.as_str()
    }

    /// Every row of the store, to see that a refusal changed nothing.
    pub(crate) fn rows(&self) -> Vec<keyward_store::Row> {
        self.store.rows()
    }
}

pub(crate) fn told(fault: Fault) -> (String, String) {
    (fault.code().to_owned(), fault.message().unwrap_or_default().to_owned())
}

pub(crate) fn bare(id: &str) -> String {
    id.rsplit('/').next().unwrap().to_owned()
}

pub(crate) fn public(name: &str, reference: &str) -> CreateHostedZoneRequest {
    CreateHostedZoneRequest {
        name: name.to_owned(),
        vpc: None,
        caller_reference: reference.to_owned(),
        hosted_zone_config: None,
        delegation_set_id: None,
    }
}

pub(crate) fn vpc(id: &str) -> VPC {
    VPC { vpc_region: "us-east-1".parse().ok(), vpc_id: Some(id.to_owned()) }
}

pub(crate) fn private(name: &str, reference: &str, vpc_id: &str) -> CreateHostedZoneRequest {
    CreateHostedZoneRequest { vpc: Some(vpc(vpc_id)), ..public(name, reference) }
}

pub(crate) fn batch(zone: &str, changes: Vec<Change>) -> ChangeResourceRecordSetsRequest {
    let change_batch = ChangeBatch { comment: None, changes };
    ChangeResourceRecordSetsRequest { hosted_zone_id: zone.to_owned(), change_batch }
}

pub(crate) fn change(action: &str, name: &str, kind: &str, ttl: i64, values: &[&str]) -> Change {
    let record = |value: &&str| ResourceRecord { value: (*value).to_owned() };
    Change {
        action: action.parse::<ChangeAction>().unwrap(),
        resource_record_set: ResourceRecordSet {
            ttl: Some(ttl),
            resource_records: Some(values.iter().map(record).collect()),
            ..empty_set(name, kind)
        },
    }
}

pub(crate) fn empty_set(name: &str, kind: &str) -> ResourceRecordSet {
    ResourceRecordSet {
        name: name.to_owned(),
        r#type: kind.parse().unwrap(),
        set_identifier: None,
        weight: None,
        region: None,
        geo_location: None,
        failover: None,
        multi_value_answer: None,
        ttl: None,
        resource_records: None,
        alias_target: None,
        health_check_id: None,
        traffic_policy_instance_id: None,
        cidr_routing_config: None,
        geo_proximity_location: None,
    }
}
