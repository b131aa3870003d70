//! One question, one decision: who may do what to which resource, and which statement said so.

use keyward_base::AccountId;

use crate::identity::Identity;
use crate::keys::Keys;
use crate::policy::{Effect, Policy, Request, Statement};
use crate::principal::Reach;
use crate::set::PolicySet;

/// All that a decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub identity: &'a Identity,
    /// The policies attached to who asks.
    pub policies: &'a PolicySet,
    /// The permissions boundary, which limits those.
    pub boundary: Option<&'a Policy>,
    /// The session policy, which limits those.
    pub session: Option<&'a Policy>,
    /// What shall be done, such as `kms:Sign`.
    pub action: &'a str,
    /// To which resource: an ARN, or `*`.
    pub resource: &'a str,
    /// The account that owns the resource.
    pub owner: AccountId,
    /// Which policies decide beside those of who asks.
    pub authority: Authority<'a>,
    /// How a grant reaches who asks, if one allows it. A denial of any policy wins.
    pub granted: Option<Reach>,
    /// The request's condition keys.
    pub keys: Keys<'a>,
}

/// Which policies decide beside those of who asks.
#[derive(Clone, Copy, Debug)]
pub enum Authority<'a> {
    /// None.
    Identity,
    /// A KMS key policy: the root of access, without which identity policies are void.
    KeyPolicy(&'a Policy),
    /// A resource policy; in the same account it adds to the identity policies.
    ResourcePolicy(&'a Policy),
    /// A KMS key policy that can deny but not allow: retiring grants.
    Denials(&'a Policy),
    /// A role's trust policy.
    TrustPolicy(&'a Policy),
    /// Whoever is authenticated may.
    Anyone,
}

/// An answer, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Allowed or not, and by which rule.
    pub verdict: Verdict,
    /// The statement that decided; `None` where it was the lack of one, or a rule without policies.
    pub by: Option<By<'a>>,
}

/// Allowed or not, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed by a statement of this layer.
    Allowed(Layer),
    /// Allowed to an account's root by default.
    AllowedToRoot,
    /// Allowed to everyone.
    AllowedToAnyone,
    /// Allowed by a grant.
    AllowedByGrant,
    /// A statement of this layer denies.
    ExplicitDeny(Layer),
    /// This layer would have to allow and does not.
    NotAllowed(Layer),
    /// The resource belongs to another account and its policy does not let the caller see it.
    Unseen,
}

/// The kinds of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// A policy of who asks.
    Identity,
    /// The resource's policy.
    Resource,
    /// A role's trust policy.
    Trust,
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
}

/// A statement that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<'a> {
    /// The kind of policy.
    pub layer: Layer,
    /// The policy's name; empty where the layer has one policy only.
    pub policy: &'a str,
    /// Which statement of the policy, from 0.
    pub statement: usize,
    /// The statement's id.
    pub sid: Option<&'a str>,
}

impl Decision<'_> {
    /// Whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Allowed(_) | Verdict::AllowedToRoot | Verdict::AllowedToAnyone | Verdict::AllowedByGrant
        )
    }
}

/// What the statements of one layer say.
#[derive(Clone, Copy, Default)]
struct Found<'a> {
    deny: Option<By<'a>>,
    allow: Option<(Reach, By<'a>)>,
}

/// Decides.
pub fn decide<'a>(question: &Question<'a>) -> Decision<'a> {
    if matches!(question.authority, Authority::Anyone) {
        return Decision { verdict: Verdict::AllowedToAnyone, by: None };
    }
    let action = question.action.to_ascii_lowercase();
    let request = Request {
        identity: question.identity,
        action: &action,
        resource: question.resource,
        keys: question.keys,
    };
    let layers = Layers::look(question, &request);
    if let Some(by) = layers.deny() {
        let hidden = by.layer == Layer::Resource && question.is_unseen_key();
        let verdict = if hidden { Verdict::Unseen } else { Verdict::ExplicitDeny(by.layer) };
        return Decision { verdict, by: Some(by) };
    }
    if let Some(reach) = question.granted {
        layers.granted(question, reach)
    } else if question.identity.is_service() {
        layers.service(question)
    } else if question.identity.account == question.owner {
        layers.same_account(question)
    } else {
        layers.other_account(question)
    }
}

impl Question<'_> {
    /// Whether the resource is a key of another account, whose being the caller may not learn.
    fn is_unseen_key(&self) -> bool {
        let key = matches!(self.authority, Authority::KeyPolicy(_) | Authority::Denials(_));
        key && self.identity.account != self.owner && !self.identity.is_service()
    }

    fn authority_layer(&self) -> Layer {
        match self.authority {
            Authority::TrustPolicy(_) => Layer::Trust,
            Authority::Identity | Authority::Denials(_) => Layer::Identity,
            _ => Layer::Resource,
        }
    }
}

/// What each layer says.
struct Layers<'a> {
    identity: Found<'a>,
    resource: Found<'a>,
    boundary: Option<Found<'a>>,
    session: Option<Found<'a>>,
}

