//! ML-KEM-512, -768 and -1024 (FIPS 203). The material is PKCS#8 with the 64-byte seed (RFC 9935).

use zeroize::Zeroizing;

use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::KeySpec;
use crate::mechanism::awslc::{Kem, Kind, PrivateKey};
use crate::mechanism::{Generated, LoadedKey, Mechanism, Secret, not_material};

/// The mechanism of `ML_KEM_*` keys.
pub(crate) struct MlKem;

/// A parameter set with the size of its ciphertexts and of its SPKI: 22 bytes of head, then the key.
fn parameters(spec: KeySpec) -> Result<(Kem, usize, usize), VaultError> {
    match spec {
        KeySpec::MlKem512 => Ok((Kem::MlKem512, 768, 22 + 800)),
        KeySpec::MlKem768 => Ok((Kem::MlKem768, 1088, 22 + 1184)),
        KeySpec::MlKem1024 => Ok((Kem::MlKem1024, 1568, 22 + 1568)),
        _ => Err(Refusal::Unsupported.into()),
    }
}

impl Mechanism for MlKem {
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError> {
        let private = PrivateKey::generate_kem(parameters(spec)?.0)?;
        Ok(Generated { material: private.to_pkcs8()?, public_key: Some(private.spki()?) })
    }

    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        let private = PrivateKey::from_pkcs8(Kind::Kem, raw.expose()).map_err(not_material)?;
        if private.spki()?.len() != parameters(spec)?.2 {
            return Err(VaultError::InvalidKeyMaterial);
        }
        private.to_pkcs8()
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let (_, ciphertext_bytes, spki_bytes) = parameters(binding.spec)?;
        let private = PrivateKey::from_pkcs8(Kind::Kem, material.expose())?;
        let spki = private.spki()?;
        if spki.len() != spki_bytes {
            return Err(VaultError::Internal("an ML-KEM key of another parameter set".to_owned()));
        }
        Ok(Box::new(MlKemKey { ciphertext_bytes, private, spki }))
    }
}

struct MlKemKey {
    ciphertext_bytes: usize,
    private: PrivateKey,
    spki: Vec<u8>,
}

impl LoadedKey for MlKemKey {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        Ok(self.spki.clone())
    }

    fn encapsulate(&self) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), VaultError> {
        self.private.encapsulate(self.ciphertext_bytes)
    }

    /// A ciphertext of the right length always gives a secret: another one when it was changed (FIPS 203,
    /// algorithm 18, implicit rejection).
    fn decapsulate(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if ciphertext.len() != self.ciphertext_bytes {
            return Err(VaultError::InvalidCiphertext);
        }
        self.private.decapsulate(ciphertext)
    }
}
