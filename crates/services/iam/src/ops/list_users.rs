//! `iam:ListUsers`: lists the users of the account.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::rows::UserRecord;
use crate::{entity, place, user};

/// Lists the users of the account.
pub(crate) struct ListUsers;

impl Operation for ListUsers {
    type Shape = iam::ListUsers;
    type Service = Iam;
    type Subject = Vec<UserRecord>;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::ListUsersRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let account = request.account();
        let mut users: Vec<UserRecord> = entity::list(view, &place::users(account)).await?;
        users.retain(|user| user.path.starts_with(prefix));
        let resource = user::arn(&request.partition, account, prefix, "");
        Ok((users, vec![Check::identity("iam:ListUsers", resource, account)]))
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::ListUsersResponse, RunError> {
        let (request, input) = (permit.request().clone(), permit.shared_input());
        let below = input.path_prefix.as_deref();
        let list = ("ListUsers", below.as_slice());
        let wanted = (input.marker.as_deref(), input.max_items);
        let name = |user: &UserRecord| user.name.clone();
        let page = iam.page(&request, list, permit.into_subject(), name, wanted)?;
        Ok(iam::ListUsersResponse {
            users: page.entries.into_iter().map(|user| user::listed(user, &request)).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
