//! A denial in AWS's words.

use crate::decide::{Decision, Layer, Question, Verdict};

impl Decision<'_> {
    /// The text of AccessDenied for this decision on `question`. `resource` is how the text shows the
    /// resource: `resource: ARN`, or `the resource associated with this ciphertext`.
    pub fn denial(&self, question: &Question<'_>, resource: &str) -> String {
        let (caller, action) = (&question.identity.arn, question.action);
        let tail = tail(self.verdict, action);
        format!("User: {caller} is not authorized to perform: {action} on {resource}{tail}")
    }
}

/// The text for a resource of another account that is not there: the same as for one that is there
/// and not open to the caller.
pub fn unseen(caller: &str, action: &str, resource: &str) -> String {
    format!("User: {caller} is not authorized to perform: {action} on {resource}{UNSEEN}")
}

fn tail(verdict: Verdict, action: &str) -> String {
    match verdict {
        Verdict::NotAllowed(Layer::Trust) => String::new(),
        Verdict::NotAllowed(layer) => {
            let (_, name) = named(layer);
            format!(" because no {name} allows the {action} action")
        }
        Verdict::ExplicitDeny(layer) => {
            let (article, name) = named(layer);
            format!(" with an explicit deny in {article} {name}")
        }
        // What is allowed has no denial; saying least is the safe answer.
        Verdict::Unseen
        | Verdict::Allowed(_)
        | Verdict::AllowedToRoot
        | Verdict::AllowedToAnyone
        | Verdict::AllowedByGrant => UNSEEN.to_owned(),
    }
}

/// What a caller of another account is told: not even whether the resource exists.
const UNSEEN: &str = " because the resource does not exist in this Region, no resource-based policies allow \
                      access, or a resource-based policy explicitly denies access";

fn named(layer: Layer) -> (&'static str, &'static str) {
    match layer {
        Layer::Identity => ("an", "identity-based policy"),
        Layer::Resource | Layer::Trust => ("a", "resource-based policy"),
        Layer::Boundary => ("a", "permissions boundary"),
        Layer::Session => ("a", "session policy"),
    }
}
