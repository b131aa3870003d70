//! `iam:CreateUser`: makes a user.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::rows::{Stored, UserRecord};
use crate::{entity, fault, ids, place, user};

/// Makes a user.
pub(crate) struct CreateUser;

impl Operation for CreateUser {
    type Shape = iam::CreateUser;
    type Service = Iam;
    type Subject = user::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::CreateUserRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let path = input.path.as_deref().unwrap_or("/");
        let (named, _) = user::find(request, view, "iam:CreateUser", &input.user_name).await?;
        let resource = user::arn(&request.partition, request.account(), path, &input.user_name);
        Ok((
            named,
            entity::creation_checks(
                request,
                ["iam:CreateUser", "iam:TagUser"],
                &resource,
                input.tags.as_deref(),
            ),
        ))
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::CreateUserResponse, RunError> {
        let (request, input) = (permit.request().clone(), permit.input());
        if let Some(boundary) = &input.permissions_boundary {
            return Err(fault::no_managed_policy(boundary).into());
        }
        let account = request.account();
        let record = UserRecord {
            id: ids::fresh(ids::Kind::User, account, &*iam.random),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            name: input.user_name.clone(),
            created: request.now,
            tags: entity::tags(input.tags.as_deref())?,
            policies: Vec::new(),
            access_keys: Vec::new(),
        };
        let txn = permit.txn();
        permit.into_subject().absent()?;
        entity::check_quota(iam, &place::users(account), "UsersPerAccount", USERS_MAX).await?;
        iam.commit(txn.put(place::user(account, &record.name), record.clone().encode()?)).await?;
        Ok(iam::CreateUserResponse { user: Some(user::shown(record, &request)) })
    }
}

/// Users of one account.
const USERS_MAX: usize = 5000;

#[cfg(test)]
mod tests;
