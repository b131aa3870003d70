//! `iam:DeleteUserPolicy`: takes an inline policy from a user.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::rows::Stored;
use crate::{entity, place, user};

/// Takes an inline policy from a user.
pub(crate) struct DeleteUserPolicy;

impl Operation for DeleteUserPolicy {
    type Shape = iam::DeleteUserPolicy;
    type Service = Iam;
    type Subject = user::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::DeleteUserPolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        user::find(request, view, "iam:DeleteUserPolicy", &input.user_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn, input) = (permit.request().account(), permit.txn(), permit.shared_input());
        let mut user = permit.into_subject().existing()?;
        entity::USER.remove(&mut user.policies, &input.policy_name)?;
        iam.commit(txn.put(place::user(account, &user.name), user.encode()?)).await?;
        Ok(Unit)
    }
}
