//! ECDSA on P-256, P-384, P-521 and secp256k1 (FIPS 186-5, SEC 2). Signatures in DER, or `r || s` for DNSSEC.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1,
    ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, KeyPair, ParsedPublicKey,
};

use crate::api::algorithm::{MessageType, SigningAlgorithm};
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::formats::ecdsa_fixed_from_der;
use crate::api::spec::KeySpec;
use crate::mechanism::{
    Generated, LoadedKey, Mechanism, Message, Secret, not_material, rejected, unexpected,
};
use crate::protocol::request::SignatureForm;

/// The mechanism of `ECC_*` keys that sign.
pub(crate) struct Ecdsa;

/// What aws-lc calls a curve with its hash.
struct Curve {
    signing: &'static EcdsaSigningAlgorithm,
    verification: &'static EcdsaVerificationAlgorithm,
    digest: &'static digest::Algorithm,
}

fn curve(spec: KeySpec) -> Result<Curve, VaultError> {
    let (signing, verification, digest) = match spec {
        KeySpec::EccNistP256 => (&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1, &digest::SHA256),
        KeySpec::EccNistP384 => (&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1, &digest::SHA384),
        KeySpec::EccNistP521 => (&ECDSA_P521_SHA512_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1, &digest::SHA512),
        KeySpec::EccSecgP256k1 => {
            (&ECDSA_P256K1_SHA256_ASN1_SIGNING, &ECDSA_P256K1_SHA256_ASN1, &digest::SHA256)
        }
        _ => return Err(Refusal::Unsupported.into()),
    };
    Ok(Curve { signing, verification, digest })
}

impl Mechanism for Ecdsa {
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError> {
        let pair = EcdsaKeyPair::generate(curve(spec)?.signing).map_err(unexpected)?;
        let material = Secret::new(pair.to_pkcs8v1().map_err(unexpected)?.as_ref().to_vec());
        Ok(Generated { material, public_key: Some(spki(&pair)?) })
    }

    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        let pair = EcdsaKeyPair::from_pkcs8(curve(spec)?.signing, raw.expose()).map_err(not_material)?;
        Ok(Secret::new(pair.to_pkcs8v1().map_err(unexpected)?.as_ref().to_vec()))
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let curve = curve(binding.spec)?;
        let pair = EcdsaKeyPair::from_pkcs8(curve.signing, material.expose()).map_err(rejected)?;
        let public = ParsedPublicKey::new(curve.verification, pair.public_key()).map_err(rejected)?;
        Ok(Box::new(EcdsaKey { spec: binding.spec, digest: curve.digest, pair, public }))
    }
}

struct EcdsaKey {
    spec: KeySpec,
    digest: &'static digest::Algorithm,
    pair: EcdsaKeyPair,
    public: ParsedPublicKey,
}

impl LoadedKey for EcdsaKey {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        spki(&self.pair)
    }

    fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        form: SignatureForm,
    ) -> Result<Vec<u8>, VaultError> {
        let signature = match hashed(self.spec, algorithm, message, self.digest)? {
            // aws-lc draws the nonce itself; the generator is named only to satisfy the interface.
            None => self.pair.sign(&SystemRandom::new(), message.bytes),
            Some(digest) => self.pair.sign_digest(&digest),
        };
        let der = signature.map_err(unexpected)?;
        match form {
            SignatureForm::Kms => Ok(der.as_ref().to_vec()),
            SignatureForm::Dnssec => ecdsa_fixed_from_der(self.spec, der.as_ref())
                .ok_or_else(|| VaultError::Internal("aws-lc wrote a signature that is no DER".to_owned())),
        }
    }

    fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), VaultError> {
        let verdict = match hashed(self.spec, algorithm, message, self.digest)? {
            None => self.public.verify_sig(message.bytes, signature),
            Some(digest) => self.public.verify_digest_sig(&digest, signature),
        };
        verdict.map_err(|_| VaultError::InvalidSignature)
    }
}

/// Checks algorithm and message type; gives the digest when the caller has hashed already.
pub(crate) fn hashed(
    spec: KeySpec,
    algorithm: SigningAlgorithm,
    message: Message<'_>,
    digest: &'static digest::Algorithm,
) -> Result<Option<Digest>, VaultError> {
    if !algorithm.fits(spec) {
        return Err(Refusal::Algorithm.into());
    }
    match message.kind {
        MessageType::Raw => Ok(None),
        MessageType::Digest => Digest::import_less_safe(message.bytes, digest)
            .map(Some)
            .map_err(|_| Refusal::DigestLength.into()),
        MessageType::ExternalMu => Err(Refusal::MessageType.into()),
    }
}

fn spki(pair: &EcdsaKeyPair) -> Result<Vec<u8>, VaultError> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(unexpected)?;
    Ok(der.as_ref().to_vec())
}
