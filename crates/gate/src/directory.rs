//! Which principals exist, for policies that name them.

use std::future::Future;
use std::pin::Pin;

use keyward_base::Fault;

/// Knows the users and roles; implemented by the IAM service. KMS asks it before it stores a key policy,
/// because a policy that names nobody would later fit whoever takes that name.
pub trait PrincipalDirectory: Send + Sync + 'static {
    /// Whether `principal` exists now: the ARN of a user, a role or a role's session (then its role must
    /// exist), or a unique id (`AIDA…`, `AROA…`). Account roots and services are not asked about.
    fn exists<'a>(
        &'a self,
        principal: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<bool, Fault>> + Send + 'a>>;
}
