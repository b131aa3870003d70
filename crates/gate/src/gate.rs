//! The gate: what it is made of, and the inner door, by which one service calls another.

use std::sync::{Arc, OnceLock};

use keyward_base::{Blame, Clock, Fault, Partition, Random, Region, RequestId};
use keyward_schema::{FromValue, IntoValue, OperationFacts, OperationShape, Value, constraints};
use keyward_store::Store;

use crate::audit::Trail;
use crate::globals::Globals;
use crate::{
    Attributes, AuditSink, CallAs, Caller, GateHandle, IdentitySource, Principal, RequestContext, Router,
    Throttle,
};

/// What a gate is built from.
pub struct GateParts {
    /// The rows that operations are judged on.
    pub store: Arc<dyn Store>,
    /// Who finds credentials.
    pub identities: Arc<dyn IdentitySource>,
    /// Who takes audit events.
    pub audit: Arc<dyn AuditSink>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For request ids.
    pub random: Arc<dyn Random>,
    /// The ARN partition of this deployment.
    pub partition: Partition,
    /// The regions that this deployment knows.
    pub regions: Vec<Region>,
    /// What holds callers to their rates; `None` where nobody is held.
    pub throttle: Option<Throttle>,
}

/// The one way to every operation.
pub struct Gate {
    pub(crate) parts: GateParts,
    pub(crate) router: Router,
}

impl Gate {
    /// A gate that serves `router`'s operations; binds `handle` for calls between services.
    pub fn new(parts: GateParts, router: Router, handle: &GateHandle) -> Arc<Self> {
        let gate = Arc::new(Self { parts, router });
        handle.bind(&gate);
        gate
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.parts.random
    }

    /// The inner door: the same way as for a request from outside, but for the signature.
    pub(crate) async fn call<S: OperationShape>(
        &self,
        caller: CallAs,
        region: &Region,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        let input = input.into_value();
        let violations = constraints::check(S::FACTS.input, &input);
        if !violations.is_empty() {
            return Err(Fault::caller("ValidationException", constraints::message(&violations)));
        }
        let request = self.inner_request(caller, region, S::FACTS);
        let output = self.run(S::FACTS, request, input).await?;
        S::Output::from_value(output).map_err(Fault::ours)
    }

    /// Runs an operation on a checked input and records what came of it.
    pub(crate) async fn run(
        &self,
        operation: &'static OperationFacts,
        request: RequestContext,
        input: Value,
    ) -> Result<Value, Fault> {
        let runner = self.router.runner(operation)?;
        let mut trail = Trail::new(&*self.parts.audit, operation.input, &input);
        let result = runner.run(self, request.clone(), input, &mut trail).await;
        if let Err(fault) = &result {
            log(&request, operation, fault);
        }
        if let Some(event) = trail.event(&request, operation, result.as_ref().err()) {
            self.parts.audit.record(event);
        }
        result
    }

    fn inner_request(
        &self,
        caller: CallAs,
        region: &Region,
        operation: &'static OperationFacts,
    ) -> RequestContext {
        let (caller, via) = match caller {
            CallAs::Caller { caller, via } => (caller, via),
            CallAs::Service(service) => {
                let (principal, partition) = (Principal::Service(service), self.parts.partition.clone());
                (Caller::new(principal, partition, None, Attributes::default()), None)
            }
        };
        let globals = Globals {
            now: self.parts.clock.now(),
            region: region.clone(),
            source_ip: None,
            user_agent: None,
            referer: None,
            secure: true,
            via,
            keys: OnceLock::new(),
        };
        self.request(caller, self.request_id(), operation, globals)
    }

    pub(crate) fn request_id(&self) -> RequestId {
        RequestId::random(&*self.parts.random)
    }

    pub(crate) fn request(
        &self,
        caller: Caller,
        id: RequestId,
        operation: &'static OperationFacts,
        globals: Globals,
    ) -> RequestContext {
        RequestContext {
            caller,
            id,
            now: globals.now,
            region: globals.region.clone(),
            partition: self.parts.partition.clone(),
            source_ip: globals.source_ip,
            user_agent: globals.user_agent.clone(),
            service: operation.service,
            globals: Arc::new(globals),
        }
    }
}

/// Defects and outages are logged in full; what a caller did wrong is in the audit event.
fn log(request: &RequestContext, operation: &OperationFacts, fault: &Fault) {
    let cause = fault.cause().map(|cause| cause.to_string()).unwrap_or_default();
    let (service, operation) = (operation.service.name, operation.name);
    match fault.blame() {
        Blame::Ours => {
            tracing::error!(request_id = %request.id, service, operation, %fault, %cause, "a defect");
        }
        Blame::Dependency => {
            tracing::warn!(request_id = %request.id, service, operation, %fault, %cause, "something is away");
        }
        Blame::Caller => {}
    }
}

#[cfg(test)]
mod tests;
