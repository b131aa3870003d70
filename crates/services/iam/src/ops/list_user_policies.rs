//! `iam:ListUserPolicies`: lists the inline policies of a user.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::page::page;
use crate::user;

/// Lists the inline policies of a user.
pub(crate) struct ListUserPolicies;

impl Operation for ListUserPolicies {
    type Shape = iam::ListUserPolicies;
    type Service = Iam;
    type Subject = user::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::ListUserPoliciesRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        user::find(request, view, "iam:ListUserPolicies", &input.user_name).await
    }

    async fn run(_iam: &Iam, permit: Permit<Self>) -> Result<iam::ListUserPoliciesResponse, RunError> {
        let input = permit.shared_input();
        let user = permit.into_subject().existing()?;
        let page = page(user.policies, |policy| &policy.name, input.marker.as_deref(), input.max_items)?;
        Ok(iam::ListUserPoliciesResponse {
            policy_names: page.items.into_iter().map(|policy| policy.name).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
