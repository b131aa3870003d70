//! The way of a call from a checked input on: resolve, judge, permit, run, and again when it lost a race.

use std::sync::Arc;
use std::time::Duration;

use keyward_base::Fault;
use keyward_schema::OperationShape;

use crate::audit::Trail;
use crate::{Charge, Charges, Check, Gate, Operation, Permit, RequestContext, RunError, View};

/// How often a call that lost a race is judged again before it gives up.
const RACES_MAX: u32 = 16;
/// After so many lost races a call waits before it tries again, longer each time, so that a crowd of writers
/// of one row spreads out. The wait is the machine's time: it shapes load and decides nothing.
const RACES_AT_ONCE: u32 = 3;
/// The longest wait, in milliseconds.
const WAIT_MS_MAX: u32 = 64;

/// Judges and runs `Op`. What was judged is left in `trail`.
pub(crate) async fn judge_and_run<Op: Operation>(
    gate: &Gate,
    service: &Op::Service,
    request: RequestContext,
    input: Arc<<Op::Shape as OperationShape>::Input>,
    trail: &mut Trail,
) -> Result<<Op::Shape as OperationShape>::Output, Fault> {
    charge_quota::<Op>(gate, &request)?;
    for race in 0..RACES_MAX {
        let mut view = View::new(gate.store());
        let (subject, checks) = Op::resolve(service, &request, &input, &mut view).await?;
        if race == 0 {
            charge_subject::<Op>(gate, &request, &input, &subject)?;
        }
        trail.judged(&checks);
        if checks.is_empty() {
            // What takes no permission says so (`Judge::Anyone`); naming none is a forgotten check.
            return Err(Fault::ours(format!("{} names no permission", Op::Shape::NAME)));
        }
        for check in &checks {
            judge(&request, check, &mut view).await?;
        }
        let permit = Permit::mint(request.clone(), Arc::clone(&input), subject, view.into_judged());
        match Op::run(service, permit).await {
            Ok(output) => return Ok(output),
            Err(RunError::Fault(fault)) => return Err(fault),
            Err(RunError::Raced) => stand_back(gate, race).await,
        }
    }
    Err(Fault::dependency(
        "ServiceUnavailableException",
        "Too many requests change the same resource. Try again.",
    ))
}

/// Charges what every call of the operation counts against.
fn charge_quota<Op: Operation>(gate: &Gate, request: &RequestContext) -> Result<(), Fault> {
    let (Some(throttle), Some(class)) = (&gate.parts.throttle, Op::QUOTA) else { return Ok(()) };
    let mut charges = Charges::default();
    charges.add(Charge::of(class));
    throttle.charge(request.account(), &request.region, &charges, request.now)
}

/// Charges what depends on what the call works on.
fn charge_subject<Op: Operation>(
    gate: &Gate,
    request: &RequestContext,
    input: &<Op::Shape as OperationShape>::Input,
    subject: &Op::Subject,
) -> Result<(), Fault> {
    let Some(throttle) = &gate.parts.throttle else { return Ok(()) };
    let mut charges = Charges::default();
    Op::charges(input, subject, &mut charges);
    if charges.is_empty() {
        return Ok(());
    }
    throttle.charge(request.account(), &request.region, &charges, request.now)
}

/// Judges one check by the policies, and by grants where these don't allow.
async fn judge(request: &RequestContext, check: &Check, view: &mut View<'_>) -> Result<(), Fault> {
    let Err(refusal) = request.judge(check) else { return Ok(()) };
    let Some(grants) = &check.grants else { return Err(refusal) };
    match grants.reach(request, check, view).await? {
        Some(reach) => request.judge(&check.clone().granted(reach)),
        None => Err(refusal),
    }
}

/// Lets others go first after the lost race number `race`.
async fn stand_back(gate: &Gate, race: u32) {
    match race.checked_sub(RACES_AT_ONCE) {
        None => tokio::task::yield_now().await,
        Some(late) => {
            let longest = 1u32.checked_shl(late + 1).unwrap_or(u32::MAX).min(WAIT_MS_MAX);
            let wait_ms = 1 + gate.random().below(longest);
            tokio::time::sleep(Duration::from_millis(wait_ms.into())).await;
        }
    }
}
