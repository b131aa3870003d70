//! What can go wrong with a call to an HSM or a cluster. No error carries key material, plaintext or passwords.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::quorum::QuorumService;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HsmError {
    /// No HSM of the cluster is active and in step.
    NoActiveHsm,
    /// The key would be on fewer HSMs than asked for; it was taken back.
    TooFewHsms,
    /// The session is unknown (it was closed, or the HSM restarted): log in again.
    NotLoggedIn,
    /// The password is wrong; so many tries are left on this HSM.
    WrongPassword {
        /// Tries before the user is locked here.
        left: u32,
    },
    /// Five wrong passwords locked the user on this HSM, until an admin changes the password.
    UserLocked,
    /// There is no such user.
    NoSuchUser,
    /// There is such a user already.
    UserExists,
    /// 1024 users are the most.
    UserLimit,
    /// The user is to be deleted but owns keys, is logged in, or is the last admin.
    UserInUse,
    /// There is no such key, or this user may not see it.
    NoSuchKey,
    /// The user's role, or not being the key's owner, forbids it.
    NotPermitted,
    /// The HSM holds as many keys as its type allows.
    KeyLimit,
    /// The service's quorum value asks for approvals: none, too few, or wrong ones were given, or the token is spent or too old.
    ApprovalNeeded {
        /// Which service.
        service: QuorumService,
        /// How many approvals.
        approvals_min: u8,
    },
    /// The key's attributes forbid the operation (`CKR_KEY_FUNCTION_NOT_PERMITTED`, `CKR_KEY_UNEXTRACTABLE`, …): which one.
    KeyForbids(String),
    /// A template or change is not one that PKCS#11 allows (`CKR_ATTRIBUTE_READ_ONLY`, `CKR_TEMPLATE_INCONSISTENT`, …): why.
    Template(String),
    /// The ciphertext or wrapped key is not authentic, or of another key.
    InvalidCiphertext,
    /// The signature is not of this message under this key.
    InvalidSignature,
    /// The token has no such mechanism, key type or size.
    Unsupported(String),
    /// The request makes no sense; nothing was changed.
    Invalid(String),
    /// The HSM belongs to no cluster yet.
    Blank,
    /// The HSM belongs to a cluster already.
    NotBlank,
    /// The record was not made by this cluster's HSMs, or was changed.
    ForeignRecord,
    /// The backup was changed, or made by another fleet.
    BackupRefused,
    /// The HSM's disk or token is full; nothing was changed.
    Full,
    /// Too much waits already; try again later.
    Busy,
    /// The HSM went away before it answered; try again, with the same operation id, or elsewhere.
    Lost,
    /// A defect in the HSM or its token; the text is for the log.
    Internal(String),
}

impl HsmError {
    /// Whether an HSM that answers so, or not at all, serves no cluster now.
    pub(crate) fn is_of_no_member(&self) -> bool {
        matches!(self, Self::Lost | Self::Blank)
    }

    /// Whether the same call may succeed on another HSM, or later on this one: the HSM is at fault, not what was asked.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Lost | Self::Full | Self::Internal(_) | Self::Blank)
    }
}

impl fmt::Display for HsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoActiveHsm => "no HSM of the cluster is active",
            Self::TooFewHsms => "the key is not on at least two HSMs",
            Self::NotLoggedIn => "not logged in",
            Self::WrongPassword { .. } => "the password is wrong",
            Self::UserLocked => "the user is locked; an admin must change the password",
            Self::NoSuchUser => "there is no such user",
            Self::UserExists => "there is such a user already",
            Self::UserLimit => "the cluster has as many users as it can have",
            Self::UserInUse => "the user owns keys, is logged in, or is the last admin",
            Self::NoSuchKey => "there is no such key",
            Self::NotPermitted => "the user may not do this",
            Self::KeyLimit => "the HSM holds as many keys as it can",
            Self::ApprovalNeeded { service, approvals_min } => {
                return write!(f, "{approvals_min} approvals for {} are needed", service.name());
            }
            Self::KeyForbids(why) => return write!(f, "the key does not allow it: {why}"),
            Self::Template(why) => return write!(f, "the attributes are not allowed: {why}"),
            Self::InvalidCiphertext => "the ciphertext is not valid",
            Self::InvalidSignature => "the signature is not valid",
            Self::Unsupported(what) => return write!(f, "the HSM does not support {what}"),
            Self::Invalid(why) => return write!(f, "the request is not valid: {why}"),
            Self::Blank => "the HSM belongs to no cluster",
            Self::NotBlank => "the HSM belongs to a cluster already",
            Self::ForeignRecord => "the record is not of this cluster, or was changed",
            Self::BackupRefused => "the backup was changed, or is not of this deployment",
            Self::Full => "the HSM is full",
            Self::Busy => "the HSM is busy",
            Self::Lost => "the HSM went away before it answered",
            Self::Internal(cause) => return write!(f, "the HSM failed: {cause}"),
        })
    }
}

impl std::error::Error for HsmError {}
