//! Who a key token belongs to, and the token as the rest of the house holds it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use keyward_base::{AccountId, Partition, Random};
use serde::{Deserialize, Serialize};

use crate::api::spec::{KeyOrigin, KeySpec, KeyUsage};

/// Names one piece of key material of a key (KMS's `KeyMaterialId`): 32 bytes, shown as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MaterialId(pub [u8; 32]);

impl MaterialId {
    /// A fresh id.
    pub fn random(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Display for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MaterialId {
    type Err = BindingError;

    fn from_str(text: &str) -> Result<Self, BindingError> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| BindingError)?;
        bytes.try_into().map(Self).map_err(|_| BindingError)
    }
}

/// Whose material it is. The two kinds have canonical forms of different versions, so that no token of one
/// can be passed off as one of the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyOwner {
    /// One key: its ARN; for keys that are no KMS keys, a name such as `route53/zone/Z1/zsk/3`. 1 to 2048
    /// bytes.
    Single(String),
    /// A multi-Region key: its primary and its replicas have the same material, so that its token fits in
    /// every Region of the deployment; never another account's, and no key of another id.
    MultiRegion {
        /// The deployment's partition.
        partition: Partition,
        /// The account that owns the keys.
        account: AccountId,
        /// The id that they share: `mrk-` and 32 hexadecimal digits in lower case.
        key_id: String,
    },
}

impl KeyOwner {
    /// The longest name of a single key, in bytes.
    pub const NAME_BYTES_MAX: usize = 2048;

    /// The version of the canonical form that names such an owner.
    const fn version(&self) -> u8 {
        match self {
            Self::Single(_) => 1,
            Self::MultiRegion { .. } => 2,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Single(name) => name.clone(),
            Self::MultiRegion { partition, account, key_id } => format!("{partition}:{account}:{key_id}"),
        }
    }

    fn read(version: u8, text: &str) -> Option<Self> {
        match version {
            1 if !text.is_empty() && text.len() <= Self::NAME_BYTES_MAX => {
                Some(Self::Single(text.to_owned()))
            }
            2 => {
                let mut parts = text.splitn(3, ':');
                let (partition, account, key_id) = (parts.next()?, parts.next()?, parts.next()?);
                let (partition, account) = (partition.parse().ok()?, account.parse().ok()?);
                is_multi_region_id(key_id).then(|| Self::MultiRegion {
                    partition,
                    account,
                    key_id: key_id.to_owned(),
                })
            }
            _ => None,
        }
    }
}

fn is_multi_region_id(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    text.strip_prefix("mrk-").is_some_and(|digits| digits.len() == 32 && digits.bytes().all(hex))
}

impl From<String> for KeyOwner {
    fn from(name: String) -> Self {
        Self::Single(name)
    }
}

impl From<&str> for KeyOwner {
    fn from(name: &str) -> Self {
        Self::Single(name.to_owned())
    }
}

/// What a token is bound to; all of it is authenticated with the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyBinding {
    /// Whose material it is.
    pub owner: KeyOwner,
    /// What kind of key.
    pub spec: KeySpec,
    /// What it may do.
    pub usage: KeyUsage,
    /// Where its material is from.
    pub origin: KeyOrigin,
    /// Which of the key's materials this is.
    pub material_id: MaterialId,
}

/// A binding or id that is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindingError;

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a well-formed key binding or material id")
    }
}

impl std::error::Error for BindingError {}

impl KeyBinding {
    const HEAD: usize = 4 + 32;

    /// The key id that ciphertexts carry: what follows `:key/` in an ARN, else the owner's name itself. The
    /// replicas of a multi-Region key share it, so that each decrypts the other's ciphertexts.
    pub fn key_id(&self) -> &str {
        match &self.owner {
            KeyOwner::Single(name) => name.split_once(":key/").map_or(name.as_str(), |(_, id)| id),
            KeyOwner::MultiRegion { key_id, .. } => key_id,
        }
    }

    /// The canonical bytes: version, codes, material id, owner (which ends with the bytes). The version says
    /// which kind of owner it is.
    pub fn canonical(&self) -> Vec<u8> {
        let owner = self.owner.text();
        let version = self.owner.version();
        let mut bytes = Vec::with_capacity(Self::HEAD + owner.len());
        bytes.extend_from_slice(&[version, self.spec.code(), self.usage.code(), self.origin.code()]);
        bytes.extend_from_slice(&self.material_id.0);
        bytes.extend_from_slice(owner.as_bytes());
        bytes
    }

    /// Reads the canonical form; anything else is refused.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, BindingError> {
        let (head, owner) = bytes.split_at_checked(Self::HEAD).ok_or(BindingError)?;
        let (codes, material) = head.split_first_chunk::<4>().ok_or(BindingError)?;
        let [version, spec, usage, origin] = *codes;
        let owner = std::str::from_utf8(owner).map_err(|_| BindingError)?;
        Ok(Self {
            owner: KeyOwner::read(version, owner).ok_or(BindingError)?,
            spec: spec.try_into().map_err(|_| BindingError)?,
            usage: usage.try_into().map_err(|_| BindingError)?,
            origin: origin.try_into().map_err(|_| BindingError)?,
            material_id: MaterialId(material.try_into().map_err(|_| BindingError)?),
        })
    }
}

/// An encrypted key token: the only form in which a key is stored. It says nothing without the vault.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ekt(Arc<[u8]>);

impl Ekt {
    /// Takes bytes that were stored as a token; whether they are one, the vault says.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Ekt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ekt({} bytes)", self.0.len())
    }
}

/// A key to use: its token and what it is bound to. Cheap to clone; keep it beside the key's row in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRef {
    ekt: Ekt,
    binding: Arc<KeyBinding>,
    canonical: Arc<[u8]>,
}

impl KeyRef {
    /// A token with its binding.
    pub fn new(ekt: Ekt, binding: KeyBinding) -> Self {
        let canonical = binding.canonical().into();
        Self { ekt, binding: Arc::new(binding), canonical }
    }

    /// The token.
    pub fn ekt(&self) -> &Ekt {
        &self.ekt
    }

    /// The binding.
    pub fn binding(&self) -> &KeyBinding {
        &self.binding
    }

    /// The binding's canonical bytes.
    pub(crate) fn canonical_binding(&self) -> &[u8] {
        &self.canonical
    }
}

#[cfg(test)]
mod tests;
