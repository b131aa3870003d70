//! `iam:ListUserPolicies`: lists the inline policies of a user.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
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

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::ListUserPoliciesResponse, RunError> {
        let (request, input) = (permit.request().clone(), permit.shared_input());
        let user = permit.into_subject().existing()?;
        let list = ("ListUserPolicies", &[input.user_name.as_str()][..]);
        let wanted = (input.marker.as_deref(), input.max_items);
        let page = iam.page(&request, list, user.policies, |policy| policy.name.clone(), wanted)?;
        Ok(iam::ListUserPoliciesResponse {
            policy_names: page.entries.into_iter().map(|policy| policy.name).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
