//! Quorum authentication (M of N): values, tokens, approvals.
//!
//! A service's value M above 1 means that its operations need a token that M users signed. An HSM makes the token (`approval_data`)
//! for the admin who asks, it lives 600 s, and is spent by the operation that it approves. Each approver signs the token with the
//! RSA key whose public half it registered: PKCS#1 v1.5 with SHA-256 over `approval_data`.

use serde::{Deserialize, Serialize};

use crate::api::ids::UserName;

/// What a quorum guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum QuorumService {
    /// `user`: create, delete, change the password of another.
    User,
    /// `quorum`: set quorum values.
    Quorum,
    /// `registration`: no quorum of its own; its token is what a user signs with a key to be registered.
    Registration,
}

impl QuorumService {
    /// The CLI's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Quorum => "quorum",
            Self::Registration => "registration",
        }
    }
}

/// A token to be signed by approvers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalToken {
    /// Which operations it approves.
    pub service: QuorumService,
    /// Who asked for it and may spend it.
    pub user: UserName,
    /// What approvers sign.
    pub approval_data: Vec<u8>,
    /// How many approvals it needs.
    pub approvals_min: u8,
    /// How long it still lives.
    pub seconds_left: u32,
}

/// One user's signature of a token, or of the data when a public key is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who signed.
    pub user: UserName,
    /// RSA PKCS#1 v1.5, SHA-256, over `approval_data`.
    pub signature: Vec<u8>,
}
