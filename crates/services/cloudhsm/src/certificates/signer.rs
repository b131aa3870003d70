//! Certificates signed by a key that is in the vault.
//!
//! The library that writes certificates asks for a signature in the middle; the vault is asked apart from it. So a certificate is
//! written twice: once to learn what is to be signed, and once with the signature.

use std::sync::Mutex;

use keyward_base::Fault;
use keyward_vault::{KeyRef, MessageType, SigningAlgorithm, VaultClient};
use rcgen::{
    Certificate, CertificateParams, Error, PKCS_ECDSA_P384_SHA384, PublicKeyData, SignatureAlgorithm,
    SigningKey,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::fault;

/// A public key as the library takes it.
#[derive(Debug)]
pub(super) struct PublicKey {
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl PublicKey {
    /// The key in `spki`, of the kind that makes signatures of `algorithm`.
    pub(super) fn from_spki(spki: &[u8], algorithm: &'static SignatureAlgorithm) -> Result<Self, Fault> {
        let (_, read) =
            SubjectPublicKeyInfo::from_der(spki).map_err(|error| fault::internal(error.to_string()))?;
        Ok(Self { bits: read.subject_public_key.data.to_vec(), algorithm })
    }
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// A P-384 key of the vault that signs certificates.
#[derive(Debug)]
pub(super) struct VaultKey {
    pub(super) key: KeyRef,
    pub(super) public: PublicKey,
}

/// Takes the place of the key while a certificate is written: gives the signature, or notes what is to be signed.
struct Pass<'a> {
    public: &'a PublicKey,
    signature: Vec<u8>,
    message: Mutex<Vec<u8>>,
}

impl PublicKeyData for Pass<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl SigningKey for &Pass<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        *self.message.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = message.to_vec();
        Ok(self.signature.clone())
    }
}

impl VaultKey {
    /// The key `key` with its public half in SPKI DER.
    pub(super) fn new(key: KeyRef, spki: &[u8]) -> Result<Self, Fault> {
        Ok(Self { key, public: PublicKey::from_spki(spki, &PKCS_ECDSA_P384_SHA384)? })
    }

    /// A certificate as `write` writes it, signed by this key. `write` must write the same twice.
    pub(super) async fn certify(
        &self,
        vault: &VaultClient,
        write: impl Fn(VaultSigner<'_>) -> Result<Certificate, Error>,
    ) -> Result<String, Fault> {
        let first = self.pass(Vec::new());
        write(VaultSigner(&first)).map_err(fault::internal)?;
        let message = first.message.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let algorithm = SigningAlgorithm::EcdsaSha384;
        let signature =
            vault.sign(&self.key, algorithm, MessageType::Raw, &message).await.map_err(fault::internal)?;
        let second = self.pass(signature);
        let certificate = write(VaultSigner(&second)).map_err(fault::internal)?;
        let signed = second.message.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if signed == message {
            Ok(certificate.pem())
        } else {
            Err(fault::internal("a certificate was not written twice alike"))
        }
    }

    fn pass(&self, signature: Vec<u8>) -> Pass<'_> {
        Pass { public: &self.public, signature, message: Mutex::default() }
    }
}

/// What a certificate is written with.
pub(super) struct VaultSigner<'a>(&'a Pass<'a>);

impl VaultSigner<'_> {
    /// A root's own certificate.
    pub(super) fn root(&self, params: &CertificateParams) -> Result<Certificate, Error> {
        params.self_signed(&self.0)
    }

    /// The certificate of another's key, issued under the name that `root` has.
    pub(super) fn issue(
        &self,
        params: &CertificateParams,
        key: &PublicKey,
        root: &CertificateParams,
    ) -> Result<Certificate, Error> {
        params.signed_by(key, &rcgen::Issuer::from_params(root, self.0))
    }
}
