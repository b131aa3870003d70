//! `iam:DeleteRole`: deletes a role that has no policies any more.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::{fault, place, role};

/// Deletes a role that has no policies any more.
pub(crate) struct DeleteRole;

impl Operation for DeleteRole {
    type Shape = iam::DeleteRole;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::DeleteRoleRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        role::find(request, view, "iam:DeleteRole", &input.role_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn) = (permit.request().account(), permit.txn());
        let role = permit.into_subject().existing()?;
        if !role.policies.is_empty() {
            return Err(fault::in_use("delete policies").into());
        }
        iam.commit(txn.delete(place::role(account, &role.name))).await?;
        Ok(Unit)
    }
}
