//! `iam:GetRole`: tells about a role.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::role;

/// Tells about a role.
pub(crate) struct GetRole;

impl Operation for GetRole {
    type Shape = iam::GetRole;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::GetRoleRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        role::find(request, view, "iam:GetRole", &input.role_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::GetRoleResponse, RunError> {
        let request = permit.request().clone();
        let mut record = permit.into_subject().existing()?;
        record.trust.document = record.trust.shown(iam).await?;
        Ok(iam::GetRoleResponse { role: role::shown(record, &request) })
    }
}
