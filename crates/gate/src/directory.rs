//! Which principals exist, for policies that name them.

use std::future::Future;
use std::pin::Pin;

use keyward_base::Fault;

/// Knows the users and roles; implemented by the IAM service. KMS asks it before it stores a key policy or a grant,
/// because one that names nobody, or somebody by name only, would later fit whoever takes that name.
pub trait PrincipalDirectory: Send + Sync + 'static {
    /// The unique id (`AIDA…`, `AROA…`) of whoever `principal` names now: the ARN of a user or a role, or such an
    /// id. A role's session has none: its ARN is answered as long as the role exists. `None` for who does not
    /// exist. Account roots and services are not asked about.
    fn unique_id<'a>(
        &'a self,
        principal: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Option<String>, Fault>> + Send + 'a>>;
}
