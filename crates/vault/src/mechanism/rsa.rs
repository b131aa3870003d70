//! RSA keys: RSASSA-PKCS1-v1_5 and RSASSA-PSS, or RSAES-OAEP (RFC 8017). One key has one usage.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    self, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaParameters,
    RsaSignatureEncoding,
};
use zeroize::Zeroizing;

use crate::api::algorithm::{EncryptionAlgorithm, SigningAlgorithm};
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::KeySpec;
use crate::mechanism::ecdsa::hashed;
use crate::mechanism::{
    Generated, LoadedKey, Mechanism, Message, Secret, not_material, rejected, unexpected,
};
use crate::protocol::request::SignatureForm;

/// The mechanism of RSA keys that sign.
pub(crate) struct Rsassa;

/// The mechanism of RSA keys that encrypt.
pub(crate) struct Oaep;

fn size(spec: KeySpec) -> Result<KeySize, VaultError> {
    match spec {
        KeySpec::Rsa2048 => Ok(KeySize::Rsa2048),
        KeySpec::Rsa3072 => Ok(KeySize::Rsa3072),
        KeySpec::Rsa4096 => Ok(KeySize::Rsa4096),
        _ => Err(Refusal::Unsupported.into()),
    }
}

/// Both usages store the same form, PKCS#8; the binding tells them apart.
fn generate(spec: KeySpec) -> Result<Generated, VaultError> {
    let pair = KeyPair::generate(size(spec)?).map_err(unexpected)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(unexpected)?;
    let material = Secret::new(pkcs8.as_ref().to_vec());
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(unexpected)?;
    Ok(Generated { material, public_key: Some(public.as_ref().to_vec()) })
}

/// Reads a private key of the spec's size, and writes it as our own are stored.
fn import(spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
    let pair = KeyPair::from_pkcs8(raw.expose()).map_err(not_material)?;
    if pair.public_modulus_len() != size(spec)?.len() {
        return Err(VaultError::InvalidKeyMaterial);
    }
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(unexpected)?;
    Ok(Secret::new(pkcs8.as_ref().to_vec()))
}

impl Mechanism for Rsassa {
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError> {
        generate(spec)
    }

    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        import(spec, raw)
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let pair = KeyPair::from_pkcs8(material.expose()).map_err(rejected)?;
        if pair.public_modulus_len() != size(binding.spec)?.len() {
            return Err(VaultError::Internal("an RSA key of another size".to_owned()));
        }
        Ok(Box::new(SigningKey { spec: binding.spec, pair }))
    }
}

struct SigningKey {
    spec: KeySpec,
    pair: KeyPair,
}

/// What aws-lc calls one of KMS's RSA signing algorithms.
struct Scheme {
    signing: &'static RsaSignatureEncoding,
    verification: &'static RsaParameters,
    digest: &'static digest::Algorithm,
}

fn scheme(algorithm: SigningAlgorithm) -> Result<Scheme, VaultError> {
    use SigningAlgorithm::*;
    let (signing, verification, digest) = match algorithm {
        RsassaPkcs1V15Sha256 => (&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256, &digest::SHA256),
        RsassaPkcs1V15Sha384 => (&RSA_PKCS1_SHA384, &RSA_PKCS1_2048_8192_SHA384, &digest::SHA384),
        RsassaPkcs1V15Sha512 => (&RSA_PKCS1_SHA512, &RSA_PKCS1_2048_8192_SHA512, &digest::SHA512),
        RsassaPssSha256 => (&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256, &digest::SHA256),
        RsassaPssSha384 => (&RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384, &digest::SHA384),
        RsassaPssSha512 => (&RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512, &digest::SHA512),
        _ => return Err(Refusal::Algorithm.into()),
    };
    Ok(Scheme { signing, verification, digest })
}

impl LoadedKey for SigningKey {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(unexpected)?;
        Ok(der.as_ref().to_vec())
    }

    /// The form is the same for KMS and DNSSEC (RFC 5702 section 3).
    fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        _: SignatureForm,
    ) -> Result<Vec<u8>, VaultError> {
        let scheme = scheme(algorithm)?;
        let mut signature = vec![0; self.pair.public_modulus_len()];
        match hashed(self.spec, algorithm, message, scheme.digest)? {
            None => self.pair.sign(scheme.signing, &SystemRandom::new(), message.bytes, &mut signature),
            Some(digest) => self.pair.sign_digest(scheme.signing, &digest, &mut signature),
        }
        .map_err(unexpected)?;
        Ok(signature)
    }

    fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), VaultError> {
        let scheme = scheme(algorithm)?;
        let public = signature::UnparsedPublicKey::new(scheme.verification, self.pair.public_key());
        match hashed(self.spec, algorithm, message, scheme.digest)? {
            None => public.verify(message.bytes, signature),
            Some(digest) => public.verify_digest(&digest, signature),
        }
        .map_err(|_| VaultError::InvalidSignature)
    }
}

impl Mechanism for Oaep {
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError> {
        generate(spec)
    }

    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        import(spec, raw)
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let private = PrivateDecryptingKey::from_pkcs8(material.expose()).map_err(rejected)?;
        if private.key_size_bytes() != size(binding.spec)?.len() {
            return Err(VaultError::Internal("an RSA key of another size".to_owned()));
        }
        let public = private.public_key();
        let spki: PublicKeyX509Der<'_> = public.as_der().map_err(unexpected)?;
        let spki = spki.as_ref().to_vec();
        Ok(Box::new(EncryptionKey {
            spec: binding.spec,
            private: OaepPrivateDecryptingKey::new(private).map_err(unexpected)?,
            public: OaepPublicEncryptingKey::new(public).map_err(unexpected)?,
            spki,
        }))
    }
}

struct EncryptionKey {
    spec: KeySpec,
    private: OaepPrivateDecryptingKey,
    public: OaepPublicEncryptingKey,
    spki: Vec<u8>,
}

fn oaep(algorithm: EncryptionAlgorithm) -> Result<&'static OaepAlgorithm, VaultError> {
    match algorithm {
        EncryptionAlgorithm::RsaesOaepSha1 => Ok(&OAEP_SHA1_MGF1SHA1),
        EncryptionAlgorithm::RsaesOaepSha256 => Ok(&OAEP_SHA256_MGF1SHA256),
        _ => Err(Refusal::Algorithm.into()),
    }
}

impl LoadedKey for EncryptionKey {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        Ok(self.spki.clone())
    }

    /// KMS takes no encryption context with RSA, and the label is empty.
    fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        context: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let oaep = oaep(algorithm)?;
        if !context.is_empty() {
            return Err(Refusal::Malformed.into());
        }
        if plaintext.len() > algorithm.plaintext_bytes_max(self.spec) {
            return Err(Refusal::TooLong.into());
        }
        let mut ciphertext = vec![0; self.public.ciphertext_size()];
        let written = self.public.encrypt(oaep, plaintext, &mut ciphertext, None).map_err(unexpected)?.len();
        ciphertext.truncate(written);
        Ok(ciphertext)
    }

    fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let oaep = oaep(algorithm)?;
        if !context.is_empty() {
            return Err(Refusal::Malformed.into());
        }
        let mut plaintext = Zeroizing::new(vec![0; self.private.min_output_size()]);
        let opened = self.private.decrypt(oaep, ciphertext, &mut plaintext, None);
        let length = opened.map_err(|_| VaultError::InvalidCiphertext)?.len();
        plaintext.truncate(length);
        Ok(plaintext)
    }
}
