//! From a check to a decision: asks the policies, and turns a refusal into the service's error.

use keyward_base::Fault;
use keyward_policy::{Authority, Keys, Question};

use crate::{Check, Judge, RequestContext, Shown};

impl RequestContext {
    /// Whether the policies allow `check` for the caller; the refusal in AWS's words if not. The gate
    /// asks this for every check of an operation; an operation asks it for what it must know
    /// besides, such as whether a new key policy would lock its caller out. It permits nothing.
    pub fn judge(&self, check: &Check) -> Result<(), Fault> {
        let question = self.question(check);
        let decision = keyward_policy::decide(&question);
        tracing::debug!(
            caller = self.caller.arn(),
            action = check.action,
            resource = %check.resource,
            ?decision,
            "judged"
        );
        if decision.is_allowed() {
            return Ok(());
        }
        Err(refusal(decision.denial(&question, &shown(check))))
    }

    /// The refusal for a resource of another account that is not there: the same as for one that is
    /// there and not open to the caller.
    pub fn refuse_unseen(&self, action: &str, resource: &str) -> Fault {
        let text = keyward_policy::unseen(self.caller.arn(), action, &format!("resource: {resource}"));
        refusal(text)
    }

    /// The same, when the request named the resource by a ciphertext only.
    pub fn refuse_unseen_ciphertext(&self, action: &str) -> Fault {
        refusal(keyward_policy::unseen(self.caller.arn(), action, BY_CIPHERTEXT))
    }

    fn question<'a>(&'a self, check: &'a Check) -> Question<'a> {
        let authority = match &check.judge {
            Judge::Identity => Authority::Identity,
            Judge::KeyPolicy(policy) => Authority::KeyPolicy(policy),
            Judge::ResourcePolicy(policy) => Authority::ResourcePolicy(policy),
            Judge::Denials(policy) => Authority::Denials(policy),
            Judge::TrustPolicy(policy) => Authority::TrustPolicy(policy),
            Judge::Anyone => Authority::Anyone,
        };
        Question {
            identity: self.caller.identity(),
            policies: self.caller.policies(),
            boundary: None,
            session: self.caller.session().and_then(|session| session.policy.as_deref()),
            action: check.action,
            resource: &check.resource,
            owner: check.owner,
            authority,
            granted: check.granted,
            keys: Keys {
                operation: &check.conditions,
                resource: &check.resource_conditions,
                caller: self.caller.conditions(),
                request: &*self.globals,
            },
        }
    }
}

const BY_CIPHERTEXT: &str = "the resource associated with this ciphertext";

fn shown(check: &Check) -> String {
    match check.shown {
        Shown::ByArn => format!("resource: {}", check.resource),
        Shown::ByCiphertext => BY_CIPHERTEXT.to_owned(),
    }
}

/// Under the name that JSON services use; `wire` turns it into the other protocols'.
fn refusal(text: String) -> Fault {
    Fault::caller("AccessDeniedException", text)
}
