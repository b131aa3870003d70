//! The API: one file an operation.

mod assume_role;
mod create_access_key;
mod create_role;
mod create_user;
mod delete_access_key;
mod delete_role;
mod delete_role_policy;
mod delete_user;
mod delete_user_policy;
mod get_caller_identity;
mod get_role;
mod get_role_policy;
mod get_user;
mod get_user_policy;
mod list_access_keys;
mod list_role_policies;
mod list_roles;
mod list_user_policies;
mod list_users;
mod put_role_policy;
mod put_user_policy;
mod update_access_key;
mod update_assume_role_policy;

use std::sync::Arc;

use keyward_gate::Router;

use crate::iam::Iam;

/// Serves IAM and STS.
pub fn register(router: &mut Router, iam: &Arc<Iam>) {
    let iam = || Arc::clone(iam);
    router
        .register::<assume_role::AssumeRole>(iam())
        .register::<create_access_key::CreateAccessKey>(iam())
        .register::<create_role::CreateRole>(iam())
        .register::<create_user::CreateUser>(iam())
        .register::<delete_access_key::DeleteAccessKey>(iam())
        .register::<delete_role::DeleteRole>(iam())
        .register::<delete_role_policy::DeleteRolePolicy>(iam())
        .register::<delete_user::DeleteUser>(iam())
        .register::<delete_user_policy::DeleteUserPolicy>(iam())
        .register::<get_caller_identity::GetCallerIdentity>(iam())
        .register::<get_role::GetRole>(iam())
        .register::<get_role_policy::GetRolePolicy>(iam())
        .register::<get_user::GetUser>(iam())
        .register::<get_user_policy::GetUserPolicy>(iam())
        .register::<list_access_keys::ListAccessKeys>(iam())
        .register::<list_role_policies::ListRolePolicies>(iam())
        .register::<list_roles::ListRoles>(iam())
        .register::<list_user_policies::ListUserPolicies>(iam())
        .register::<list_users::ListUsers>(iam())
        .register::<put_role_policy::PutRolePolicy>(iam())
        .register::<put_user_policy::PutUserPolicy>(iam())
        .register::<update_access_key::UpdateAccessKey>(iam())
        .register::<update_assume_role_policy::UpdateAssumeRolePolicy>(iam());
}
