//! From a policy's text to compiled statements, with AWS's message for each mistake.

use crate::action::ActionPattern;
use crate::condition::Condition;
use crate::error::PolicyError;
use crate::json::Json;
use crate::policy::{Effect, Element, Flavour, Policy, PrincipalElement, Statement};
use crate::principal::Principals;
use crate::resource::ArnPattern;

/// Far above every size limit of a service; keeps a hostile document from costing much.
const BYTES_MAX: usize = 1 << 17;

/// Parses and compiles `text`.
pub(crate) fn parse(text: &str, flavour: Flavour) -> Result<Policy, PolicyError> {
    if text.len() > BYTES_MAX || !text.chars().all(is_allowed) {
        return Err(PolicyError::syntax());
    }
    let Some(Json::Object(document)) = Json::parse(text) else { return Err(PolicyError::syntax()) };
    let mut variables = false;
    let mut statements = None;
    for (name, value) in &document {
        match (name.as_str(), value) {
            ("Version", Json::Text(version)) => variables = has_variables(version)?,
            ("Id", Json::Text(_)) if flavour != Flavour::Identity => {}
            ("Statement", Json::List(list)) => statements = Some(list.as_slice()),
            ("Statement", single @ Json::Object(_)) => statements = Some(std::slice::from_ref(single)),
            _ => return Err(PolicyError::syntax()),
        }
    }
    let statements = statements.ok_or_else(PolicyError::syntax)?;
    let compile = |statement| compile(statement, flavour, variables);
    let statements = statements.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
    refuse_repeated_sids(&statements)?;
    Ok(Policy { statements })
}

/// U+0009, U+000A, U+000D, U+0020 to U+00FF.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}')
}

fn has_variables(version: &str) -> Result<bool, PolicyError> {
    match version {
        "2012-10-17" => Ok(true),
        "2008-10-17" => Ok(false),
        _ => Err(PolicyError::syntax()),
    }
}

fn refuse_repeated_sids(statements: &[Statement]) -> Result<(), PolicyError> {
    let sids: Vec<_> = statements.iter().filter_map(|statement| statement.sid.as_deref()).collect();
    let repeated = sids.iter().enumerate().any(|(at, sid)| !sid.is_empty() && sids[..at].contains(sid));
    if repeated {
        return Err(PolicyError::new("Statement IDs (SID) in a single policy must be unique."));
    }
    Ok(())
}

/// A statement's elements as found, before they are judged together.
#[derive(Default)]
struct Draft {
    sid: Option<Box<str>>,
    effect: Option<Effect>,
    principal: Option<PrincipalElement>,
    actions: Option<Element<ActionPattern>>,
    resources: Option<Element<ArnPattern>>,
    conditions: Vec<Condition>,
}

fn compile(statement: &Json, flavour: Flavour, variables: bool) -> Result<Statement, PolicyError> {
    let Json::Object(elements) = statement else { return Err(PolicyError::syntax()) };
    let mut draft = Draft::default();
    for (name, value) in elements {
        draft.take(name, value, flavour, variables)?;
    }
    draft.finish(flavour)
}

impl Draft {
    fn take(
        &mut self,
        name: &str,
        value: &Json,
        flavour: Flavour,
        variables: bool,
    ) -> Result<(), PolicyError> {
        match name {
            "Sid" => self.sid = Some(sid(value, flavour)?),
            "Effect" => self.effect = Some(effect(value)?),
            "Principal" | "NotPrincipal" => self.take_principal(name, value, flavour)?,
            "Action" | "NotAction" => {
                let patterns =
                    each(value, |text| ActionPattern::compile(text).ok_or_else(|| bad_action(text)))?;
                set(&mut self.actions, Element { patterns, inverted: name == "NotAction" })?;
            }
            "Resource" | "NotResource" if flavour == Flavour::Trust => {
                return Err(PolicyError::new(format!("Has prohibited field {name}")));
            }
            "Resource" | "NotResource" => {
                let pattern =
                    |text: &str| ArnPattern::resource(text, variables).ok_or_else(|| bad_resource(text));
                let element = Element { patterns: each(value, pattern)?, inverted: name == "NotResource" };
                set(&mut self.resources, element)?;
            }
            "Condition" => {
                let conditions = Condition::compile_all(value, variables)?.into_iter();
                self.conditions = match flavour {
                    Flavour::Resource => conditions.map(Condition::in_resource_policy).collect(),
                    Flavour::Identity | Flavour::Trust => conditions.collect(),
                };
            }
            _ => return Err(PolicyError::syntax()),
        }
        Ok(())
    }

