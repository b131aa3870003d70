//! One permission that an operation needs, with all that a decision about it depends on.

use std::sync::Arc;

use keyward_base::AccountId;
use keyward_policy::{ConditionValues, Policy};

/// A permission that must be allowed before an operation runs.
#[derive(Clone, Debug)]
pub struct Check {
    /// The IAM action, such as `kms:Sign`.
    pub action: &'static str,
    /// The resource's ARN, or `*` for actions that name none.
    pub resource: String,
    /// The account that owns the resource.
    pub owner: AccountId,
    /// Which policies decide.
    pub judge: Judge,
    /// The operation's own condition keys (`kms:KeySpec`, `aws:RequestTag/…`); the gate adds the global ones.
    pub conditions: ConditionValues,
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
    /// A role's trust policy.
    TrustPolicy(Arc<Policy>),
    /// Anyone who is authenticated (GetCallerIdentity).
    Anyone,
}
