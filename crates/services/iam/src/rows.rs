//! What the store holds of identities: versioned rows, encoded with postcard.
//!
//! A user's or role's inline policies and key ids are in its row, so that one row guards all limits.

use keyward_base::{Fault, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A row's value in the store.
pub(crate) trait Stored: Sized {
    /// All its versions.
    type Row: Serialize + DeserializeOwned;

    /// As the newest version.
    fn into_row(self) -> Self::Row;

    /// From any version.
    fn from_row(row: Self::Row) -> Self;

    /// The bytes to store.
    fn encode(self) -> Result<Vec<u8>, Fault> {
        postcard::to_stdvec(&self.into_row()).map_err(Fault::ours)
    }

    /// Reads stored bytes; a row of a newer version is refused.
    fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        postcard::from_bytes(bytes).map(Self::from_row).map_err(Fault::ours)
    }
}

macro_rules! stored {
    ($(#[$doc:meta])* $row:ident, $value:ident) => {
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        pub(crate) enum $row {
            V1($value),
        }

        impl Stored for $value {
            type Row = $row;

            fn into_row(self) -> $row {
                $row::V1(self)
            }

            fn from_row($row::V1(value): $row) -> Self {
                value
            }
        }
    };
}

stored!(
    /// An account.
    AccountRow,
    AccountRecord
);
stored!(
    /// A user.
    UserRow,
    UserRecord
);
stored!(
    /// A role.
    RoleRow,
    RoleRecord
);
/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountRecord {
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    /// The root's access keys.
    pub(crate) access_keys: Vec<String>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserRecord {
    /// `AIDA…`.
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) policies: Vec<InlinePolicy>,
    pub(crate) access_keys: Vec<String>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoleRecord {
    /// `AROA…`.
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) description: Option<String>,
    pub(crate) session_seconds_max: u32,
    pub(crate) trust: TrustPolicy,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) policies: Vec<InlinePolicy>,
}

/// A policy that is part of a user or role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InlinePolicy {
    pub(crate) name: String,
    /// As it was put.
    pub(crate) document: String,
}

/// A role's trust policy with the unique ids of the users and roles that it names, as they were when it
/// was stored: a deleted user that is made again is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrustPolicy {
    pub(crate) document: String,
    /// ARN and unique id.
    pub(crate) bound: Vec<(String, String)>,
}

/// Whose a key is, within its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyOwner {
    Root,
    /// The user's unique id and name.
    User {
        id: String,
        name: String,
    },
}

/// A secret inside a row: wiped when dropped, without `Debug` and `Clone`.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSecret(String);

impl StoredSecret {
    pub(crate) fn new(secret: &str) -> Self {
        Self(secret.to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for StoredSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

mod keys;

pub(crate) use keys::{AccessKeyRecord, KeptSecret, SessionRecord, SessionSecrets};

#[cfg(test)]
mod tests;
