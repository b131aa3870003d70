//! The operations that a gate serves, each behind one door for values.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use keyward_base::Fault;
use keyward_schema::{FromValue, IntoValue, OperationFacts, OperationShape, Value};

use crate::audit::Trail;
use crate::pipeline::judge_and_run;
use crate::{Gate, Operation, RequestContext};

/// The future of a call.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

/// An operation with its service, whatever its types.
pub(crate) trait Runner: Send + Sync {
    /// Judges and runs it on a checked input.
    fn run<'a>(
        &'a self,
        gate: &'a Gate,
        request: RequestContext,
        input: Value,
        trail: &'a mut Trail,
    ) -> Running<'a>;
}

struct Registered<Op: Operation>(Arc<Op::Service>);

impl<Op: Operation> Runner for Registered<Op> {
    fn run<'a>(
        &'a self,
        gate: &'a Gate,
        request: RequestContext,
        input: Value,
        trail: &'a mut Trail,
    ) -> Running<'a> {
        Box::pin(async move {
            let input = <Op::Shape as OperationShape>::Input::from_value(input).map_err(Fault::ours)?;
            let output = judge_and_run::<Op>(gate, &self.0, request, Arc::new(input), trail).await?;
            Ok(output.into_value())
        })
    }
}

/// The operations that are served.
#[derive(Default)]
pub struct Router {
    runners: HashMap<(&'static str, &'static str), Box<dyn Runner>>,
}

impl Router {
    /// No operations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves `Op`, which works on `service`.
    pub fn register<Op: Operation>(&mut self, service: Arc<Op::Service>) -> &mut Self {
        let name = (<Op::Shape as OperationShape>::SERVICE, <Op::Shape as OperationShape>::NAME);
        self.runners.insert(name, Box::new(Registered::<Op>(service)));
        self
    }

    /// The services and operations that are served, in no order.
    pub fn operations(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.runners.keys().copied()
    }

    /// The runner of an operation; a fault of the caller's when it is not registered.
    pub(crate) fn runner(&self, operation: &OperationFacts) -> Result<&dyn Runner, Fault> {
        let (service, name) = (operation.service.name, operation.name);
        self.runners.get(&(service, name)).map(AsRef::as_ref).ok_or_else(|| {
            let text = format!("{service}:{name} is an operation of AWS that Keyward does not serve yet.");
            Fault::caller("NotImplemented", text)
        })
    }
}
