//! Who asks, as policies see it.

use keyward_base::AccountId;

/// An authenticated identity, made once when it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account that it belongs to; for a service, on whose behalf it calls.
    pub account: AccountId,
    /// What it is.
    pub kind: IdentityKind,
    /// Its ARN (for a session the session's), or a service's name: what denials show.
    pub arn: String,
}

/// The kinds of identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// The account's root.
    Root,
    /// A user.
    User {
        /// Its unique id, `AIDA…`.
        id: String,
    },
    /// A session of a role.
    Session {
        /// The role's ARN.
        role_arn: String,
        /// The role's unique id, `AROA…`.
        role_id: String,
    },
    /// A service of ours; its name is the identity's `arn`.
    Service,
}

impl Identity {
    /// Whether it is a service.
    pub fn is_service(&self) -> bool {
        self.kind == IdentityKind::Service
    }

    /// Whether it is an account's root.
    pub fn is_root(&self) -> bool {
        self.kind == IdentityKind::Root
    }
}
