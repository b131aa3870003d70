//! The `Principal` and `NotPrincipal` elements, compiled.

use keyward_base::AccountId;

use crate::error::PolicyError;
use crate::identity::{Identity, IdentityKind};
use crate::json::Json;
use crate::policy::Flavour;

/// The principals that a statement lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Principals {
    everyone: bool,
    accounts: Vec<AccountId>,
    /// ARNs of users, roles and sessions, and unique ids.
    names: Vec<Box<str>>,
    services: Vec<Box<str>>,
    /// Federated and canonical ones: no caller of ours is one, but policies may name them.
    others: Vec<Box<str>>,
}

/// How a statement reaches an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It names the identity's account, which delegates to that account's policies.
    Account,
    /// It names the role of a session: session policies still limit it.
    Role,
    /// It names the identity itself, or everyone.
    Direct,
}

impl Principals {
    /// Compiles the element.
    pub(crate) fn compile(element: &Json, flavour: Flavour) -> Result<Self, PolicyError> {
        let mut principals = Self::default();
        match element {
            Json::Text(text) if text == "*" => principals.everyone = true,
            Json::Object(kinds) if !kinds.is_empty() => {
                for (kind, names) in kinds {
                    for name in names_of(names).ok_or_else(PolicyError::syntax)? {
                        principals.add(kind, name).ok_or_else(|| invalid(kind, name, flavour))?;
                    }
                }
            }
            Json::Text(text) => return Err(invalid("AWS", text, flavour)),
            _ => return Err(PolicyError::syntax()),
        }
        Ok(principals)
    }

    fn add(&mut self, kind: &str, name: &str) -> Option<()> {
        match kind {
            "AWS" if name == "*" => self.everyone = true,
            "AWS" => match account(name) {
                Some(account) => self.accounts.push(account),
                None => self.names.push(entity(name)?.into()),
            },
            "Service" => self.services.push(service(name)?.into()),
            "Federated" | "CanonicalUser" if !name.is_empty() && !name.contains('*') => {
                self.others.push(name.into());
            }
            _ => return None,
        }
        Some(())
    }

    /// How they reach `identity`; `None` when they do not.
    pub(crate) fn reach(&self, identity: &Identity) -> Option<Reach> {
        if self.everyone || self.names_directly(identity) {
            return Some(Reach::Direct);
        }
        if let IdentityKind::Session { role_arn, role_id } = &identity.kind
            && self.names.iter().any(|name| **name == **role_arn || **name == **role_id)
        {
            return Some(Reach::Role);
        }
        // A root user is its account.
        let account = self.names_account(identity);
        account.then_some(if identity.is_root() { Reach::Direct } else { Reach::Account })
    }

    /// Whether they leave nothing of `identity` out: itself, its role and its account. A Deny with
    /// `NotPrincipal` spares only whom it lists in full.
    pub(crate) fn spare(&self, identity: &Identity) -> bool {
        if self.everyone || identity.is_service() {
            return self.reach(identity).is_some();
        }
        let role = match &identity.kind {
            IdentityKind::Session { role_arn, role_id } => {
                self.names.iter().any(|name| **name == **role_arn || **name == **role_id)
            }
            _ => true,
        };
        let itself = identity.is_root() || self.names_directly(identity);
        itself && role && self.names_account(identity)
    }

    fn names_directly(&self, identity: &Identity) -> bool {
        let names = |list: &[Box<str>], wanted: &str| list.iter().any(|name| **name == *wanted);
        match &identity.kind {
            IdentityKind::Service => names(&self.services, &identity.arn),
            IdentityKind::User { id } => names(&self.names, &identity.arn) || names(&self.names, id),
            IdentityKind::Root | IdentityKind::Session { .. } => names(&self.names, &identity.arn),
        }
    }

    fn names_account(&self, identity: &Identity) -> bool {
        !identity.is_service() && self.accounts.contains(&identity.account)
    }

    /// Puts the unique id that `id_of` knows in place of each name.
    pub(crate) fn bind(&mut self, id_of: impl Fn(&str) -> Option<String>) {
        for name in &mut self.names {
            if let Some(id) = id_of(name) {
                *name = id.into();
            }
        }
    }

    /// The ARNs and unique ids that are named.
    pub(crate) fn entities(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }
}

/// `123456789012`, or the ARN of an account's root.
fn account(name: &str) -> Option<AccountId> {
    if let Ok(account) = name.parse() {
        return Some(account);
    }
    let arn = name.parse::<keyward_base::Arn>().ok()?;
    let root = arn.service == "iam" && arn.region.is_none() && arn.resource == "root";
    arn.account.filter(|_| root)
}

/// The ARN of a user, role, or session, or a unique id. Partial wildcards are refused.
fn entity(name: &str) -> Option<&str> {
    if name.contains(['*', '?']) {
        return None;
    }
    let unique = name.starts_with("AIDA") || name.starts_with("AROA");
    if unique && name.len() >= 16 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Some(name);
    }
    let arn = name.parse::<keyward_base::Arn>().ok()?;
    arn.account.filter(|_| arn.region.is_none())?;
    let (kind, rest) = arn.resource.split_once('/')?;
    let known = matches!(
        (arn.service.as_str(), kind),
        ("iam", "user" | "role") | ("sts", "assumed-role" | "federated-user")
    );
    (known && !rest.is_empty()).then_some(name)
}

/// A service's name has dots and no wildcard: `kms.amazonaws.com`.
fn service(name: &str) -> Option<&str> {
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (name.contains('.') && name.bytes().all(valid)).then_some(name)
}

fn names_of(names: &Json) -> Option<Vec<&str>> {
    match names {
        Json::Text(name) => Some(vec![name]),
        Json::List(list) => list
            .iter()
            .map(|name| if let Json::Text(name) = name { Some(name.as_str()) } else { None })
            .collect(),
        _ => None,
    }
}

fn invalid(kind: &str, name: &str, flavour: Flavour) -> PolicyError {
    match flavour {
        Flavour::Resource => {
            PolicyError::new("Policy contains a statement with one or more invalid principals.")
        }
        _ => PolicyError::new(format!("Invalid principal in policy: \"{kind}\":\"{name}\"")),
    }
}
