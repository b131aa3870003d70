//! `iam:ListRoles`: lists the roles of the account.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::page::page;
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
        let (request, input) = (permit.request().clone(), permit.input());
        let (marker, max_items) = (input.marker.clone(), input.max_items);
        let mut page = page(permit.into_subject(), |role| &role.name, marker.as_deref(), max_items)?;
        for role in &mut page.items {
            role.trust.document = role.trust.shown(iam).await?;
        }
        Ok(iam::ListRolesResponse {
            roles: page.items.into_iter().map(|role| role::listed(role, &request)).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
