//! Ed25519 and Ed25519ph (RFC 8032). Ed25519ph has an empty context, as KMS's.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::api::algorithm::{MessageType, SigningAlgorithm};
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::KeySpec;
use crate::mechanism::{
    Generated, LoadedKey, Mechanism, Message, Secret, awslc, not_material, rejected, unexpected,
};
use crate::protocol::request::SignatureForm;

/// The mechanism of `ECC_NIST_EDWARDS25519` keys.
pub(crate) struct Ed25519;

impl Mechanism for Ed25519 {
    fn generate(&self, _: KeySpec) -> Result<Generated, VaultError> {
        let pair = Ed25519KeyPair::generate().map_err(unexpected)?;
        let material = Secret::new(pair.to_pkcs8v1().map_err(unexpected)?.as_ref().to_vec());
        Ok(Generated { material, public_key: Some(spki(&pair)?) })
    }

    fn import(&self, _: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(raw.expose()).map_err(not_material)?;
        Ok(Secret::new(pair.to_pkcs8v1().map_err(unexpected)?.as_ref().to_vec()))
    }

    fn load(&self, _: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let pair = Ed25519KeyPair::from_pkcs8(material.expose()).map_err(rejected)?;
        Ok(Box::new(Ed25519Key { pair }))
    }
}

struct Ed25519Key {
    pair: Ed25519KeyPair,
}

impl Ed25519Key {
    fn public(&self) -> Result<[u8; 32], VaultError> {
        self.pair.public_key().as_ref().try_into().map_err(|_| unfitting())
    }

    /// Seed and public half, one behind the other, as aws-lc's C functions take a private key.
    fn private(&self) -> Result<Zeroizing<[u8; 64]>, VaultError> {
        let seed = self.pair.seed().map_err(unexpected)?;
        let seed: aws_lc_rs::encoding::Curve25519SeedBin<'_> =
            aws_lc_rs::encoding::AsBigEndian::as_be_bytes(&seed).map_err(unexpected)?;
        let mut private = Zeroizing::new([0; 64]);
        let (left, right) = private.split_at_mut(32);
        if seed.as_ref().len() != left.len() {
            return Err(unfitting());
        }
        left.copy_from_slice(seed.as_ref());
        right.copy_from_slice(&self.public()?);
        Ok(private)
    }
}

fn unfitting() -> VaultError {
    VaultError::Internal("an Ed25519 key of another size".to_owned())
}

impl LoadedKey for Ed25519Key {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        spki(&self.pair)
    }

    fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        _: SignatureForm,
    ) -> Result<Vec<u8>, VaultError> {
        if prehashed(algorithm, message)? {
            let signature = awslc::ed25519ph_sign(message.bytes, &*self.private()?)?;
            return Ok(signature.to_vec());
        }
        Ok(self.pair.try_sign(message.bytes).map_err(unexpected)?.as_ref().to_vec())
    }

    fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), VaultError> {
        if prehashed(algorithm, message)? {
            let signature = signature.try_into().map_err(|_| VaultError::InvalidSignature)?;
            return awslc::ed25519ph_verify(message.bytes, signature, &self.public()?);
        }
        let public = UnparsedPublicKey::new(&ED25519, self.pair.public_key());
        public.verify(message.bytes, signature).map_err(|_| VaultError::InvalidSignature)
    }
}

/// Whether it is Ed25519ph. KMS takes whole messages for the one and SHA-512 digests for the other, which
/// Ed25519ph then hashes once more: the digest is its message.
fn prehashed(algorithm: SigningAlgorithm, message: Message<'_>) -> Result<bool, VaultError> {
    match (algorithm, message.kind) {
        (SigningAlgorithm::Ed25519Sha512, MessageType::Raw) => Ok(false),
        (SigningAlgorithm::Ed25519PhSha512, MessageType::Digest) if message.bytes.len() == 64 => Ok(true),
        (SigningAlgorithm::Ed25519PhSha512, MessageType::Digest) => Err(Refusal::DigestLength.into()),
        (SigningAlgorithm::Ed25519Sha512 | SigningAlgorithm::Ed25519PhSha512, _) => {
            Err(Refusal::MessageType.into())
        }
        _ => Err(Refusal::Algorithm.into()),
    }
}

fn spki(pair: &Ed25519KeyPair) -> Result<Vec<u8>, VaultError> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(unexpected)?;
    Ok(der.as_ref().to_vec())
}
