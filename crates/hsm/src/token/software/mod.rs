//! A token in our own software: key objects in memory, cryptography by aws-lc.
//!
//! At rest there is only the masking key, in a sealed file; the objects come back from the masked records at the start. So
//! there is one place where a key rests, and nothing to keep in step with it.

mod cipher;
mod ec;
mod keywrap;
mod masking;
mod material;
mod rsa;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use keyward_boundary::seal::{Folder, SealError};
use zeroize::Zeroizing;

use crate::api::attributes::{Attributes, KeyClass};
use crate::api::ids::KeyHandle;
use crate::api::mechanism::{CipherMechanism, Hash, SignMechanism, WrapMechanism};
use crate::api::spec::{KeySpec, KeyType};
use crate::token::software::masking::Masking;
use crate::token::software::material::{Loaded, Made, Object, unexpected};
use crate::token::{BackupKey, Generated, Material, Token, TokenError};

pub(crate) use cipher::AesGcm;
pub(crate) use keywrap::WrapKey;

/// The software token.
pub(crate) struct SoftwareToken {
    /// Where the masking key rests; `None` for one that is gone with its process.
    folder: Option<Folder>,
    masking: RwLock<Option<Arc<Masking>>>,
    objects: RwLock<HashMap<KeyHandle, Arc<Object>>>,
}

impl SoftwareToken {
    /// The token whose masking key rests in `folder`.
    pub(crate) fn open(folder: Folder) -> Result<Self, SealError> {
        let masking = Masking::read(&folder)?.map(Arc::new);
        Ok(Self { folder: Some(folder), masking: RwLock::new(masking), objects: RwLock::default() })
    }

    /// A blank token that is gone with its process.
    #[cfg(any(test, feature = "test-hsm", feature = "fuzz"))]
    pub(crate) fn ephemeral() -> Self {
        Self { folder: None, masking: RwLock::default(), objects: RwLock::default() }
    }

    fn masking(&self) -> Result<Arc<Masking>, TokenError> {
        let masking = self.masking.read().unwrap_or_else(PoisonError::into_inner);
        masking.clone().ok_or(TokenError::MaskingKey)
    }

    /// Takes a masking key if there is none, or the same one.
    fn adopt(&self, masking: Masking) -> Result<(), TokenError> {
        let mut place = self.masking.write().unwrap_or_else(PoisonError::into_inner);
        match place.as_ref() {
            Some(present) if present.is(&masking) => Ok(()),
            Some(_) => Err(TokenError::MaskingKey),
            None => {
                if let Some(folder) = &self.folder {
                    masking.write(folder)?;
                }
                *place = Some(Arc::new(masking));
                Ok(())
            }
        }
    }

    fn object(&self, handle: KeyHandle) -> Result<Arc<Object>, TokenError> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.get(&handle).cloned().ok_or(TokenError::NoSuchKey)
    }

    fn mask(&self, made: Made) -> Result<Generated, TokenError> {
        let Made { spec, material, public_spki, check_value } = made;
        let masked = self.masking()?.wrap.wrap_padded(&material)?;
        Ok(Generated { spec, masked, public_spki, check_value })
    }
}

