//! `iam:ListRoles`: lists the roles of the account.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::rows::RoleRecord;
use crate::{entity, place, role};

/// Lists the roles of the account.
pub(crate) struct ListRoles;

impl Operation for ListRoles {
    type Shape = iam::ListRoles;
    type Service = Iam;
    type Subject = Vec<RoleRecord>;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::ListRolesRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let account = request.account();
        let mut roles: Vec<RoleRecord> = entity::list(view, &place::roles(account)).await?;
        roles.retain(|role| role.path.starts_with(prefix));
        let resource = role::arn(&request.partition, account, prefix, "");
        Ok((roles, vec![Check::identity("iam:ListRoles", resource, account)]))
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::ListRolesResponse, RunError> {
        let (request, input) = (permit.request().clone(), permit.shared_input());
        let below = input.path_prefix.as_deref();
        let list = ("ListRoles", below.as_slice());
        let wanted = (input.marker.as_deref(), input.max_items);
        let name = |role: &RoleRecord| role.name.clone();
        let mut page = iam.page(&request, list, permit.into_subject(), name, wanted)?;
        for role in &mut page.entries {
            role.trust.document = role.trust.shown(iam).await?;
        }
        Ok(iam::ListRolesResponse {
            roles: page.entries.into_iter().map(|role| role::listed(role, &request)).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
