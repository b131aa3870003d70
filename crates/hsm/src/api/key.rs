//! Keys as callers ask for them and see them.

use serde::{Deserialize, Serialize};

use crate::api::attributes::{Attributes, Change, Flag, KeyClass};
use crate::api::ids::{KeyHandle, UserName};
use crate::api::spec::{KeySpec, KeyType};

/// What key to make: spec, label, and what shall differ from the defaults.
///
/// The defaults are CloudHSM's: a persistent (token), private, sensitive, extractable, modifiable, destroyable key that
/// may sign and verify; `encrypt`, `decrypt`, `wrap`, `unwrap` and `derive` are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTemplate {
    /// Kind and size: not a pair.
    pub spec: KeySpec,
    /// The label, not empty.
    pub label: String,
    /// What shall differ from the defaults; applied in order.
    pub changes: Vec<Change>,
    /// Crypto users who may use the key besides its owner.
    pub share_with: Vec<UserName>,
}

/// What pair to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairTemplate {
    /// Kind and size: a pair.
    pub spec: KeySpec,
    /// The public key's label.
    pub public_label: String,
    /// What shall differ from the public key's defaults (it may verify).
    pub public_changes: Vec<Change>,
    /// The private key's label.
    pub private_label: String,
    /// What shall differ from the private key's defaults (it may sign).
    pub private_changes: Vec<Change>,
    /// Crypto users who may use both besides the owner.
    pub share_with: Vec<UserName>,
}

/// What an unwrapped key shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnwrapTemplate {
    /// Its kind; the size is found. Secret keys come as raw bytes, private ones as PKCS#8.
    pub key_type: KeyType,
    /// The label, not empty.
    pub label: String,
    /// What shall differ from the defaults; such a key is never `local`, `always-sensitive` or `never-extractable`.
    pub changes: Vec<Change>,
    /// Crypto users who may use the key besides its owner.
    pub share_with: Vec<UserName>,
}

/// A key as its owner and those it is shared with see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyInfo {
    /// Its handle.
    pub handle: KeyHandle,
    /// Its attributes.
    pub attributes: Attributes,
    /// Who made it, and alone may change, share or delete it.
    pub owner: UserName,
    /// Who else may use it.
    pub shared_with: Vec<UserName>,
    /// A public key in SPKI DER; `None` for the others.
    pub public_key: Option<Vec<u8>>,
}

/// Which keys to find: those that fit all that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFilter {
    /// `key-reference`.
    pub handle: Option<KeyHandle>,
    /// `attr.label`.
    pub label: Option<String>,
    /// `attr.id`.
    pub id: Option<Vec<u8>>,
    /// `attr.class`.
    pub class: Option<KeyClass>,
    /// `attr.key-type`.
    pub key_type: Option<KeyType>,
    /// Boolean attributes with the value wanted.
    pub flags: Vec<(Flag, bool)>,
}

impl KeyFilter {
    /// The keys with this label.
    pub fn labelled(label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..Self::default() }
    }

    /// The key with this handle.
    pub fn handle(handle: KeyHandle) -> Self {
        Self { handle: Some(handle), ..Self::default() }
    }

    /// Whether a key fits.
    pub fn fits(&self, handle: KeyHandle, attributes: &Attributes) -> bool {
        self.handle.is_none_or(|wanted| wanted == handle)
            && self.label.as_ref().is_none_or(|wanted| *wanted == attributes.label)
            && self.id.as_ref().is_none_or(|wanted| *wanted == attributes.id)
            && self.class.is_none_or(|wanted| wanted == attributes.class)
            && self.key_type.is_none_or(|wanted| wanted == attributes.spec.key_type())
            && self.flags.iter().all(|(flag, wanted)| attributes.has(*flag) == *wanted)
    }
}
