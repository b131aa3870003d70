//! The policies attached to one identity, indexed by action so that many statements cost little.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use crate::policy::{Policy, Statement};

/// Named policies, compiled together.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    policies: Vec<(String, Arc<Policy>)>,
    /// Statements that name actions only in full, by action in lower case.
    by_action: HashMap<Box<str>, Vec<At>>,
    /// Statements with wildcards or `NotAction`.
    others: Vec<At>,
}

/// A statement's place, and what is known of it without looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At {
    policy: u32,
    statement: u32,
    /// The hash of the only resource that it speaks of, if it is one without wildcards.
    resource: Option<u64>,
}

impl PolicySet {
    /// Compiles `policies`, each under the name that explanations show.
    pub fn new(policies: Vec<(String, Arc<Policy>)>) -> Self {
        let mut set = Self { policies, ..Self::default() };
        for (policy, (_, compiled)) in (0..).zip(&set.policies) {
            for (place, statement) in (0..).zip(&compiled.statements) {
                let at = At { policy, statement: place, resource: only_resource(statement).map(hash) };
                match exact_actions(statement) {
                    Some(actions) => {
                        for action in actions {
                            let list = set.by_action.entry(action.into()).or_default();
                            if list.last() != Some(&at) {
                                list.push(at);
                            }
                        }
                    }
                    None => set.others.push(at),
                }
            }
        }
        set
    }

    /// The statements that may speak of `action` (in lower case) and `resource`, with their places.
    pub(crate) fn about<'a>(
        &'a self,
        action: &str,
        resource: &str,
    ) -> impl Iterator<Item = (&'a Statement, &'a str, usize)> + use<'a> {
        let named = self.by_action.get(action).map_or(&[][..], Vec::as_slice);
        let wanted = hash(resource);
        let candidates = named.iter().chain(&self.others);
        let candidates = candidates.filter(move |at| at.resource.is_none_or(|only| only == wanted));
        candidates.filter_map(|at| {
            let (name, policy) = self.policies.get(usize::try_from(at.policy).ok()?)?;
            let place = usize::try_from(at.statement).ok()?;
            Some((policy.statements.get(place)?, name.as_str(), place))
        })
    }
}

/// Equal for equal resources; different ones may rarely share it.
fn hash(resource: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(resource.as_bytes());
    hasher.finish()
}

/// The one resource that a statement speaks of, when it names it in full.
fn only_resource(statement: &Statement) -> Option<&str> {
    let element = statement.resources.as_ref().filter(|element| !element.inverted)?;
    match element.patterns.as_slice() {
        [only] => only.exact(),
        _ => None,
    }
}

fn exact_actions(statement: &Statement) -> Option<Vec<&str>> {
    let element = &statement.actions;
    if element.inverted {
        return None;
    }
    element.patterns.iter().map(|pattern| pattern.exact()).collect()
}
