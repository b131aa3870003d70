//! Material from outside: making wrapping keys, unwrapping, and what is done with the bytes inside.
//!
//! A wrapping key is an ordinary key of the mechanisms (RSA, SM2), but its token is bound to an `ImportBinding`,
//! so that no other operation of the vault takes it.

use aws_lc_rs::hmac;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};

use crate::api::algorithm::EncryptionAlgorithm;
use crate::api::binding::{KeyBinding, MaterialId};
use crate::api::error::{Refusal, VaultError};
use crate::api::import::{ImportBinding, WrappingAlgorithm};
use crate::api::spec::{KeyOrigin, KeySpec, KeyUsage};
use crate::mechanism::{Generated, LoadedKey, Secret, registry, unexpected};

/// The AES key that `RSA_AES_KEY_WRAP_*` carries.
const AES_KEY_BYTES: usize = 32;
const ID_LABEL: &[u8] = b"keyward imported material\0";

/// Imported material that is ready to be bound.
pub(crate) struct Imported {
    pub(crate) binding: KeyBinding,
    pub(crate) material: Secret,
}

/// Makes the wrapping key that `binding` asks for.
pub(crate) fn generate(binding: &ImportBinding) -> Result<Generated, VaultError> {
    check(binding)?;
    registry::find(binding.wrapping_key, KeyUsage::EncryptDecrypt)?.generate(binding.wrapping_key)
}

/// Unwraps `wrapped`, and gives the material its name.
pub(crate) fn import(
    binding: &ImportBinding,
    wrapping_key: &Secret,
    wrapped: &[u8],
) -> Result<Imported, VaultError> {
    check(binding)?;
    let raw = unwrap(&*load(binding, wrapping_key)?, binding, wrapped)?;
    let key = &binding.key;
    let material = registry::find(key.spec, key.usage)?.import(key.spec, &raw)?;
    let material_id = material_id(key.key_id(), &material);
    Ok(Imported { binding: KeyBinding { material_id, ..key.clone() }, material })
}

fn check(binding: &ImportBinding) -> Result<(), VaultError> {
    if binding.key.origin != KeyOrigin::External {
        return Err(Refusal::Usage.into());
    }
    if !binding.algorithm.fits(binding.wrapping_key) {
        return Err(Refusal::Algorithm.into());
    }
    registry::find(binding.key.spec, binding.key.usage).map(|_| ())
}

fn load(binding: &ImportBinding, wrapping_key: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
    let usage = KeyUsage::EncryptDecrypt;
    let own = KeyBinding { spec: binding.wrapping_key, usage, ..binding.key.clone() };
    registry::load(&own, wrapping_key)
}

fn unwrap(key: &dyn LoadedKey, binding: &ImportBinding, wrapped: &[u8]) -> Result<Secret, VaultError> {
    use WrappingAlgorithm::*;
    let (algorithm, key_wrap) = match binding.algorithm {
        RsaesOaepSha1 => (EncryptionAlgorithm::RsaesOaepSha1, false),
        RsaesOaepSha256 => (EncryptionAlgorithm::RsaesOaepSha256, false),
        RsaAesKeyWrapSha1 => (EncryptionAlgorithm::RsaesOaepSha1, true),
        RsaAesKeyWrapSha256 => (EncryptionAlgorithm::RsaesOaepSha256, true),
        Sm2Pke => (EncryptionAlgorithm::Sm2Pke, false),
    };
    if !key_wrap {
        return key.decrypt(algorithm, wrapped, b"").map(|raw| Secret::new(raw.to_vec()));
    }
    let modulus = modulus_bytes(binding.wrapping_key);
    let (aes_key, wrapped) = wrapped.split_at_checked(modulus).ok_or(VaultError::InvalidCiphertext)?;
    let aes_key = key.decrypt(algorithm, aes_key, b"")?;
    unwrap_padded(&aes_key, wrapped)
}

/// AES-KWP (RFC 5649, SP 800-38F section 6.3) with a key of 256 bits.
pub(crate) fn unwrap_padded(aes_key: &[u8], wrapped: &[u8]) -> Result<Secret, VaultError> {
    if aes_key.len() != AES_KEY_BYTES {
        return Err(VaultError::InvalidCiphertext);
    }
    let key = AesKek::new(&AES_256, aes_key).map_err(unexpected)?;
    let mut buffer = Secret::new(vec![0; wrapped.len()]);
    let unwrapped = key.unwrap_with_padding(wrapped, buffer.expose_mut());
    let length = unwrapped.map_err(|_| VaultError::InvalidCiphertext)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

const fn modulus_bytes(wrapping_key: KeySpec) -> usize {
    match wrapping_key {
        KeySpec::Rsa2048 => 256,
        KeySpec::Rsa3072 => 384,
        _ => 512,
    }
}

/// The same material in the same key has the same id; nobody can tell from it what the material is, unless he
/// can guess the material whole.
pub(crate) fn material_id(key_id: &str, material: &Secret) -> MaterialId {
    let key = hmac::Key::new(hmac::HMAC_SHA256, material.expose());
    let tag = hmac::sign(&key, &[ID_LABEL, key_id.as_bytes()].concat());
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    MaterialId(id)
}
