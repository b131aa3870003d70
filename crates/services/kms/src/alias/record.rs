//! An alias's row.

use keyward_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::key::KeyId;

/// An alias's row as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AliasRow {
    /// The first version.
    V1(AliasRecord),
}

/// An alias; its name is that of its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AliasRecord {
    /// The key that it points to, in the same account and Region.
    pub(crate) target: KeyId,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// When it was last pointed to a key.
    pub(crate) updated: Timestamp,
}
