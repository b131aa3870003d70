//! The inner door: how one service calls another.

use std::sync::{Arc, OnceLock, Weak};

use keyward_base::{Fault, Region};
use keyward_schema::OperationShape;
use keyward_schema::kms::{DescribeKey, DescribeKeyRequest};

use crate::{Caller, Gate, ServiceCaller};

/// As whom a service calls another.
#[derive(Clone, Debug)]
pub enum CallAs {
    /// As itself, on behalf of a resource.
    Service(ServiceCaller),
    /// As the caller whose request it serves.
    Caller {
        /// The caller.
        caller: Caller,
        /// The service in between, such as `route53domains` (`aws:CalledVia`, `kms:ViaService`).
        via: Option<&'static str>,
    },
}

impl From<ServiceCaller> for CallAs {
    fn from(service: ServiceCaller) -> Self {
        Self::Service(service)
    }
}

impl From<&Caller> for CallAs {
    fn from(caller: &Caller) -> Self {
        Self::Caller { caller: caller.clone(), via: None }
    }
}

impl From<(&Caller, &'static str)> for CallAs {
    fn from((caller, via): (&Caller, &'static str)) -> Self {
        Self::Caller { caller: caller.clone(), via: Some(via) }
    }
}

/// What a service holds to call another. Made before the gate, because the gate holds the services;
/// `Gate` binds it when it is built.
#[derive(Clone, Default)]
pub struct GateHandle(Arc<OnceLock<Weak<Gate>>>);

impl GateHandle {
    /// A handle that no gate is bound to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls the operation `S` in `region`: the same way as a request from outside, from resolving on.
    pub async fn call<S: OperationShape>(
        &self,
        caller: impl Into<CallAs>,
        region: &Region,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        let gate = self.0.get().and_then(Weak::upgrade).ok_or_else(|| Fault::ours("the gate is not open"))?;
        gate.call::<S>(caller.into(), region, input).await
    }

    /// The ARN of the AWS managed key `alias/aws/<service>` of the caller's account in `region`: with what `service`
    /// encrypts for a caller who names no key. KMS makes it when it is first asked for. The caller needs no permission
    /// of his own to use it in calls as `(caller, service)`, and may not use it in others (KMS developer guide,
    /// "AWS managed keys").
    pub async fn managed_key(
        &self,
        caller: &Caller,
        service: &'static str,
        region: &Region,
    ) -> Result<String, Fault> {
        let input = DescribeKeyRequest { key_id: format!("alias/aws/{service}"), grant_tokens: None };
        let answer = self.call::<DescribeKey>((caller, service), region, input).await?;
        let arn = answer.key_metadata.and_then(|shown| shown.arn);
        arn.ok_or_else(|| Fault::ours("KMS described a key without its ARN"))
    }

    /// Binds the handle; the first gate wins.
    pub(crate) fn bind(&self, gate: &Arc<Gate>) {
        // A second gate under one handle would be a wiring mistake; the first one goes on to serve.
        let _ = self.0.set(Arc::downgrade(gate));
    }
}
