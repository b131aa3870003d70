//! From a check to a decision: the global condition keys and the denial's words.

use keyward_base::Fault;

use crate::{Check, RequestContext};

impl RequestContext {
    /// Whether the policies allow `check` for the caller; the refusal in AWS's words if not. The gate
    /// asks this for every check of an operation; an operation asks it for what it must know
    /// besides, such as whether a new key policy would lock its caller out. It permits nothing.
    pub fn judge(&self, check: &Check) -> Result<(), Fault> {
        Err(self.refuse_unseen(check.action, &check.resource))
    }

    /// The refusal for a resource of another account that may or may not exist: the caller learns neither.
    pub fn refuse_unseen(&self, action: &str, resource: &str) -> Fault {
        let caller = self.caller.arn();
        Fault::caller(
            "AccessDeniedException",
            format!(
                "User: {caller} is not authorized to perform: {action} on resource: {resource} because the \
                 resource does not exist in this Region, no resource-based policies allow access, or a \
                 resource-based policy explicitly denies access"
            ),
        )
    }
}
