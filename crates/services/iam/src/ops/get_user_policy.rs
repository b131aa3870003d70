//! `iam:GetUserPolicy`: shows an inline policy of a user.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::{entity, user};

/// Shows an inline policy of a user.
pub(crate) struct GetUserPolicy;

impl Operation for GetUserPolicy {
    type Shape = iam::GetUserPolicy;
    type Service = Iam;
    type Subject = user::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::GetUserPolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        user::find(request, view, "iam:GetUserPolicy", &input.user_name).await
    }

    async fn run(_iam: &Iam, permit: Permit<Self>) -> Result<iam::GetUserPolicyResponse, RunError> {
        let input = permit.shared_input();
        let user = permit.into_subject().existing()?;
        let policy_document = entity::USER.find(&user.policies, &input.policy_name)?;
        let policy_name = input.policy_name.clone();
        Ok(iam::GetUserPolicyResponse { user_name: user.name, policy_name, policy_document })
    }
}
