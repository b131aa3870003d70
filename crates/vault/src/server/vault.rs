//! What the vault does with one request. No sockets, no threads: a request in, an answer out.

use std::num::NonZeroUsize;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::api::algorithm::{EncryptionAlgorithm, MessageType, SigningAlgorithm};
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::import::ImportBinding;
use crate::api::spec::KeySpec;
use crate::domain::Domain;
use crate::mechanism::{Message, Secret, import, registry};
use crate::protocol::answer::{Answer, Status};
use crate::protocol::bytes::{Bytes, Octets};
use crate::protocol::request::{KeyArg, Request, Sealed, SignatureForm};
use crate::server::cache::{Fingerprint, KeyCache, Loaded};

pub(crate) use keyward_boundary::confine::Protections;

/// The keys kept ready: at most some 2 kB each.
const CACHED_KEYS_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// KMS gives at most 1024 random bytes or data key bytes at once.
const RANDOM_BYTES_MAX: u32 = 1024;

/// The domain, the keys in use, and what protects them.
pub(crate) struct Vault {
    domain: Domain,
    cache: KeyCache,
    protections: Protections,
}

/// How to sign one batch: everything but the messages.
pub(crate) struct Signer {
    key: Loaded,
    algorithm: SigningAlgorithm,
    kind: MessageType,
    form: SignatureForm,
}

impl Signer {
    /// Signs one message.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Octets, VaultError> {
        let message = Message { kind: self.kind, bytes };
        self.key.sign(self.algorithm, message, self.form).map(Octets::from)
    }
}

impl Vault {
    /// A vault with this domain.
    pub(crate) fn new(domain: Domain, protections: Protections) -> Self {
        Self { domain, cache: KeyCache::new(CACHED_KEYS_MAX), protections }
    }

    /// Answers one request, from bytes to bytes.
    pub(crate) fn handle(&self, message: &[u8]) -> Zeroizing<Vec<u8>> {
        match Request::decode(message) {
            Some(request) => self.answer(&request).encode(),
            None => Answer::Failed(Refusal::Malformed.into()).encode(),
        }
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Request<'_>) -> Answer {
        self.run(request).unwrap_or_else(Answer::Failed)
    }

    pub(super) fn run(&self, request: &Request<'_>) -> Result<Answer, VaultError> {
        match request {
            Request::Status => self.status(),
            Request::GenerateKey(binding) => self.generate_key(binding),
            Request::PublicKey(key) => self.load(key)?.public_key().map(one),
            Request::Encrypt { key, algorithm, plaintext, context } => {
                self.encrypt(key, *algorithm, plaintext.0, context).map(one)
            }
            Request::Decrypt(sealed) => self.decrypt(sealed).map(|plain| Answer::One(Octets(plain))),
            Request::ReEncrypt { source, destination, algorithm, context } => {
                let plaintext = self.decrypt(source)?;
                self.encrypt(destination, *algorithm, &plaintext, context).map(one)
            }
            Request::GenerateDataKey { key, bytes, with_plaintext, context } => {
                self.generate_data_key(key, *bytes, *with_plaintext, context)
            }
            Request::GenerateDataKeyPair { key, pair, with_plaintext, context } => {
                self.generate_data_key_pair(key, *pair, *with_plaintext, context)
            }
            Request::Sign { messages, .. } => {
                let signer = self.signer(request)?;
                messages
                    .iter()
                    .map(|message| signer.sign(message.0))
                    .collect::<Result<_, _>>()
                    .map(Answer::Signatures)
            }
            Request::Verify { key, algorithm, message_type, message, signature } => {
                let message = Message { kind: *message_type, bytes: message.0 };
                self.load(key)?.verify(*algorithm, message, signature.0).map(|()| Answer::Done)
            }
            Request::GenerateMac { key, algorithm, message } => {
                self.load(key)?.generate_mac(*algorithm, message.0).map(one)
            }
            Request::VerifyMac { key, algorithm, message, mac } => {
                self.load(key)?.verify_mac(*algorithm, message.0, mac.0).map(|()| Answer::Done)
            }
            Request::GenerateRandom(bytes) => random(*bytes).map(secret),
            Request::Rewrap(key) => self.rewrap(key).map(one),
            Request::DeriveSharedSecret { key, peer } => {
                self.load(key)?.derive_shared_secret(peer.0).map(|secret| Answer::One(Octets(secret)))
            }
            Request::Encapsulate(key) => self.load(key)?.encapsulate().map(|(secret, ciphertext)| {
                Answer::Encapsulated { secret: Octets(secret), ciphertext: ciphertext.into() }
            }),
            Request::Decapsulate { key, ciphertext } => {
                self.load(key)?.decapsulate(ciphertext.0).map(|secret| Answer::One(Octets(secret)))
            }
            Request::ForRecipient { recipient, what } => self.for_recipient(recipient.0, what),
            Request::GenerateImportKey(binding) => self.generate_import_key(binding),
            Request::ImportKey { wrapping_key, wrapped } => self.import_key(wrapping_key, wrapped.0),
            Request::RotateDomainKey => self.domain.rotate().map(Answer::DomainKey),
        }
    }

