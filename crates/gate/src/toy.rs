//! A toy service for the gate's own tests: three operations, judged as a test wants it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use keyward_base::{AccountId, Fault, SeededRandom, SimulatedClock, Timestamp};
use keyward_policy::{Flavour, Policy};
use keyward_schema::{Unit, kms, sts};
use keyward_store::{BoxFuture, Key, Row, SimulatedStore, Store, Txn};

use crate::{
    AuditEvent, AuditSink, Charge, Charges, Check, Credential, Gate, GateHandle, GateParts, IdentitySource,
    Judge, Operation, Permit, QuotaClass, Rate, RequestContext, Router, RunError, Throttle, View,
};

pub(crate) const KEY_ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/k";

/// The toy forgets to name a permission for this key.
pub(crate) const FORGOTTEN: &str = "forgotten";

pub(crate) fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

pub(crate) fn other_account() -> AccountId {
    "444455556666".parse().unwrap()
}

pub(crate) fn noon() -> Timestamp {
    Timestamp::parse_basic("20260102T120000Z").unwrap()
}

pub(crate) fn policy(text: &str) -> Arc<Policy> {
    Arc::new(Policy::parse(text, Flavour::Resource).unwrap())
}

/// Judges every call alike, counts those that ran, and loses the first `races`.
pub(crate) struct Toy {
    pub(crate) judge: Judge,
    pub(crate) owner: AccountId,
    pub(crate) runs: AtomicUsize,
    pub(crate) races: AtomicUsize,
}

impl Toy {
    pub(crate) fn new(judge: Judge) -> Arc<Self> {
        Arc::new(Self { judge, owner: account(), runs: AtomicUsize::new(0), races: AtomicUsize::new(0) })
    }
}

pub(crate) struct GetPublicKey;

/// Two calls a second, and one on each key.
static CALLS: QuotaClass = QuotaClass { rate: Rate::per_second(2), name: "calls", ..ON_KEY };
static CALLS_ON_KEY: QuotaClass = ON_KEY;
const ON_KEY: QuotaClass = QuotaClass {
    service: "toy",
    name: "calls-on-key",
    rate: Rate::per_second(1),
    elsewhere: &[],
    message: "Slow down.",
};

impl Operation for GetPublicKey {
    type Shape = kms::GetPublicKey;
    type Service = Toy;
    type Subject = String;
    const QUOTA: Option<&'static QuotaClass> = Some(&CALLS);

    fn charges(_: &kms::GetPublicKeyRequest, key: &String, charges: &mut Charges) {
        charges.add(Charge::of(&CALLS_ON_KEY).of_resource(key.clone()));
    }

    async fn resolve(
        toy: &Toy,
        _request: &RequestContext,
        input: &kms::GetPublicKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(String, Vec<Check>), Fault> {
        view.get(&Key::of(&["toy", &input.key_id])).await?;
        let check = Check::new("kms:GetPublicKey", KEY_ARN, toy.owner, toy.judge.clone());
        let checks = if input.key_id == FORGOTTEN { Vec::new() } else { vec![check] };
        Ok((input.key_id.clone(), checks))
    }

    async fn run(toy: &Toy, permit: Permit<Self>) -> Result<kms::GetPublicKeyResponse, RunError> {
        toy.runs.fetch_add(1, Ordering::Relaxed);
        if toy.races.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |races| races.checked_sub(1)).is_ok()
        {
            return Err(RunError::Raced);
        }
        let caller = permit.caller().arn().to_owned();
        Ok(kms::GetPublicKeyResponse { key_id: Some(caller), ..Default::default() })
    }
}

/// Writes the row that it was judged on, after somebody else did so once.
pub(crate) struct UpdateKeyDescription;

impl Operation for UpdateKeyDescription {
    type Shape = kms::UpdateKeyDescription;
    type Service = (Arc<Toy>, Arc<dyn Store>);
    type Subject = Option<Row>;

    async fn resolve(
        (toy, _): &Self::Service,
        _request: &RequestContext,
        input: &kms::UpdateKeyDescriptionRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let row = view.get(&Key::of(&["toy", &input.key_id])).await?;
        let check = Check::new("kms:UpdateKeyDescription", KEY_ARN, toy.owner, toy.judge.clone());
        Ok((row, vec![check]))
    }

    async fn run((toy, store): &Self::Service, permit: Permit<Self>) -> Result<Unit, RunError> {
        let key = Key::of(&["toy", &permit.input().key_id]);
        if toy.runs.fetch_add(1, Ordering::Relaxed) == 0 {
            store.txn(Txn::default().put(key.clone(), "theirs")).await?;
        }
        let seen = permit.subject().as_ref().map_or("nothing".into(), |row| row.value.clone());
        store.txn(permit.txn().put(key, [b"ours after ", &*seen].concat())).await?;
        Ok(Unit)
    }
}

pub(crate) struct GetCallerIdentity;

impl Operation for GetCallerIdentity {
    type Shape = sts::GetCallerIdentity;
    type Service = ();
    type Subject = ();

    async fn resolve(
        _service: &(),
        request: &RequestContext,
        _input: &sts::GetCallerIdentityRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        let check = Check::new("sts:GetCallerIdentity", "*", request.account(), Judge::Anyone);
        Ok(((), vec![check]))
    }

    async fn run(_service: &(), permit: Permit<Self>) -> Result<sts::GetCallerIdentityResponse, RunError> {
        let arn = Some(permit.caller().arn().to_owned());
        Ok(sts::GetCallerIdentityResponse { arn, ..Default::default() })
    }
}

/// Keeps what is recorded.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Mutex<Vec<AuditEvent>>);

impl AuditSink for Recorder {
    fn record(&self, event: AuditEvent) {
        self.0.lock().unwrap().push(event);
    }
}

/// A gate at noon over a simulated store.
pub(crate) struct House {
    pub(crate) gate: Arc<Gate>,
    pub(crate) handle: GateHandle,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) audit: Arc<Recorder>,
}

pub(crate) fn house(toy: &Arc<Toy>, identities: Arc<dyn IdentitySource>) -> House {
    house_with(toy, identities, None)
}

pub(crate) fn house_with(
    toy: &Arc<Toy>,
    identities: Arc<dyn IdentitySource>,
    throttle: Option<Throttle>,
) -> House {
    let clock = Arc::new(SimulatedClock::new(noon()));
    let store: Arc<dyn Store> = Arc::new(SimulatedStore::new(clock.clone()));
    let audit = Arc::new(Recorder::default());
    let parts = GateParts {
        store: store.clone(),
        identities,
        audit: audit.clone(),
        clock,
        random: Arc::new(SeededRandom::new(1)),
        partition: crate::testing::partition(),
        regions: vec!["us-east-1".parse().unwrap()],
        throttle,
    };
    let mut router = Router::new();
    router.register::<GetPublicKey>(Arc::clone(toy)).register::<GetCallerIdentity>(Arc::new(()));
    router.register::<UpdateKeyDescription>(Arc::new((Arc::clone(toy), store.clone())));
    let handle = GateHandle::new();
    let gate = Gate::new(parts, router, &handle);
    House { gate, handle, store, audit }
}

/// Knows one credential.
pub(crate) struct One(pub(crate) Arc<Credential>);

impl IdentitySource for One {
    fn credential<'a>(
        &'a self,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<Credential>>, Fault>> {
        let known = self.0.caller.access_key_id() == Some(access_key_id);
        Box::pin(async move { Ok(known.then(|| Arc::clone(&self.0))) })
    }
}
