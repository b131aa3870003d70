//! The gate: the operations that it knows, and the way of a call through it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use keyward_base::{Clock, Fault, Partition, Random, Region, RequestId};
use keyward_policy::PolicySet;
use keyward_schema::{OperationShape, ServiceFacts};
use keyward_store::Store;

use crate::globals::Globals;
use crate::principal::Principal;
use crate::{
    AuditSink, CallAs, Caller, GateHandle, IdentitySource, Operation, Permit, RequestContext, RunError, View,
};

/// How often a call that lost a race is judged again before it gives up.
const RACES_MAX: usize = 16;

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
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait Runner<S: OperationShape>: Send + Sync {
    fn run<'a>(
        &'a self,
        gate: &'a Gate,
        request: RequestContext,
        input: S::Input,
    ) -> Boxed<'a, Result<S::Output, Fault>>;
}

struct Registered<Op: Operation>(Arc<Op::Service>);

impl<Op: Operation> Runner<Op::Shape> for Registered<Op> {
    fn run<'a>(
        &'a self,
        gate: &'a Gate,
        request: RequestContext,
        input: <Op::Shape as OperationShape>::Input,
    ) -> Boxed<'a, Result<<Op::Shape as OperationShape>::Output, Fault>> {
        Box::pin(gate.judge_and_run::<Op>(&self.0, request, Arc::new(input)))
    }
}

/// The operations that are served.
#[derive(Default)]
pub struct Router {
    typed: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl Router {
    /// No operations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves `Op`, which works on `service`.
    pub fn register<Op: Operation>(&mut self, service: Arc<Op::Service>) -> &mut Self {
        let runner: Arc<dyn Runner<Op::Shape>> = Arc::new(Registered::<Op>(service));
        self.typed.insert(TypeId::of::<Op::Shape>(), Box::new(runner));
        self
    }

    fn runner<S: OperationShape>(&self) -> Option<&Arc<dyn Runner<S>>> {
        self.typed.get(&TypeId::of::<S>())?.downcast_ref()
    }
}

/// The one way to every operation.
pub struct Gate {
    parts: GateParts,
    router: Router,
}

impl Gate {
    /// A gate that serves `router`'s operations; binds `handle` for calls between services.
    pub fn new(parts: GateParts, router: Router, handle: &GateHandle) -> Arc<Self> {
        let gate = Arc::new(Self { parts, router });
        handle.bind(&gate);
        gate
    }

    /// Answers one HTTP request. Never fails: every error becomes AWS's answer.
    pub async fn handle(&self, _request: http::Request<Bytes>, _peer: IpAddr) -> http::Response<Bytes> {
        // The front door comes with `wire`'s codecs.
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::NOT_IMPLEMENTED;
        response
    }

    pub(crate) async fn call<S: OperationShape>(
        &self,
        caller: CallAs,
        region: &Region,
        input: S::Input,
    ) -> Result<S::Output, Fault> {
        let runner =
            self.router.runner::<S>().ok_or_else(|| Fault::ours(format!("{} is not served", S::NAME)))?;
        let request = self.inner_request(caller, region, S::FACTS.service);
        runner.run(self, request, input).await
    }

    fn inner_request(
        &self,
        caller: CallAs,
        region: &Region,
        service: &'static ServiceFacts,
    ) -> RequestContext {
        let (caller, via) = match caller {
            CallAs::Caller { caller, via } => (caller, via),
            CallAs::Service(service) => {
                let partition = self.parts.partition.clone();
                let policies = PolicySet::default();
                (Caller::new(Principal::Service(service), partition, None, policies, None), None)
            }
        };
        let now = self.parts.clock.now();
        let globals = Arc::new(Globals {
            now,
            region: region.clone(),
            source_ip: None,
            user_agent: None,
            referer: None,
            secure: true,
            via,
            keys: OnceLock::new(),
        });
        RequestContext {
            caller,
            id: RequestId::random(&*self.parts.random),
            now,
            region: region.clone(),
            partition: self.parts.partition.clone(),
            source_ip: None,
            user_agent: None,
            service,
            globals,
        }
    }

    async fn judge_and_run<Op: Operation>(
        &self,
        service: &Op::Service,
        request: RequestContext,
        input: Arc<<Op::Shape as OperationShape>::Input>,
    ) -> Result<<Op::Shape as OperationShape>::Output, Fault> {
        for _ in 0..RACES_MAX {
            let mut view = View::new(&*self.parts.store);
            let (subject, checks) = Op::resolve(service, &request, &input, &mut view).await?;
            for check in &checks {
                request.judge(check)?;
            }
            let permit = Permit::mint(request.clone(), Arc::clone(&input), subject, view.into_judged());
            match Op::run(service, permit).await {
                Ok(output) => return Ok(output),
                Err(RunError::Fault(fault)) => return Err(fault),
                Err(RunError::Raced) => tokio::task::yield_now().await,
            }
        }
        Err(Fault::ours("a call lost too many races"))
    }
}