impl<'a> Layers<'a> {
    fn look(question: &Question<'a>, request: &Request<'_>) -> Self {
        let layer = match question.authority {
            Authority::Denials(_) => Layer::Resource,
            _ => question.authority_layer(),
        };
        let policy = match question.authority {
            Authority::KeyPolicy(policy)
            | Authority::ResourcePolicy(policy)
            | Authority::Denials(policy)
            | Authority::TrustPolicy(policy) => Some(policy),
            Authority::Identity | Authority::Anyone => None,
        };
        let one = |policy, layer| Found::of(numbered(policy), layer, request);
        Self {
            identity: Found::of(
                question.policies.about(request.action, request.resource),
                Layer::Identity,
                request,
            ),
            resource: policy.map_or_else(Found::default, |policy| one(policy, layer)),
            boundary: question.boundary.map(|policy| one(policy, Layer::Boundary)),
            session: question.session.map(|policy| one(policy, Layer::Session)),
        }
    }

    fn deny(&self) -> Option<By<'a>> {
        let limits = [self.boundary, self.session];
        [self.identity, self.resource]
            .into_iter()
            .chain(limits.into_iter().flatten())
            .find_map(|found| found.deny)
    }

    fn service(&self, question: &Question<'_>) -> Decision<'a> {
        match self.resource.allow {
            Some((Reach::Direct, by)) => allowed(by),
            _ => not_allowed(question.authority_layer()),
        }
    }

    /// A grant to an account delegates to that account's policies, whichever owns the key; one to a role is
    /// limited by its sessions' policies.
    fn granted(&self, question: &Question<'_>, reach: Reach) -> Decision<'a> {
        let granted = Decision { verdict: Verdict::AllowedByGrant, by: None };
        match reach {
            Reach::Direct => granted,
            Reach::Role => self.within_limits(granted),
            Reach::Account => self.by_identity(question),
        }
    }

    fn same_account(&self, question: &Question<'_>) -> Decision<'a> {
        match (question.authority, self.resource.allow) {
            (Authority::Identity | Authority::Denials(_) | Authority::Anyone, _) => {
                self.by_identity(question)
            }
            (_, Some((Reach::Direct, by))) => allowed(by),
            (_, Some((Reach::Role, by))) => self.within_limits(allowed(by)),
            (Authority::ResourcePolicy(_), _) | (_, Some((Reach::Account, _))) => self.by_identity(question),
            (_, None) => not_allowed(question.authority_layer()),
        }
    }

    fn other_account(&self, question: &Question<'_>) -> Decision<'a> {
        match (question.authority, self.resource.allow) {
            (Authority::Denials(_), _) => Decision { verdict: Verdict::Unseen, by: None },
            (_, Some(_)) => self.by_identity(question),
            (Authority::KeyPolicy(_), None) => Decision { verdict: Verdict::Unseen, by: None },
            (Authority::TrustPolicy(_), None) => not_allowed(Layer::Trust),
            (_, None) => not_allowed(Layer::Resource),
        }
    }

    fn by_identity(&self, question: &Question<'_>) -> Decision<'a> {
        if question.identity.is_root() {
            return self.within_limits(Decision { verdict: Verdict::AllowedToRoot, by: None });
        }
        match self.identity.allow {
            Some((_, by)) => self.within_limits(allowed(by)),
            None => not_allowed(Layer::Identity),
        }
    }

    /// `decision`, unless the boundary or the session policy lacks an allow.
    fn within_limits(&self, decision: Decision<'a>) -> Decision<'a> {
        let lacks = |found: Option<Found<'_>>| found.is_some_and(|found| found.allow.is_none());
        if lacks(self.boundary) {
            not_allowed(Layer::Boundary)
        } else if lacks(self.session) {
            not_allowed(Layer::Session)
        } else {
            decision
        }
    }
}

fn allowed(by: By<'_>) -> Decision<'_> {
    Decision { verdict: Verdict::Allowed(by.layer), by: Some(by) }
}

fn not_allowed<'a>(layer: Layer) -> Decision<'a> {
    Decision { verdict: Verdict::NotAllowed(layer), by: None }
}

fn numbered(policy: &Policy) -> impl Iterator<Item = (&Statement, &str, usize)> {
    policy.statements.iter().enumerate().map(|(at, statement)| (statement, "", at))
}

impl<'a> Found<'a> {
    /// Goes through `statements`; an explicit deny ends the search.
    fn of(
        statements: impl Iterator<Item = (&'a Statement, &'a str, usize)>,
        layer: Layer,
        request: &Request<'_>,
    ) -> Self {
        let mut found = Self::default();
        for (statement, policy, at) in statements {
            let Some(reach) = statement.applies(request) else { continue };
            let by = By { layer, policy, statement: at, sid: statement.sid.as_deref() };
            if statement.effect == Effect::Deny {
                found.deny = Some(by);
                break;
            }
            if found.allow.is_none_or(|(best, _)| best < reach) {
                found.allow = Some((reach, by));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
