//! `iam:ListRolePolicies`: lists the inline policies of a role.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::page::page;
use crate::role;

/// Lists the inline policies of a role.
pub(crate) struct ListRolePolicies;

impl Operation for ListRolePolicies {
    type Shape = iam::ListRolePolicies;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::ListRolePoliciesRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        role::find(request, view, "iam:ListRolePolicies", &input.role_name).await
    }

    async fn run(_iam: &Iam, permit: Permit<Self>) -> Result<iam::ListRolePoliciesResponse, RunError> {
        let input = permit.shared_input();
        let role = permit.into_subject().existing()?;
        let page = page(role.policies, |policy| &policy.name, input.marker.as_deref(), input.max_items)?;
        Ok(iam::ListRolePoliciesResponse {
            policy_names: page.items.into_iter().map(|policy| policy.name).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
