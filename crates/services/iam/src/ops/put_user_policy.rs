//! `iam:PutUserPolicy`: puts an inline policy into a user.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::rows::Stored;
use crate::{entity, place, user};

/// Puts an inline policy into a user.
pub(crate) struct PutUserPolicy;

impl Operation for PutUserPolicy {
    type Shape = iam::PutUserPolicy;
    type Service = Iam;
    type Subject = user::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::PutUserPolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        user::find(request, view, "iam:PutUserPolicy", &input.user_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn, input) = (permit.request().account(), permit.txn(), permit.shared_input());
        let mut user = permit.into_subject().existing()?;
        entity::USER.put(&mut user.policies, &user.name, &input.policy_name, &input.policy_document)?;
        iam.commit(txn.put(place::user(account, &user.name), user.encode()?)).await?;
        Ok(Unit)
    }
}

#[cfg(test)]
mod tests;
