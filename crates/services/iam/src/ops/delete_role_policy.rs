//! `iam:DeleteRolePolicy`: takes an inline policy from a role.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::rows::Stored;
use crate::{entity, place, role};

/// Takes an inline policy from a role.
pub(crate) struct DeleteRolePolicy;

impl Operation for DeleteRolePolicy {
    type Shape = iam::DeleteRolePolicy;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::DeleteRolePolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        role::find(request, view, "iam:DeleteRolePolicy", &input.role_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn, input) = (permit.request().account(), permit.txn(), permit.shared_input());
        let mut role = permit.into_subject().existing()?;
        entity::ROLE.remove(&mut role.policies, &input.policy_name)?;
        iam.commit(txn.put(place::role(account, &role.name), role.encode()?)).await?;
        Ok(Unit)
    }
}
