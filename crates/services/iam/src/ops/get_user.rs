//! `iam:GetUser`: tells about a user, or about the caller.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use keyward_gate::Principal;

use crate::iam::Iam;
use crate::rows::AccountRecord;
use crate::{entity, fault, place, user};

/// Tells about a user, or about the caller.
pub(crate) struct GetUser;

impl Operation for GetUser {
    type Shape = iam::GetUser;
    type Service = Iam;
    type Subject = Asked;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::GetUserRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let name = match (&input.user_name, request.caller.principal()) {
            (Some(name), _) | (None, Principal::User { name, .. }) => name,
            (None, Principal::Root { .. }) => return root(request, view).await,
            (None, _) => {
                return Err(fault::validation(
                    "Must specify userName when calling with non-User credentials",
                ));
            }
        };
        let (named, checks) = user::find(request, view, "iam:GetUser", name).await?;
        Ok((Asked::User(named), checks))
    }

    async fn run(_iam: &Iam, permit: Permit<Self>) -> Result<iam::GetUserResponse, RunError> {
        let request = permit.request().clone();
        let user = match permit.into_subject() {
            Asked::Root(user) => user,
            Asked::User(named) => user::shown(named.existing()?, &request),
        };
        Ok(iam::GetUserResponse { user })
    }
}

/// Whom the request asks about.
pub(crate) enum Asked {
    Root(iam::User),
    User(user::Named),
}

/// The root as a user, as AWS shows it.
async fn root(request: &RequestContext, view: &mut View<'_>) -> Result<(Asked, Vec<Check>), Fault> {
    let account = request.account();
    let record: Option<AccountRecord> = entity::load(view, &place::account(account)).await?;
    let record = record.ok_or_else(|| Fault::ours("a root user without an account"))?;
    let user = iam::User {
        path: "/".to_owned(),
        user_name: record.name,
        user_id: account.to_string(),
        arn: request.caller.arn().to_owned(),
        create_date: record.created,
        password_last_used: None,
        permissions_boundary: None,
        tags: None,
    };
    Ok((Asked::Root(user), vec![Check::identity("iam:GetUser", request.caller.arn(), account)]))
}
