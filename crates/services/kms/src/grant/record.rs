//! A grant, and when it allows something. Pure.

use std::collections::BTreeMap;
use std::fmt;

use data_encoding::HEXLOWER;
use keyward_base::{AccountId, Random, Timestamp};
use serde::{Deserialize, Serialize};

/// A grant's id: 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct GrantId(String);

impl GrantId {
    /// A new one.
    pub(crate) fn random(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(HEXLOWER.encode(&bytes))
    }

    /// Reads one; `None` when it is malformed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let sound = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        sound.then(|| Self(text.to_owned()))
    }

    /// Its digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody in a grant. The order of variants is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Party {
    /// A session or an account, as its ARN was given; in older grants also a user or a role.
    Principal(String),
    /// A service's name.
    Service(String),
    /// A user or a role.
    Bound {
        /// Its ARN, as it was given.
        arn: String,
        /// The unique id that it had then: one that is made again under the name is somebody else.
        id: String,
    },
}

impl Party {
    /// The name under which it is listed.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Principal(name) | Self::Service(name) | Self::Bound { arn: name, .. } => name,
        }
    }

    /// The name by which a caller is recognised.
    pub(crate) fn caller_name(&self) -> &str {
        match self {
            Self::Principal(name) | Self::Service(name) | Self::Bound { id: name, .. } => name,
        }
    }

    /// The ARN, if it is a principal.
    pub(crate) fn principal(&self) -> Option<String> {
        self.service().is_none().then(|| self.name().to_owned())
    }

    /// The name, if it is a service.
    pub(crate) fn service(&self) -> Option<String> {
        matches!(self, Self::Service(_)).then(|| self.name().to_owned())
    }
}

/// Encryption context, in order of its keys.
pub(crate) type Context = BTreeMap<String, String>;

/// What a request must have for a grant to allow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Constraints {
    /// Exactly this encryption context.
    pub(crate) equals: Option<Context>,
    /// At least this encryption context.
    pub(crate) subset: Option<Context>,
    /// This resource on whose behalf a service calls.
    pub(crate) source_arn: Option<String>,
}

/// A grant's row as stored. Every version that was ever written can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GrantRow {
    /// The first version.
    V1(GrantRecord),
}

/// A grant. Its key and its id are those of its row's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GrantRecord {
    /// Its name; empty when there is none.
    pub(crate) name: String,
    /// Who is allowed.
    pub(crate) grantee: Party,
    /// Who may retire it.
    pub(crate) retiring: Option<Party>,
    /// The account that made it.
    pub(crate) issuer: AccountId,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// What is allowed: the API's names, in order and each once.
    pub(crate) operations: Vec<String>,
    /// When it is allowed.
    pub(crate) constraints: Constraints,
}

/// A request as grants see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The operation's name in grants, such as `ReEncryptFrom`.
    pub(crate) operation: &'a str,
    /// The encryption context.
    pub(crate) context: &'a Context,
    /// The resource on whose behalf a service calls.
    pub(crate) source_arn: Option<&'a str>,
    /// The grant that is to be made, for `CreateGrant`.
    pub(crate) child: Option<&'a GrantRecord>,
}

impl GrantRecord {
    /// Whether it allows its grantee what is asked.
    pub(crate) fn allows(&self, asked: &Asked<'_>) -> bool {
        if !self.operations.iter().any(|operation| operation == asked.operation) {
            return false;
        }
        let Constraints { equals, subset, source_arn } = &self.constraints;
        if source_arn.is_some() && source_arn.as_deref() != asked.source_arn {
            return false;
        }
        match asked.operation {
            "DescribeKey" | "RetireGrant" => true,
            "CreateGrant" => asked.child.is_some_and(|child| self.covers(child)),
            _ => {
                equals.as_ref().is_none_or(|equals| equals == asked.context)
                    && subset.as_ref().is_none_or(|subset| includes(asked.context, subset))
            }
        }
    }

    /// Whether who has this grant may make `child` by it: no further operation, no looser constraint.
    fn covers(&self, child: &Self) -> bool {
        let (parent, inner) = (&self.constraints, &child.constraints);
        let operations = child.operations.iter().all(|operation| self.operations.contains(operation));
        let equals = parent.equals.is_none() || parent.equals == inner.equals;
        let subset = parent.subset.as_ref().is_none_or(|parent| {
            let either = inner.equals.as_ref().or(inner.subset.as_ref());
            either.is_some_and(|inner| includes(inner, parent))
        });
        let source = parent.source_arn.is_none() || parent.source_arn == inner.source_arn;
        operations && equals && subset && source
    }
}

fn includes(context: &Context, wanted: &Context) -> bool {
    wanted.iter().all(|(key, value)| context.get(key) == Some(value))
}

#[cfg(test)]
mod tests;
