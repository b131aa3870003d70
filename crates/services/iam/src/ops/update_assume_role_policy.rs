//! `iam:UpdateAssumeRolePolicy`: puts another trust policy in place of a role's.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::rows::{Stored, TrustPolicy};
use crate::{place, role};

/// Puts another trust policy in place of a role's.
pub(crate) struct UpdateAssumeRolePolicy;

impl Operation for UpdateAssumeRolePolicy {
    type Shape = iam::UpdateAssumeRolePolicy;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::UpdateAssumeRolePolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        role::find(request, view, "iam:UpdateAssumeRolePolicy", &input.role_name).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn) = (permit.request().account(), permit.txn());
        let document = permit.input().policy_document.clone();
        let mut role = permit.into_subject().existing()?;
        role.trust = TrustPolicy::bind(iam, &document).await?;
        iam.commit(txn.put(place::role(account, &role.name), role.encode()?)).await?;
        Ok(Unit)
    }
}
