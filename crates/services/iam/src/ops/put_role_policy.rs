//! `iam:PutRolePolicy`: puts an inline policy into a role.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::rows::Stored;
use crate::{entity, place, role};

/// Puts an inline policy into a role.
pub(crate) struct PutRolePolicy;

impl Operation for PutRolePolicy {
    type Shape = iam::PutRolePolicy;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::PutRolePolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        role::find(request, view, "iam:PutRolePolicy", &input.role_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn, input) = (permit.request().account(), permit.txn(), permit.shared_input());
        let mut role = permit.into_subject().existing()?;
        entity::ROLE.put(&mut role.policies, &role.name, &input.policy_name, &input.policy_document)?;
        iam.commit(txn.put(place::role(account, &role.name), role.encode()?)).await?;
        Ok(Unit)
    }
}
