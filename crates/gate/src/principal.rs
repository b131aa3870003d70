//! Who calls: the account's root, a user, a role's session, or one of our own services.
//!
//! A `Caller` is made only in this crate: by authenticating a request, or for a service's own call.

use std::fmt;
use std::sync::Arc;

use keyward_base::{AccountId, Arn, Partition, Timestamp};
use keyward_policy::{ConditionValues, Identity, IdentityKind, Policy, PolicySet, Reach};

use crate::globals;

/// An identity.
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

impl Principal {
    /// The account that it belongs to (for a service: on whose behalf it calls).
    pub fn account(&self) -> AccountId {
        match self {
            Self::Root { account } | Self::User { account, .. } | Self::AssumedRole { account, .. } => {
                *account
            }
            Self::Service(service) => service.source_account,
        }
    }

    /// Its ARN as AWS writes it in messages; a service's name for a service.
    pub fn arn(&self, partition: &Partition) -> String {
        match self {
            Self::Root { account } => format!("arn:{partition}:iam::{account}:root"),
            Self::User { account, path, name, .. } => {
                format!("arn:{partition}:iam::{account}:user{path}{name}")
            }
            Self::AssumedRole { account, role_name, session, .. } => {
                format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{session}")
            }
            Self::Service(service) => service.name.to_owned(),
        }
    }

    fn identity(&self, partition: &Partition) -> Identity {
        let kind = match self {
            Self::Root { .. } => IdentityKind::Root,
            Self::User { id, .. } => IdentityKind::User { id: id.clone() },
            Self::AssumedRole { account, role_id, role_path, role_name, .. } => IdentityKind::Session {
                role_arn: format!("arn:{partition}:iam::{account}:role{role_path}{role_name}"),
                role_id: role_id.clone(),
            },
            Self::Service(_) => IdentityKind::Service,
        };
        Identity { account: self.account(), kind, arn: self.arn(partition) }
    }

    /// `aws:userid`: the account for root, the unique id, `AROA…:session`.
    pub fn user_id(&self) -> String {
        match self {
            Self::Root { account } => account.to_string(),
            Self::User { id, .. } => id.clone(),
            Self::AssumedRole { role_id, session, .. } => format!("{role_id}:{session}"),
            Self::Service(service) => service.name.to_owned(),
        }
    }
}

/// A temporary credential's session.
#[derive(Clone, Debug)]
pub struct Session {
    /// When the credentials were issued (`aws:TokenIssueTime`).
    pub issued: Timestamp,
    /// When they end.
    pub expires: Timestamp,
    /// The session policy, which limits what the role's own policies allow.
    pub policy: Option<Arc<Policy>>,
    /// `aws:SourceIdentity`.
    pub source_identity: Option<String>,
}

/// What else is known of an identity when its credential is loaded.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// Its identity policies.
    pub policies: PolicySet,
    /// Its tags (`aws:PrincipalTag/…`).
    pub tags: Vec<(String, String)>,
    /// The session of temporary credentials.
    pub session: Option<Session>,
}

/// An authenticated caller with the policies that it had when it was authenticated. Cheap to clone.
#[derive(Clone)]
pub struct Caller(Arc<CallerParts>);

struct CallerParts {
    principal: Principal,
    identity: Identity,
    access_key_id: Option<String>,
    partition: Partition,
    attributes: Attributes,
    conditions: ConditionValues,
}

impl Caller {
    pub(crate) fn new(
        principal: Principal,
        partition: Partition,
        access_key_id: Option<String>,
        attributes: Attributes,
    ) -> Self {
        let identity = principal.identity(&partition);
        let role_arn = match &identity.kind {
            IdentityKind::Session { role_arn, .. } => Some(role_arn.as_str()),
            _ => None,
        };
        let conditions = globals::of_caller(&principal, &identity.arn, role_arn, &attributes);
        Self(Arc::new(CallerParts { principal, identity, access_key_id, partition, attributes, conditions }))
    }

    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The access key that signed; `None` for services.
    pub fn access_key_id(&self) -> Option<&str> {
        self.0.access_key_id.as_deref()
    }

    /// The partition that the principal's ARNs are in.
    pub fn partition(&self) -> &Partition {
        &self.0.partition
    }

    /// The session of temporary credentials.
    pub fn session(&self) -> Option<&Session> {
        self.0.attributes.session.as_ref()
    }

    /// The account that the caller belongs to (for a service: on whose behalf it calls).
    pub fn account(&self) -> AccountId {
        self.0.principal.account()
    }

    /// The caller's ARN as AWS writes it in messages; a service's name for a service.
    pub fn arn(&self) -> &str {
        &self.0.identity.arn
    }

    /// The names by which a grant can reach it: its own, a session's role's, its account's. Unique ids come before the
    /// ARNs that go with them.
    pub fn names(&self) -> Vec<(String, Reach)> {
        let identity = self.identity();
        let mut names = Vec::new();
        if let IdentityKind::User { id } = &identity.kind {
            names.push((id.clone(), Reach::Direct));
        }
        names.push((identity.arn.clone(), Reach::Direct));
        if let IdentityKind::Session { role_arn, role_id } = &identity.kind {
            names.push((role_id.clone(), Reach::Role));
            names.push((role_arn.clone(), Reach::Role));
        }
        if matches!(identity.kind, IdentityKind::User { .. } | IdentityKind::Session { .. }) {
            let root = Principal::Root { account: identity.account };
            names.push((root.arn(self.partition()), Reach::Account));
        }
        names
    }

    /// Its identity policies.
    pub(crate) fn policies(&self) -> &PolicySet {
        &self.0.attributes.policies
    }

    /// Who it is, as policies see it.
    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The condition keys that say who it is.
    pub(crate) fn conditions(&self) -> &ConditionValues {
        &self.0.conditions
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.arn())
    }
}
