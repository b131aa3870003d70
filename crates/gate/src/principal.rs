//! Who calls: the account's root, a user, a role's session, or one of our own services.

use keyward_base::{AccountId, Arn, Partition};

/// An authenticated identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account itself.
    Root {
        /// The account.
        account: AccountId,
    },
    /// An IAM user.
    User {
        /// The account that it belongs to.
        account: AccountId,
        /// Its unique id, `AIDA…`.
        id: String,
        /// Its path, `/` or `/a/b/`.
        path: String,
        /// Its name.
        name: String,
    },
    /// A session of an assumed role.
    AssumedRole {
        /// The account that the role belongs to.
        account: AccountId,
        /// The role's unique id, `AROA…`.
        role_id: String,
        /// The role's path.
        role_path: String,
        /// The role's name.
        role_name: String,
        /// The session's name.
        session: String,
    },
    /// One of our services, on behalf of a resource.
    Service(ServiceCaller),
}

/// A service principal and on whose behalf it calls (`aws:SourceArn`, `aws:SourceAccount`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCaller {
    /// Its name, such as `dnssec-route53.amazonaws.com`.
    pub name: &'static str,
    /// The resource that makes it call.
    pub source_arn: Arn,
    /// The account that owns the resource.
    pub source_account: AccountId,
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// The access key that signed; `None` for services.
    pub access_key_id: Option<String>,
    /// The partition that the principal's ARNs are in.
    pub partition: Partition,
}

impl Caller {
    /// The account that the caller belongs to (for a service: on whose behalf it calls).
    pub fn account(&self) -> AccountId {
        match &self.principal {
            Principal::Root { account }
            | Principal::User { account, .. }
            | Principal::AssumedRole { account, .. } => *account,
            Principal::Service(service) => service.source_account,
        }
    }

    /// The caller's ARN as AWS writes it in messages; a service's name for a service.
    pub fn arn(&self) -> String {
        let partition = &self.partition;
        match &self.principal {
            Principal::Root { account } => format!("arn:{partition}:iam::{account}:root"),
            Principal::User { account, path, name, .. } => {
                format!("arn:{partition}:iam::{account}:user{path}{name}")
            }
            Principal::AssumedRole { account, role_name, session, .. } => {
                format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{session}")
            }
            Principal::Service(service) => service.name.to_owned(),
        }
    }
}
