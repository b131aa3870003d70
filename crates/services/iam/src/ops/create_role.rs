//! `iam:CreateRole`: makes a role.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::rows::{RoleRecord, Stored, TrustPolicy};
use crate::{entity, fault, ids, place, role};

/// Makes a role.
pub(crate) struct CreateRole;

impl Operation for CreateRole {
    type Shape = iam::CreateRole;
    type Service = Iam;
    type Subject = role::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::CreateRoleRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let path = input.path.as_deref().unwrap_or("/");
        let (named, _) = role::find(request, view, "iam:CreateRole", &input.role_name).await?;
        let resource = role::arn(&request.partition, request.account(), path, &input.role_name);
        Ok((
            named,
            entity::creation_checks(
                request,
                ["iam:CreateRole", "iam:TagRole"],
                &resource,
                input.tags.as_deref(),
            ),
        ))
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::CreateRoleResponse, RunError> {
        let (request, txn) = (permit.request().clone(), permit.txn());
        let record = draft(iam, &request, permit.input()).await?;
        let account = request.account();
        permit.into_subject().absent()?;
        entity::check_quota(iam, &place::roles(account), "RolesPerAccount", ROLES_MAX).await?;
        iam.commit(txn.put(place::role(account, &record.name), record.clone().encode()?)).await?;
        Ok(iam::CreateRoleResponse { role: role::shown(record, &request) })
    }
}

/// Roles of one account.
const ROLES_MAX: usize = 1000;

/// The role that the input describes.
async fn draft(
    iam: &Iam,
    request: &RequestContext,
    input: &iam::CreateRoleRequest,
) -> Result<RoleRecord, Fault> {
    if let Some(boundary) = &input.permissions_boundary {
        return Err(fault::no_managed_policy(boundary));
    }
    let session_seconds_max = input.max_session_duration.and_then(|seconds| u32::try_from(seconds).ok());
    Ok(RoleRecord {
        id: ids::fresh(ids::Kind::Role, request.account(), &*iam.random),
        path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
        name: input.role_name.clone(),
        created: request.now,
        description: input.description.clone(),
        session_seconds_max: session_seconds_max.unwrap_or(3600),
        trust: TrustPolicy::bind(iam, &input.assume_role_policy_document).await?,
        tags: entity::tags(input.tags.as_deref())?,
        policies: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
