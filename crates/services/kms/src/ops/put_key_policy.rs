//! `PutKeyPolicy`: puts another policy in place of a key's.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{PutKeyPolicy as Shape, PutKeyPolicyRequest};

use super::change_key;
use crate::key::{POLICY_NAME, RESOURCE_SHARE_POLICY_NAME};
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::{fault, policy};

const ACCESS: Access = Access::manage("kms:PutKeyPolicy");

/// The operation.
pub(crate) struct PutKeyPolicy;

impl Operation for PutKeyPolicy {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::PUT_KEY_POLICY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &PutKeyPolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let name = input.policy_name.clone().unwrap_or_else(|| POLICY_NAME.to_owned());
        let bypass = if bypasses(input) { "true" } else { "false" };
        let check = target
            .check(&ACCESS)
            .with("kms:PolicyName", name)
            .with("kms:BypassPolicyLockoutSafetyCheck", bypass);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        check_name(input.policy_name.as_deref())?;
        let mut changed = key.record.clone();
        let given = (input.policy.as_str(), bypasses(input));
        policy::put(kms, permit.request(), &key.arn, &mut changed, given).await?;
        change_key(kms, permit.txn(), key, |record| *record = changed).await?;
        Ok(Unit)
    }
}

fn bypasses(input: &PutKeyPolicyRequest) -> bool {
    input.bypass_policy_lockout_safety_check == Some(true)
}

fn check_name(name: Option<&str>) -> Result<(), Fault> {
    match name {
        None | Some(POLICY_NAME) => Ok(()),
        Some(RESOURCE_SHARE_POLICY_NAME) => {
            Err(fault::validation("The AWS_RAM policy can only be managed by the RAM service"))
        }
        Some(_) => Err(fault::validation(format!("The only valid policy name is {POLICY_NAME}."))),
    }
}

#[cfg(test)]
mod tests;