    fn take_principal(&mut self, name: &str, value: &Json, flavour: Flavour) -> Result<(), PolicyError> {
        if flavour == Flavour::Identity {
            return Err(PolicyError::new("Policy document should not specify a principal."));
        }
        let principals = Principals::compile(value, flavour)?;
        let inverted = name == "NotPrincipal";
        let element = if inverted { PrincipalElement::IsNot } else { PrincipalElement::Is };
        set(&mut self.principal, element(principals))
    }

    fn finish(self, flavour: Flavour) -> Result<Statement, PolicyError> {
        let effect = self.effect.ok_or_else(PolicyError::syntax)?;
        let missing = |what| PolicyError::new(format!("Policy document must contain {what}."));
        // KMS takes a statement that lacks one of them; it applies to nothing then.
        let inert = flavour == Flavour::Resource;
        let actions =
            self.actions.or_else(|| inert.then(Element::nothing)).ok_or_else(|| missing("actions"))?;
        let resources = self.resources.or_else(|| inert.then(Element::nothing));
        if flavour != Flavour::Trust && resources.is_none() {
            return Err(missing("resources"));
        }
        if flavour != Flavour::Identity && self.principal.is_none() {
            return Err(PolicyError::new("Missing required field Principal"));
        }
        if flavour == Flavour::Trust && !actions.patterns.iter().all(is_trust_action) {
            return Err(PolicyError::new("AssumeRole policy may only specify STS AssumeRole actions."));
        }
        let Self { sid, principal, conditions, .. } = self;
        Ok(Statement { sid, effect, principal, actions, resources, conditions })
    }
}

/// What a trust policy may speak of.
fn is_trust_action(pattern: &ActionPattern) -> bool {
    const ACTIONS: [&str; 6] = [
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
    ];
    ACTIONS.iter().any(|action| pattern.matches(action))
}

/// Sets an element of which a statement has one form, the plain or the `Not…`.
fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), PolicyError> {
    if slot.replace(value).is_some() { Err(PolicyError::syntax()) } else { Ok(()) }
}

fn sid(value: &Json, flavour: Flavour) -> Result<Box<str>, PolicyError> {
    let Json::Text(text) = value else { return Err(PolicyError::syntax()) };
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if flavour != Flavour::Resource && !plain {
        return Err(PolicyError::new(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular \
             expression [0-9A-Za-z]*",
        ));
    }
    Ok(text.as_str().into())
}

fn effect(value: &Json) -> Result<Effect, PolicyError> {
    match value {
        Json::Text(text) if text == "Allow" => Ok(Effect::Allow),
        Json::Text(text) if text == "Deny" => Ok(Effect::Deny),
        _ => Err(PolicyError::syntax()),
    }
}

/// A text or a list of texts. An empty list is legal and matches nothing.
fn each<T>(value: &Json, read: impl Fn(&str) -> Result<T, PolicyError>) -> Result<Vec<T>, PolicyError> {
    match value {
        Json::Text(text) => Ok(vec![read(text)?]),
        Json::List(list) => list
            .iter()
            .map(|item| if let Json::Text(text) = item { read(text) } else { Err(PolicyError::syntax()) })
            .collect(),
        _ => Err(PolicyError::syntax()),
    }
}

fn bad_action(text: &str) -> PolicyError {
    if text.contains(':') {
        return PolicyError::syntax();
    }
    PolicyError::new("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
}

fn bad_resource(text: &str) -> PolicyError {
    PolicyError::new(format!("Resource {text} must be in ARN format or \"*\"."))
}

#[cfg(test)]
mod tests;
