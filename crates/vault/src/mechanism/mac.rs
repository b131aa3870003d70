//! HMAC keys: RFC 2104 with SHA-224, 256, 384 and 512; key (unless it is imported) and tag as long as the hash.

use std::ops::RangeInclusive;

use aws_lc_rs::hmac;

use crate::api::algorithm::MacAlgorithm;
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::{KeyOrigin, KeySpec};
use crate::mechanism::{Generated, LoadedKey, Mechanism, Secret};

/// The mechanism of `HMAC_*` keys.
pub(crate) struct Hmac;

impl Mechanism for Hmac {
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError> {
        let length = algorithm(spec)?.digest_algorithm().output_len();
        Ok(Generated { material: Secret::random(length)?, public_key: None })
    }

    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        if !imported_bytes(spec)?.contains(&raw.expose().len()) {
            return Err(VaultError::InvalidKeyMaterial);
        }
        Ok(Secret::new(raw.expose().to_vec()))
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let algorithm = algorithm(binding.spec)?;
        let fits = match binding.origin {
            KeyOrigin::External => imported_bytes(binding.spec)?.contains(&material.expose().len()),
            _ => material.expose().len() == algorithm.digest_algorithm().output_len(),
        };
        if !fits {
            return Err(VaultError::Internal("an HMAC key of a wrong length".to_owned()));
        }
        let key = hmac::Key::new(algorithm, material.expose());
        Ok(Box::new(HmacKey { spec: binding.spec, key }))
    }
}

struct HmacKey {
    spec: KeySpec,
    key: hmac::Key,
}

impl HmacKey {
    fn check(&self, algorithm: MacAlgorithm) -> Result<(), VaultError> {
        if algorithm.fits(self.spec) { Ok(()) } else { Err(Refusal::Algorithm.into()) }
    }
}

impl LoadedKey for HmacKey {
    fn generate_mac(&self, algorithm: MacAlgorithm, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.check(algorithm)?;
        Ok(hmac::sign(&self.key, message).as_ref().to_vec())
    }

    fn verify_mac(&self, algorithm: MacAlgorithm, message: &[u8], mac: &[u8]) -> Result<(), VaultError> {
        self.check(algorithm)?;
        // Compares in constant time and takes no shortened MAC.
        hmac::verify(&self.key, message, mac).map_err(|_| VaultError::InvalidMac)
    }
}

/// How long imported material may be (KMS developer guide, "Requirements for imported key material"): from
/// the hash's length to its block's.
fn imported_bytes(spec: KeySpec) -> Result<RangeInclusive<usize>, VaultError> {
    match spec {
        KeySpec::Hmac224 => Ok(28..=64),
        KeySpec::Hmac256 => Ok(32..=64),
        KeySpec::Hmac384 => Ok(48..=128),
        KeySpec::Hmac512 => Ok(64..=128),
        _ => Err(Refusal::Unsupported.into()),
    }
}

fn algorithm(spec: KeySpec) -> Result<hmac::Algorithm, VaultError> {
    match spec {
        KeySpec::Hmac224 => Ok(hmac::HMAC_SHA224),
        KeySpec::Hmac256 => Ok(hmac::HMAC_SHA256),
        KeySpec::Hmac384 => Ok(hmac::HMAC_SHA384),
        KeySpec::Hmac512 => Ok(hmac::HMAC_SHA512),
        _ => Err(Refusal::Unsupported.into()),
    }
}
