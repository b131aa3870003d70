//! `iam:DeleteUser`: deletes a user that has no keys and policies any more.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::{fault, place, user};

/// Deletes a user that has no keys and policies any more.
pub(crate) struct DeleteUser;

impl Operation for DeleteUser {
    type Shape = iam::DeleteUser;
    type Service = Iam;
    type Subject = user::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::DeleteUserRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        user::find(request, view, "iam:DeleteUser", &input.user_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn) = (permit.request().account(), permit.txn());
        let user = permit.into_subject().existing()?;
        if !user.access_keys.is_empty() {
            return Err(fault::in_use("delete access keys").into());
        }
        if !user.policies.is_empty() {
            return Err(fault::in_use("delete policies").into());
        }
        iam.commit(txn.delete(place::user(account, &user.name))).await?;
        Ok(Unit)
    }
}
