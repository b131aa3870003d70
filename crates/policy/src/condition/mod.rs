//! The `Condition` element, compiled: operator, key, operands.

mod operand;
mod operator;

use crate::error::PolicyError;
use crate::json::Json;
use crate::keys::Keys;
use crate::pattern::Unresolved;
use operand::Operands;
use operator::{Operator, Quantifier};

/// Keys that identity policies see and resource policies don't, as the KMS guide's list of condition keys says
/// ("IAM policies only").
const OF_IDENTITY_POLICIES_ONLY: [&str; 1] = ["kms:ResourceAliases"];

/// One operator on one key. A statement applies when all of its conditions hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    operator: Operator,
    key: Box<str>,
    /// Whether every request lacks the key where this stands.
    hidden: bool,
    operands: Operands,
}

impl Condition {
    /// Compiles the whole element.
    pub(crate) fn compile_all(element: &Json, variables: bool) -> Result<Vec<Self>, PolicyError> {
        let Json::Object(operators) = element else { return Err(PolicyError::syntax()) };
        let mut conditions = Vec::new();
        for (name, keys) in operators {
            let operator = Operator::parse(name).ok_or_else(PolicyError::syntax)?;
            let Json::Object(keys) = keys else { return Err(PolicyError::syntax()) };
            for (key, values) in keys {
                conditions.push(Self::compile(operator, key, values, variables)?);
            }
        }
        Ok(conditions)
    }

    fn compile(operator: Operator, key: &str, values: &Json, variables: bool) -> Result<Self, PolicyError> {
        let texts = texts(values).ok_or_else(PolicyError::syntax)?;
        let operands = Operands::compile(operator.comparison, &texts, variables);
        let operands = operands.filter(|_| !key.is_empty()).ok_or_else(PolicyError::syntax)?;
        Ok(Self { operator, key: key.into(), hidden: false, operands })
    }

    /// The same in a resource policy.
    pub(crate) fn in_resource_policy(mut self) -> Self {
        self.hidden = OF_IDENTITY_POLICIES_ONLY.iter().any(|key| key.eq_ignore_ascii_case(&self.key));
        self
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, keys: Keys<'_>) -> Result<bool, Unresolved> {
        let values = if self.hidden { None } else { keys.get(&self.key) };
        if let Operands::Null(absent) = &self.operands {
            return Ok(absent.contains(&values.is_none()));
        }
        let Some(values) = values else { return Ok(self.holds_when_absent()) };
        let negated = self.operator.negated;
        let one = |value: &str| Ok::<_, Unresolved>(self.operands.contain(value, keys)? != negated);
        match (self.operator.quantifier, negated) {
            // Without a quantifier, several values read as "any of them is", or "none of them is".
            (Some(Quantifier::All), _) | (None, true) => all(values, one),
            (Some(Quantifier::Any), _) | (None, false) => any(values, one),
        }
    }

    fn holds_when_absent(&self) -> bool {
        match self.operator.quantifier {
            _ if self.operator.if_exists => true,
            Some(Quantifier::All) => true,
            Some(Quantifier::Any) => false,
            None => self.operator.negated,
        }
    }

    /// The key, and whether it is under `ForAllValues`.
    pub(crate) fn key(&self) -> (&str, bool) {
        (&self.key, self.operator.quantifier == Some(Quantifier::All))
    }
}

fn all<V: AsRef<str>>(
    values: &[V],
    test: impl Fn(&str) -> Result<bool, Unresolved>,
) -> Result<bool, Unresolved> {
    for value in values {
        if !test(value.as_ref())? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any<V: AsRef<str>>(
    values: &[V],
    test: impl Fn(&str) -> Result<bool, Unresolved>,
) -> Result<bool, Unresolved> {
    all(values, |value| test(value).map(|holds| !holds)).map(|none| !none)
}

/// A scalar or a list of scalars.
fn texts(values: &Json) -> Option<Vec<&str>> {
    let scalar = |value| match value {
        &Json::Text(ref text) | &Json::Scalar(ref text) => Some(text.as_str()),
        _ => None,
    };
    match values {
        Json::List(list) => list.iter().map(scalar).collect(),
        single => Some(vec![scalar(single)?]),
    }
}

#[cfg(test)]
mod tests;
