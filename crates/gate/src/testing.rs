//! Callers and gates for the tests of services (feature `testing`, never in the binary).
//!
//! A test calls an operation by `handle.call::<S>(&caller, …)`: the same way as a request from outside,
//! policies included, from resolving on.

use std::sync::Arc;

use keyward_base::{AccountId, Clock, Fault, Partition, Random};
use keyward_policy::{Flavour, Policy, PolicySet};
use keyward_store::{BoxFuture, Store};

use crate::{
    Attributes, Caller, Credential, Gate, GateHandle, GateParts, IdentitySource, LogSink, Principal, Router,
    Throttle,
};

/// The partition of the tests.
#[expect(clippy::expect_used, reason = "a constant of the tests")]
pub fn partition() -> Partition {
    "aws".parse().expect("a partition")
}

/// The root of `account`.
pub fn root(account: AccountId) -> Caller {
    Caller::new(Principal::Root { account }, partition(), None, Attributes::default())
}

/// A user of `account` with these identity policies.
pub fn user(account: AccountId, name: &str, policies: &[&str]) -> Caller {
    let id = format!("AIDA{:A<17}", name.to_ascii_uppercase());
    let principal = Principal::User { account, id, path: "/".to_owned(), name: name.to_owned() };
    caller(principal, policies)
}

/// Any caller with these identity policies.
#[expect(clippy::expect_used, reason = "a test's own policies")]
pub fn caller(principal: Principal, policies: &[&str]) -> Caller {
    let compile = |text: &&str| Arc::new(Policy::parse(text, Flavour::Identity).expect("a policy"));
    let policies = policies.iter().map(|text| ("test".to_owned(), compile(text))).collect();
    let attributes = Attributes { policies: PolicySet::new(policies), ..Attributes::default() };
    Caller::new(principal, partition(), None, attributes)
}

/// A gate over `store` that knows no access keys; its regions are `us-east-1` and `eu-central-1`.
pub fn gate(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    router: Router,
    handle: &GateHandle,
) -> Arc<Gate> {
    gate_with(store, clock, random, router, handle, None)
}

/// The same, holding callers to their rates.
pub fn gate_with(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    router: Router,
    handle: &GateHandle,
    throttle: Option<Throttle>,
) -> Arc<Gate> {
    let regions = ["us-east-1", "eu-central-1"].iter().filter_map(|name| name.parse().ok()).collect();
    let parts = GateParts {
        store,
        identities: Arc::new(NoIdentities),
        audit: Arc::new(LogSink),
        clock,
        random,
        partition: partition(),
        regions,
        throttle,
    };
    Gate::new(parts, router, handle)
}

/// Knows no access key.
pub(crate) struct NoIdentities;

impl IdentitySource for NoIdentities {
    fn credential<'a>(
        &'a self,
        _access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<Credential>>, Fault>> {
        Box::pin(async { Ok(None) })
    }
}
