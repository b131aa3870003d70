//! `iam:GetRolePolicy`: shows an inline policy of a role.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::{entity, role};

/// Shows an inline policy of a role.
pub(crate) struct GetRolePolicy;

impl Operation for GetRolePolicy {
    type Shape = iam::GetRolePolicy;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::GetRolePolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        role::find(request, view, "iam:GetRolePolicy", &input.role_name).await
    }

    async fn run(_iam: &Iam, permit: Permit<Self>) -> Result<iam::GetRolePolicyResponse, RunError> {
        let input = permit.shared_input();
        let role = permit.into_subject().existing()?;
        let policy_document = entity::ROLE.find(&role.policies, &input.policy_name)?;
        let policy_name = input.policy_name.clone();
        Ok(iam::GetRolePolicyResponse { role_name: role.name, policy_name, policy_document })
    }
}
