//! Users and their roles.

use serde::{Deserialize, Serialize};

use crate::api::ids::UserName;

/// What a user may do, by the CloudHSM CLI's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// `unactivated-admin` (PRECO): may only set its password, and is an admin then.
    UnactivatedAdmin,
    /// `admin` (CO): users and quorum values; marks keys as trusted.
    Admin,
    /// `crypto-user` (CU): keys.
    CryptoUser,
    /// `internal(APPLIANCE_USER)` (AU): `app_user`, who clones and synchronizes.
    ApplianceUser,
}

impl Role {
    /// The CLI's word for the role.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnactivatedAdmin => "unactivated-admin",
            Self::Admin => "admin",
            Self::CryptoUser => "crypto-user",
            Self::ApplianceUser => "internal(APPLIANCE_USER)",
        }
    }
}

/// A user as `user list` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The name.
    pub name: UserName,
    /// The role.
    pub role: Role,
    /// Whether five failed logins have locked the user on this HSM.
    pub locked: bool,
    /// Whether the user has registered a public key to sign quorum tokens with.
    pub token_sign: bool,
    /// How many logins of the user this HSM has open now.
    pub sessions: u32,
}