impl Token for SoftwareToken {
    fn kind(&self) -> &'static str {
        "software"
    }

    fn random(&self, out: &mut [u8]) -> Result<(), TokenError> {
        aws_lc_rs::rand::fill(out).map_err(unexpected)
    }

    fn has_masking_key(&self) -> Result<bool, TokenError> {
        Ok(self.masking().is_ok())
    }

    fn make_masking_key(&self) -> Result<(), TokenError> {
        self.adopt(Masking::fresh()?)
    }

    fn export_masking_key(&self, under: &BackupKey) -> Result<Vec<u8>, TokenError> {
        WrapKey::new(&*under.0)?.wrap_padded(self.masking()?.raw())
    }

    fn import_masking_key(&self, under: &BackupKey, wrapped: &[u8]) -> Result<(), TokenError> {
        self.adopt(Masking::new(WrapKey::new(&*under.0)?.unwrap_padded(wrapped)?)?)
    }

    fn erase(&self) -> Result<(), TokenError> {
        let mut masking = self.masking.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &self.folder {
            Masking::erase(folder)?;
        }
        *masking = None;
        self.objects.write().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.masking()?.seal.encrypt(associated, plain)
    }

    fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.masking()?.seal.decrypt(associated, sealed)
    }

    fn generate(&self, spec: KeySpec) -> Result<Generated, TokenError> {
        // Before a pair is made, which takes long.
        self.masking()?;
        self.mask(material::make(spec)?)
    }

    fn install(
        &self,
        handle: KeyHandle,
        attributes: &Attributes,
        material: Material<'_>,
    ) -> Result<(), TokenError> {
        let bytes = match material {
            Material::Masked(masked) => self.masking()?.wrap.unwrap_padded(masked)?,
            Material::Public(spki) => Zeroizing::new(spki.to_vec()),
        };
        let object = Arc::new(Object::new(attributes, bytes));
        self.objects.write().unwrap_or_else(PoisonError::into_inner).insert(handle, object);
        Ok(())
    }

    fn set_attributes(&self, handle: KeyHandle, attributes: &Attributes) -> Result<(), TokenError> {
        self.object(handle).map(|object| object.set_attributes(attributes))
    }

    fn remove(&self, handle: KeyHandle) -> Result<(), TokenError> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner).remove(&handle);
        Ok(())
    }

    fn handles(&self) -> Result<Vec<KeyHandle>, TokenError> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        Ok(objects.keys().copied().collect())
    }

    fn encrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        match (self.object(key)?.loaded()?, mechanism) {
            (Loaded::Aes(key), CipherMechanism::AesGcm) => key.encrypt(associated, plaintext),
            (Loaded::RsaPublic(key), CipherMechanism::RsaOaep(hash)) => key.encrypt(hash, plaintext),
            _ => Err(TokenError::KeyType),
        }
    }

    fn decrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        match (self.object(key)?.loaded()?, mechanism) {
            (Loaded::Aes(key), CipherMechanism::AesGcm) => key.decrypt(associated, ciphertext),
            (Loaded::RsaPrivate(key), CipherMechanism::RsaOaep(hash)) => key.decrypt(hash, ciphertext),
            _ => Err(TokenError::KeyType),
        }
    }

    fn sign(&self, key: KeyHandle, mechanism: SignMechanism, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let object = self.object(key)?;
        match (object.loaded()?, mechanism) {
            (Loaded::Secret, SignMechanism::Hmac(hash)) => {
                let key = hmac::Key::new(hmac_algorithm(hash), object.secret()?);
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
            (Loaded::RsaPrivate(key), mechanism) => key.sign(mechanism, message),
            (Loaded::EcPrivate(key), mechanism) => key.sign(mechanism, message),
            _ => Err(TokenError::KeyType),
        }
    }

    fn verify(
        &self,
        key: KeyHandle,
        mechanism: SignMechanism,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let object = self.object(key)?;
        match (object.loaded()?, mechanism) {
            (Loaded::Secret, SignMechanism::Hmac(hash)) => {
                let key = hmac::Key::new(hmac_algorithm(hash), object.secret()?);
                hmac::verify(&key, message, signature).map_err(|_| TokenError::InvalidSignature)
            }
            (Loaded::RsaPublic(key), mechanism) => key.verify(mechanism, message, signature),
            (Loaded::EcPublic(key), mechanism) => key.verify(mechanism, message, signature),
            _ => Err(TokenError::KeyType),
        }
    }

    fn wrap(
        &self,
        wrapping: KeyHandle,
        mechanism: WrapMechanism,
        target: KeyHandle,
    ) -> Result<Vec<u8>, TokenError> {
        let (wrapping, target) = (self.object(wrapping)?, self.object(target)?);
        let plain = target.extract()?;
        match mechanism {
            WrapMechanism::AesKeyWrap => wrapping.wrapping()?.wrap(plain),
            WrapMechanism::AesKeyWrapPad => wrapping.wrapping()?.wrap_padded(plain),
            WrapMechanism::RsaOaep(hash) => match wrapping.loaded()? {
                Loaded::RsaPublic(key) if target.class() == KeyClass::Secret => key.encrypt(hash, plain),
                _ => Err(TokenError::KeyType),
            },
        }
    }

    fn unwrap(
        &self,
        unwrapping: KeyHandle,
        mechanism: WrapMechanism,
        wrapped: &[u8],
        key_type: KeyType,
    ) -> Result<Generated, TokenError> {
        let unwrapping = self.object(unwrapping)?;
        let plain = match mechanism {
            WrapMechanism::AesKeyWrap => unwrapping.wrapping()?.unwrap(wrapped)?,
            WrapMechanism::AesKeyWrapPad => unwrapping.wrapping()?.unwrap_padded(wrapped)?,
            WrapMechanism::RsaOaep(hash) => match unwrapping.loaded()? {
                Loaded::RsaPrivate(key) => key.decrypt(hash, wrapped)?,
                _ => return Err(TokenError::KeyType),
            },
        };
        self.mask(material::describe(key_type, plain)?)
    }
}

fn hmac_algorithm(hash: Hash) -> hmac::Algorithm {
    match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha224 => hmac::HMAC_SHA224,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
