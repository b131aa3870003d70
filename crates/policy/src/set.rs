//! The policies attached to one identity, indexed by action so that many statements cost little.

use std::collections::HashMap;
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

/// A statement's place: which policy, which statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At(usize, usize);

impl PolicySet {
    /// Compiles `policies`, each under the name that explanations show.
    pub fn new(policies: Vec<(String, Arc<Policy>)>) -> Self {
        let mut set = Self { policies, ..Self::default() };
        for (at_policy, (_, policy)) in set.policies.iter().enumerate() {
            for (at_statement, statement) in policy.statements.iter().enumerate() {
                let at = At(at_policy, at_statement);
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

    /// The statements that may speak of `action` (in lower case), with their places.
    pub(crate) fn about(&self, action: &str) -> impl Iterator<Item = (&Statement, &str, usize)> {
        let named = self.by_action.get(action).map_or(&[][..], Vec::as_slice);
        named.iter().chain(&self.others).filter_map(|At(policy, statement)| {
            let (name, policy) = self.policies.get(*policy)?;
            Some((policy.statements.get(*statement)?, name.as_str(), *statement))
        })
    }
}

fn exact_actions(statement: &Statement) -> Option<Vec<&str>> {
    let element = &statement.actions;
    if element.inverted {
        return None;
    }
    element.patterns.iter().map(|pattern| pattern.exact()).collect()
}