    /// What a `Sign` request asks for, without its messages, so that several threads may share them.
    pub(crate) fn signer(&self, request: &Request<'_>) -> Result<Signer, VaultError> {
        let Request::Sign { key, algorithm, message_type, form, .. } = request else {
            return Err(Refusal::Malformed.into());
        };
        Ok(Signer { key: self.load(key)?, algorithm: *algorithm, kind: *message_type, form: *form })
    }

    fn status(&self) -> Result<Answer, VaultError> {
        Ok(Answer::Status(Status {
            pid: std::process::id(),
            domain_key: self.domain.active_version()?,
            active: self.protections.active.clone(),
            missing: self.protections.missing.clone(),
        }))
    }

    /// The key behind a token, from the cache or unwrapped. The binding's form, spec and usage are checked here.
    fn load(&self, key: &KeyArg<'_>) -> Result<Loaded, VaultError> {
        let fingerprint = Fingerprint::of(key);
        if let Some(loaded) = self.cache.find(&fingerprint) {
            return Ok(loaded);
        }
        let binding = parse(&key.binding)?;
        let material = self.domain.unwrap(key.binding.0, key.ekt.0)?;
        let loaded: Loaded = Arc::from(registry::load(&binding, &material)?);
        self.cache.keep(fingerprint, loaded.clone());
        Ok(loaded)
    }

    fn generate_key(&self, binding: &Bytes<'_>) -> Result<Answer, VaultError> {
        let generated = registry::generate(&parse(binding)?)?;
        let ekt = self.domain.wrap(binding.0, &generated.material)?;
        Ok(Answer::Key { ekt: ekt.into(), public_key: generated.public_key.map(Octets::from) })
    }

    fn encrypt(
        &self,
        key: &KeyArg<'_>,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        context: &Bytes<'_>,
    ) -> Result<Vec<u8>, VaultError> {
        self.load(key)?.encrypt(algorithm, plaintext, context.0)
    }

    fn decrypt(&self, sealed: &Sealed<'_>) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.load(&sealed.key)?.decrypt(sealed.algorithm, sealed.ciphertext.0, sealed.context.0)
    }

    fn generate_data_key(
        &self,
        key: &KeyArg<'_>,
        bytes: u32,
        with_plaintext: bool,
        context: &Bytes<'_>,
    ) -> Result<Answer, VaultError> {
        let plaintext = random(bytes)?;
        let ciphertext =
            self.encrypt(key, EncryptionAlgorithm::SymmetricDefault, plaintext.expose(), context)?;
        let plaintext = with_plaintext.then(|| octets(&plaintext));
        Ok(Answer::DataKey { plaintext, ciphertext: ciphertext.into(), public_key: None })
    }

    fn generate_data_key_pair(
        &self,
        key: &KeyArg<'_>,
        pair: KeySpec,
        with_plaintext: bool,
        context: &Bytes<'_>,
    ) -> Result<Answer, VaultError> {
        let pair = registry::generate_pair(pair)?;
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        let ciphertext = self.encrypt(key, algorithm, pair.material.expose(), context)?;
        let plaintext = with_plaintext.then(|| octets(&pair.material));
        let public_key = pair.public_key.map(Octets::from);
        Ok(Answer::DataKey { plaintext, ciphertext: ciphertext.into(), public_key })
    }

    fn generate_import_key(&self, binding: &Bytes<'_>) -> Result<Answer, VaultError> {
        let parsed = ImportBinding::from_canonical(binding.0).ok_or(Refusal::Malformed)?;
        let generated = import::generate(&parsed)?;
        let ekt = self.domain.wrap(binding.0, &generated.material)?;
        Ok(Answer::Key { ekt: ekt.into(), public_key: generated.public_key.map(Octets::from) })
    }

    /// The wrapping key is not kept ready: it serves once.
    fn import_key(&self, wrapping_key: &KeyArg<'_>, wrapped: &[u8]) -> Result<Answer, VaultError> {
        let parsed = ImportBinding::from_canonical(wrapping_key.binding.0).ok_or(Refusal::Malformed)?;
        let unwrapping = self.domain.unwrap(wrapping_key.binding.0, wrapping_key.ekt.0)?;
        let imported = import::import(&parsed, &unwrapping, wrapped)?;
        let ekt = self.domain.wrap(&imported.binding.canonical(), &imported.material)?;
        Ok(Answer::Imported { ekt: ekt.into(), material_id: imported.binding.material_id })
    }

    fn rewrap(&self, key: &KeyArg<'_>) -> Result<Vec<u8>, VaultError> {
        let material = self.domain.unwrap(key.binding.0, key.ekt.0)?;
        self.domain.wrap(key.binding.0, &material)
    }
}

fn parse(binding: &Bytes<'_>) -> Result<KeyBinding, VaultError> {
    KeyBinding::from_canonical(binding.0).map_err(|_| Refusal::Malformed.into())
}

fn random(bytes: u32) -> Result<Secret, VaultError> {
    if !(1..=RANDOM_BYTES_MAX).contains(&bytes) {
        return Err(Refusal::Length.into());
    }
    Secret::random(usize::try_from(bytes).map_err(|_| Refusal::Length)?)
}

fn one(bytes: Vec<u8>) -> Answer {
    Answer::One(bytes.into())
}

fn secret(secret: Secret) -> Answer {
    Answer::One(octets(&secret))
}

fn octets(secret: &Secret) -> Octets {
    secret.expose().to_vec().into()
}

#[cfg(test)]
mod tests;
