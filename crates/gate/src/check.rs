//! One permission that an operation needs, with all that a decision about it depends on.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use keyward_base::{AccountId, Fault};
use keyward_policy::{ConditionValues, Policy, Reach};

use crate::{RequestContext, View};

/// A permission that must be allowed before an operation runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// The IAM action, such as `kms:Sign`.
    pub action: &'static str,
    /// The resource's ARN, or `*` for actions that name none.
    pub resource: Arc<str>,
    /// The account that owns the resource; the caller's own for `*`.
    pub owner: AccountId,
    /// Which policies decide.
    pub judge: Judge,
    /// The operation's own condition keys (`kms:KeySpec`, `aws:RequestTag/…`); the gate adds the global ones.
    pub conditions: ConditionValues,
    /// The resource's own condition keys, whatever is done to it: shared by all requests on it.
    pub resource_conditions: Arc<ConditionValues>,
    /// How a refusal names the resource.
    pub shown: Shown,
    /// The encryption context that comes with the request: grants are constrained by it.
    pub context: BTreeMap<String, String>,
    /// How a grant reaches the caller, where that is known already.
    pub granted: Option<Reach>,
    /// Where a grant is looked for when the policies don't allow.
    pub grants: Option<Arc<dyn Grants>>,
}

/// Finds grants: what a resource's service knows beside policies. Asked only when the policies don't allow.
pub trait Grants: fmt::Debug + Send + Sync {
    /// How a grant that allows `check` reaches the caller, if there is one. The rows that say so are
    /// remembered in `view`.
    fn reach<'a>(
        &'a self,
        request: &'a RequestContext,
        check: &'a Check,
        view: &'a mut View<'_>,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Reach>, Fault>> + Send + 'a>>;
}

/// Which policies decide about a check.
#[derive(Clone, Debug)]
pub enum Judge {
    /// The caller's identity policies alone.
    Identity,
    /// A KMS key policy: the root of access, without which identity policies are void.
    KeyPolicy(Arc<Policy>),
    /// A resource policy beside the identity policies.
    ResourcePolicy(Arc<Policy>),
    /// A KMS key policy that can deny but not allow: retiring grants.
    Denials(Arc<Policy>),
    /// A role's trust policy.
    TrustPolicy(Arc<Policy>),
    /// Anyone who is authenticated (GetCallerIdentity).
    Anyone,
}

/// How a refusal names the resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// `on resource: ARN`.
    #[default]
    ByArn,
    /// `on the resource associated with this ciphertext`: the request did not name the key.
    ByCiphertext,
}

impl Check {
    /// A check by identity policies alone on a resource of `owner`.
    pub fn identity(action: &'static str, resource: impl Into<Arc<str>>, owner: AccountId) -> Self {
        Self::new(action, resource, owner, Judge::Identity)
    }

    /// A check in which `judge` says which policies decide.
    pub fn new(action: &'static str, resource: impl Into<Arc<str>>, owner: AccountId, judge: Judge) -> Self {
        let resource = resource.into();
        let mut of_resource = ConditionValues::new();
        if &*resource != "*" {
            of_resource.set("aws:ResourceAccount", owner.to_string());
        }
        Self::on(action, resource, owner, judge, Arc::new(of_resource))
    }

    /// A check on a resource whose own condition keys, `aws:ResourceAccount` among them, are made already.
    pub fn on(
        action: &'static str,
        resource: Arc<str>,
        owner: AccountId,
        judge: Judge,
        resource_conditions: Arc<ConditionValues>,
    ) -> Self {
        Self {
            action,
            resource,
            owner,
            judge,
            conditions: ConditionValues::new(),
            resource_conditions,
            shown: Shown::ByArn,
            context: BTreeMap::new(),
            granted: None,
            grants: None,
        }
    }

    /// The same with a condition key.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        self.conditions.set(key, value);
        self
    }

    /// The same with these condition keys besides.
    #[must_use]
    pub fn with_conditions(mut self, conditions: ConditionValues) -> Self {
        self.conditions.extend(conditions);
        self
    }

    /// The same, allowed by a grant that reaches the caller so.
    #[must_use]
    pub fn granted(mut self, reach: Reach) -> Self {
        self.granted = Some(reach);
        self
    }

    /// The same, allowed also by what `grants` finds.
    #[must_use]
    pub fn with_grants(mut self, grants: Arc<dyn Grants>) -> Self {
        self.grants = Some(grants);
        self
    }

    /// The same, named by the ciphertext when it is refused.
    #[must_use]
    pub fn shown_by_ciphertext(mut self) -> Self {
        self.shown = Shown::ByCiphertext;
        self
    }
}
