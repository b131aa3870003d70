//! The way of a call from a checked input on: resolve, judge, permit, run, and again when it lost a race.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_schema::OperationShape;

use crate::audit::Trail;
use crate::{Gate, Operation, Permit, RequestContext, RunError, View};

/// How often a call that lost a race is judged again before it gives up.
const RACES_MAX: usize = 16;

/// Judges and runs `Op`. What was judged is left in `trail`.
pub(crate) async fn judge_and_run<Op: Operation>(
    gate: &Gate,
    service: &Op::Service,
    request: RequestContext,
    input: Arc<<Op::Shape as OperationShape>::Input>,
    trail: &mut Trail,
) -> Result<<Op::Shape as OperationShape>::Output, Fault> {
    for _ in 0..RACES_MAX {
        let mut view = View::new(gate.store());
        let (subject, checks) = Op::resolve(service, &request, &input, &mut view).await?;
        trail.judged(&checks);
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
    Err(Fault::dependency(
        "ServiceUnavailableException",
        "Too many requests change the same resource. Try again.",
    ))
}
