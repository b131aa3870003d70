//! SM2 keys: SM2DSA, SM2PKE or key agreement (GB/T 32918.2, 32918.4; RFC 8998 for the curve's names).
//!
//! RustCrypto's implementation, because aws-lc has none; the generator is aws-lc's. The distinguishing id of
//! RAW messages is the default one, as in KMS. Signatures and ciphertexts are in DER. The key agreement
//! is KMS's `ECDH`: the raw x-coordinate, not the protocol of GB/T 32918.3.

use aws_lc_rs::rand;
use sm2::dsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
use sm2::dsa::signature::rand_core::{TryCryptoRng, TryRng};
use sm2::dsa::signature::{RandomizedSigner, Verifier};
use sm2::dsa::{Signature, SigningKey};
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::elliptic_curve::{Generate, Group};
use sm2::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use sm2::pke::DecryptingKey;
use sm2::{ProjectivePoint, PublicKey, SecretKey};
use zeroize::Zeroizing;

use crate::api::algorithm::{EncryptionAlgorithm, MessageType, SigningAlgorithm};
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::{KeySpec, KeyUsage};
use crate::mechanism::{Generated, LoadedKey, Mechanism, Message, Secret, not_material};
use crate::protocol::request::SignatureForm;

/// The distinguishing id that KMS signs RAW messages with.
const DISTINGUISHING_ID: &str = "1234567812345678";

/// The mechanism of `SM2` keys.
pub(crate) struct Sm2;

impl Mechanism for Sm2 {
    /// Every usage stores the same form, PKCS#8; the binding tells them apart.
    fn generate(&self, _spec: KeySpec) -> Result<Generated, VaultError> {
        let key = SecretKey::try_generate_from_rng(&mut Generator).map_err(failed)?;
        let material = Secret::new(key.to_pkcs8_der().map_err(failed)?.as_bytes().to_vec());
        Ok(Generated { material, public_key: Some(spki(&key)?) })
    }

    fn import(&self, _: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        let key = SecretKey::from_pkcs8_der(raw.expose()).map_err(not_material)?;
        Ok(Secret::new(key.to_pkcs8_der().map_err(failed)?.as_bytes().to_vec()))
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let key = SecretKey::from_pkcs8_der(material.expose()).map_err(failed)?;
        let spki = spki(&key)?;
        match binding.usage {
            KeyUsage::SignVerify => {
                let signing = SigningKey::new(DISTINGUISHING_ID, &key).map_err(failed)?;
                Ok(Box::new(Signer { signing, spki }))
            }
            KeyUsage::EncryptDecrypt => Ok(Box::new(Decryptor { key: DecryptingKey::new(key), spki })),
            KeyUsage::KeyAgreement => Ok(Box::new(Agreement { key, spki })),
            KeyUsage::GenerateVerifyMac | KeyUsage::EncapsulateDecapsulate => Err(Refusal::Usage.into()),
        }
    }
}

struct Signer {
    signing: SigningKey,
    spki: Vec<u8>,
}

impl LoadedKey for Signer {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        Ok(self.spki.clone())
    }

    fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        form: SignatureForm,
    ) -> Result<Vec<u8>, VaultError> {
        check(algorithm, message)?;
        if form != SignatureForm::Kms {
            return Err(Refusal::Unsupported.into());
        }
        let signature: Signature = match message.kind {
            MessageType::Raw => self.signing.try_sign_with_rng(&mut Generator, message.bytes),
            _ => self.signing.sign_prehash_with_rng(&mut Generator, message.bytes),
        }
        .map_err(failed)?;
        Ok(signature.to_der().to_vec())
    }

    fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), VaultError> {
        check(algorithm, message)?;
        let signature = Signature::from_der(signature).map_err(|_| VaultError::InvalidSignature)?;
        let key = self.signing.verifying_key();
        match message.kind {
            MessageType::Raw => key.verify(message.bytes, &signature),
            _ => key.verify_prehash(message.bytes, &signature),
        }
        .map_err(|_| VaultError::InvalidSignature)
    }
}

/// Checks the algorithm, and the length of a digest, which is made with SM3.
fn check(algorithm: SigningAlgorithm, message: Message<'_>) -> Result<(), VaultError> {
    if algorithm != SigningAlgorithm::Sm2Dsa {
        return Err(Refusal::Algorithm.into());
    }
    match message.kind {
        MessageType::Raw => Ok(()),
        MessageType::Digest if Some(message.bytes.len()) == algorithm.digest_bytes() => Ok(()),
        MessageType::Digest => Err(Refusal::DigestLength.into()),
        MessageType::ExternalMu => Err(Refusal::MessageType.into()),
    }
}

struct Decryptor {
    key: DecryptingKey,
    spki: Vec<u8>,
}

impl LoadedKey for Decryptor {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        Ok(self.spki.clone())
    }

    fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        context: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        check_encryption(algorithm, context)?;
        if plaintext.is_empty() {
            return Err(Refusal::Length.into());
        }
        if plaintext.len() > algorithm.plaintext_bytes_max(KeySpec::Sm2) {
            return Err(Refusal::TooLong.into());
        }
        self.key.encrypting_key().encrypt_der(&mut Generator, plaintext).map_err(failed)
    }

    fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        check_encryption(algorithm, context)?;
        let plaintext = self.key.decrypt_der(ciphertext).map_err(|_| VaultError::InvalidCiphertext)?;
        let plaintext = Zeroizing::new(plaintext);
        if plaintext.is_empty() { Err(VaultError::InvalidCiphertext) } else { Ok(plaintext) }
    }
}

fn check_encryption(algorithm: EncryptionAlgorithm, context: &[u8]) -> Result<(), VaultError> {
    if algorithm != EncryptionAlgorithm::Sm2Pke || !context.is_empty() {
        return Err(Refusal::Algorithm.into());
    }
    Ok(())
}

struct Agreement {
    key: SecretKey,
    spki: Vec<u8>,
}

impl LoadedKey for Agreement {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        Ok(self.spki.clone())
    }

    /// The decoder checks that the peer's point is on the curve; the curve has no cofactor.
    fn derive_shared_secret(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let peer = PublicKey::from_public_key_der(peer).map_err(|_| VaultError::InvalidPublicKey)?;
        let product = peer.to_projective() * *self.key.to_nonzero_scalar();
        shared_x(product).ok_or(VaultError::InvalidPublicKey)
    }
}

/// The x-coordinate of a point that is not the identity.
fn shared_x(point: ProjectivePoint) -> Option<Zeroizing<Vec<u8>>> {
    if bool::from(point.is_identity()) {
        return None;
    }
    let point = point.to_affine().to_sec1_point(false);
    point.x().map(|x| Zeroizing::new(x.to_vec()))
}

fn spki(key: &SecretKey) -> Result<Vec<u8>, VaultError> {
    Ok(key.public_key().to_public_key_der().map_err(failed)?.as_bytes().to_vec())
}

/// sm2 failed where it has no reason to. Its errors name nothing.
fn failed<E>(_: E) -> VaultError {
    VaultError::Internal("sm2 failed".to_owned())
}

/// aws-lc's generator, in the form that sm2 takes.
struct Generator;

/// The generator failed.
#[derive(Debug)]
struct NoRandomness;

impl std::fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the random generator failed")
    }
}

impl std::error::Error for NoRandomness {}

impl TryRng for Generator {
    type Error = NoRandomness;

    fn try_next_u32(&mut self) -> Result<u32, NoRandomness> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandomness> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        rand::fill(bytes).map_err(|_| NoRandomness)
    }
}

impl TryCryptoRng for Generator {}
