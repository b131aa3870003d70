//! The domain keys: under the active one new tokens are made, under the older ones old tokens still open.
//!
//! They exist in plain only here, and on disk only sealed (`seal`). Deliberately absent: what the tokens
//! hold, and when to rotate; a re-wrap is asked for token by token.

pub(crate) mod stored;

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use keyward_boundary::seal::{Folder, SealError};

use crate::api::error::VaultError;
use crate::mechanism::{Secret, unexpected};
use crate::token;

const KEY_BYTES: usize = 32;

/// The domain keys of one vault.
pub(crate) struct Domain {
    keys: RwLock<Keys>,
    /// Where they are kept; `None` for a vault that lives only as long as its process.
    folder: Option<Folder>,
}

/// The versions, of which the highest is the active one.
pub(crate) struct Keys(BTreeMap<u32, DomainKey>);

struct DomainKey {
    raw: Secret,
    aead: LessSafeKey,
}

impl DomainKey {
    fn new(raw: Secret) -> Result<Self, VaultError> {
        let unbound = UnboundKey::new(&AES_256_GCM, raw.expose()).map_err(unexpected)?;
        Ok(Self { raw, aead: LessSafeKey::new(unbound) })
    }
}

impl Keys {
    /// Version 0 with fresh material.
    pub(crate) fn fresh() -> Result<Self, VaultError> {
        Self::from_raw([(0, Secret::random(KEY_BYTES)?)])
    }

    /// Versions read from disk, or made elsewhere.
    pub(crate) fn from_raw(raw: impl IntoIterator<Item = (u32, Secret)>) -> Result<Self, VaultError> {
        raw.into_iter()
            .map(|(version, secret)| Ok((version, DomainKey::new(secret)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Every version with its key.
    pub(crate) fn raw(&self) -> impl Iterator<Item = (u32, &Secret)> {
        self.0.iter().map(|(version, key)| (*version, &key.raw))
    }

    fn active(&self) -> Result<(u32, &DomainKey), VaultError> {
        let missing = || VaultError::Internal("the vault has no domain key".to_owned());
        self.0.last_key_value().map(|(version, key)| (*version, key)).ok_or_else(missing)
    }
}

impl Domain {
    /// A domain that is gone with its process.
    #[cfg(any(test, feature = "test-vault", feature = "fuzz"))]
    pub(crate) fn ephemeral(keys: Keys) -> Self {
        Self { keys: RwLock::new(keys), folder: None }
    }

    /// The domain that is kept in `folder`.
    pub(crate) fn open(folder: Folder) -> Result<Self, SealError> {
        let keys = stored::read(&folder)?;
        Ok(Self { keys: RwLock::new(keys), folder: Some(folder) })
    }

    /// The active version.
    pub(crate) fn active_version(&self) -> Result<u32, VaultError> {
        self.read().active().map(|(version, _)| version)
    }

    /// Makes a token of `material` under the active key.
    pub(crate) fn wrap(&self, binding: &[u8], material: &Secret) -> Result<Vec<u8>, VaultError> {
        let keys = self.read();
        let (version, key) = keys.active()?;
        token::seal(&key.aead, version, binding, material)
    }

    /// Opens a token, under whichever version it is.
    pub(crate) fn unwrap(&self, binding: &[u8], ekt: &[u8]) -> Result<Secret, VaultError> {
        let version = token::domain_key(ekt).ok_or(VaultError::WrongToken)?;
        let keys = self.read();
        let key = keys.0.get(&version).ok_or(VaultError::WrongToken)?;
        token::open(&key.aead, binding, ekt)
    }

    /// Makes a new version and makes it active, once it is safely on disk. Older versions stay.
    pub(crate) fn rotate(&self) -> Result<u32, VaultError> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let next = keys.active()?.0 + 1;
        let fresh = Secret::random(KEY_BYTES)?;
        if let Some(folder) = &self.folder {
            stored::write(folder, keys.raw().chain([(next, &fresh)]))
                .map_err(|error| VaultError::Internal(error.to_string()))?;
        }
        keys.0.insert(next, DomainKey::new(fresh)?);
        Ok(next)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
