//! What the vault can do with a key, and the only types that hold plain key material.
//!
//! A mechanism is looked up by spec and usage (`registry`); a loaded key refuses every operation that its
//! mechanism does not override. So a new mechanism can only add what it says. All cryptography is
//! aws-lc's, but for SM2, which it lacks (`sm2`); nothing here computes with secret bytes itself.

mod awslc;
pub(crate) mod ecdh;
pub(crate) mod ecdsa;
pub(crate) mod ed25519;
pub(crate) mod envelope;
pub(crate) mod import;
pub(crate) mod mac;
pub(crate) mod mldsa;
pub(crate) mod mlkem;
pub(crate) mod registry;
pub(crate) mod rsa;
pub(crate) mod selftest;
pub(crate) mod sm2;
pub(crate) mod symmetric;

use aws_lc_rs::error::{KeyRejected, Unspecified};
use zeroize::Zeroizing;

use crate::api::algorithm::{EncryptionAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm};
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::KeySpec;
use crate::protocol::request::SignatureForm;

/// Plain key material: raw bytes of a symmetric key, PKCS#8 DER of a pair. Wiped on drop; no Debug, no Clone.
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over bytes that hold key material.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// `length` random bytes from aws-lc's generator.
    pub(crate) fn random(length: usize) -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new(vec![0; length]);
        aws_lc_rs::rand::fill(&mut bytes).map_err(unexpected)?;
        Ok(Self(bytes))
    }

    /// The bytes.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be filled in.
    pub(crate) fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Forgets what is behind the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }
}

/// A new key.
pub(crate) struct Generated {
    pub(crate) material: Secret,
    /// SPKI DER, for pairs.
    pub(crate) public_key: Option<Vec<u8>>,
}

/// A message to sign or verify, checked against the algorithm.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) kind: MessageType,
    pub(crate) bytes: &'a [u8],
}

/// Makes and loads the keys of some specs for one usage.
pub(crate) trait Mechanism: Sync {
    /// Makes new material.
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError>;

    /// Material from outside in the form in which `load` takes it; the same key always in the same form. What
    /// is not of the spec is `InvalidKeyMaterial`.
    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError>;

    /// Makes material usable. Refuses material that is not of the spec.
    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError>;
}

/// A key in use. Every operation is refused unless its mechanism overrides it.
#[expect(unused_variables, reason = "the defaults refuse without looking")]
pub(crate) trait LoadedKey: Send + Sync {
    /// The public half in SPKI DER.
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        Err(Refusal::Usage.into())
    }

    fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        context: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        Err(Refusal::Usage.into())
    }

    fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Err(Refusal::Usage.into())
    }

    fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        form: SignatureForm,
    ) -> Result<Vec<u8>, VaultError> {
        Err(Refusal::Usage.into())
    }

    fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), VaultError> {
        Err(Refusal::Usage.into())
    }

    fn generate_mac(&self, algorithm: MacAlgorithm, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        Err(Refusal::Usage.into())
    }

    fn verify_mac(&self, algorithm: MacAlgorithm, message: &[u8], mac: &[u8]) -> Result<(), VaultError> {
        Err(Refusal::Usage.into())
    }

    /// The secret shared with the owner of the peer's public key, in SPKI DER.
    fn derive_shared_secret(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Err(Refusal::Usage.into())
    }

    /// A fresh secret, and its ciphertext under the public half.
    fn encapsulate(&self) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), VaultError> {
        Err(Refusal::Usage.into())
    }

    /// The secret of a ciphertext.
    fn decapsulate(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Err(Refusal::Usage.into())
    }
}

/// aws-lc failed where it has no reason to.
pub(crate) fn unexpected(_: Unspecified) -> VaultError {
    VaultError::Internal("aws-lc failed".to_owned())
}

/// Material from outside that is none of the spec.
pub(crate) fn not_material<E>(_: E) -> VaultError {
    VaultError::InvalidKeyMaterial
}

/// Authenticated material that aws-lc does not take: the token was made with another spec.
pub(crate) fn rejected(why: KeyRejected) -> VaultError {
    VaultError::Internal(format!("key material rejected: {why}"))
}

#[cfg(test)]
mod tests;
