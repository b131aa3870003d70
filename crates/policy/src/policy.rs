//! A policy document: parsed once into compiled statements.

use crate::action::ActionPattern;
use crate::condition::Condition;
use crate::error::PolicyError;
use crate::identity::Identity;
use crate::keys::Keys;
use crate::pattern::Unresolved;
use crate::principal::{Principals, Reach};
use crate::resource::ArnPattern;

/// What a policy is attached to; it decides which elements are required and which forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// A user's or role's policy, or a session policy: no principals.
    Identity,
    /// A KMS key policy or another resource's policy: principals required.
    Resource,
    /// A role's trust policy: principals required, no resources.
    Trust,
}

/// A parsed and compiled policy document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    pub(crate) statements: Vec<Statement>,
}

/// One statement, compiled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    pub(crate) principal: Option<PrincipalElement>,
    pub(crate) actions: Element<ActionPattern>,
    pub(crate) resources: Option<Element<ArnPattern>>,
    pub(crate) conditions: Vec<Condition>,
}

/// What a statement does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// An element or its `Not…` twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element<T> {
    pub(crate) patterns: Vec<T>,
    pub(crate) inverted: bool,
}

impl<T> Element<T> {
    /// An element that nothing matches.
    pub(crate) const fn nothing() -> Self {
        Self { patterns: Vec::new(), inverted: false }
    }
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalElement {
    Is(Principals),
    IsNot(Principals),
}

/// What is asked of a statement.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) identity: &'a Identity,
    /// In lower case.
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) keys: Keys<'a>,
}

impl Policy {
    /// Parses and compiles `text`; done once when a policy is stored or loaded, never per request.
    pub fn parse(text: &str, flavour: Flavour) -> Result<Self, PolicyError> {
        crate::parse::parse(text, flavour)
    }

    /// Whether it has no statement, which KMS refuses and IAM does not.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The ARNs and unique ids that its statements name as principals, to be looked up when it is stored.
    pub fn principal_entities(&self) -> impl Iterator<Item = &str> {
        let elements = self.statements.iter().filter_map(|statement| statement.principal.as_ref());
        elements.flat_map(|element| element.principals().entities())
    }

    /// Puts the unique id that `id_of` knows in place of each name, so that a deleted principal which is
    /// made again is not taken for the first.
    pub fn bind_principals(&mut self, id_of: impl Fn(&str) -> Option<String>) {
        let elements = self.statements.iter_mut().filter_map(|statement| statement.principal.as_mut());
        for PrincipalElement::Is(principals) | PrincipalElement::IsNot(principals) in elements {
            principals.bind(&id_of);
        }
    }

    /// The condition keys that stand under `ForAllValues`, which KMS refuses for some keys.
    pub fn for_all_values_keys(&self) -> impl Iterator<Item = &str> {
        self.statements
            .iter()
            .flat_map(|statement| &statement.conditions)
            .filter_map(|condition| Some(condition.key()).filter(|(_, all)| *all).map(|(key, _)| key))
    }
}

impl PrincipalElement {
    fn principals(&self) -> &Principals {
        match self {
            Self::Is(principals) | Self::IsNot(principals) => principals,
        }
    }
}

impl Statement {
    /// How it reaches the request's identity, or `None` when it does not apply.
    pub(crate) fn applies(&self, request: &Request<'_>) -> Option<Reach> {
        if !self.has_action(request.action) {
            return None;
        }
        let reach = self.reach(request.identity)?;
        let applies =
            self.has_resource(request) == Ok(true) && self.conditions_hold(request.keys) == Ok(true);
        applies.then_some(reach)
    }

    fn has_action(&self, action: &str) -> bool {
        self.actions.patterns.iter().any(|pattern| pattern.matches(action)) != self.actions.inverted
    }

    fn has_resource(&self, request: &Request<'_>) -> Result<bool, Unresolved> {
        let Some(element) = &self.resources else { return Ok(true) };
        let mut found = false;
        for pattern in &element.patterns {
            if pattern.matches(request.resource, request.keys)? {
                found = true;
                break;
            }
        }
        Ok(found != element.inverted)
    }

    fn conditions_hold(&self, keys: Keys<'_>) -> Result<bool, Unresolved> {
        for condition in &self.conditions {
            if !condition.holds(keys)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn reach(&self, identity: &Identity) -> Option<Reach> {
        match (&self.principal, self.effect) {
            // An identity policy is attached to whom it speaks of.
            (None, _) => Some(Reach::Direct),
            (Some(PrincipalElement::Is(principals)), _) => principals.reach(identity),
            (Some(PrincipalElement::IsNot(principals)), Effect::Deny) => {
                (!principals.spare(identity)).then_some(Reach::Direct)
            }
            (Some(PrincipalElement::IsNot(principals)), Effect::Allow) => {
                principals.reach(identity).is_none().then_some(Reach::Direct)
            }
        }
    }
}
