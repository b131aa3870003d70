//! `iam:ListRolePolicies`: lists the inline policies of a role.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
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

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::ListRolePoliciesResponse, RunError> {
        let (request, input) = (permit.request().clone(), permit.shared_input());
        let role = permit.into_subject().existing()?;
        let list = ("ListRolePolicies", &[input.role_name.as_str()][..]);
        let wanted = (input.marker.as_deref(), input.max_items);
        let page = iam.page(&request, list, role.policies, |policy| policy.name.clone(), wanted)?;
        Ok(iam::ListRolePoliciesResponse {
            policy_names: page.entries.into_iter().map(|policy| policy.name).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
