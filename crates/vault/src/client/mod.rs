//! What the rest of the house holds: an asynchronous client that speaks of keys only by their tokens.

mod call;
mod in_process;
mod recipient;
pub(crate) mod supervisor;

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

use crate::api::algorithm::{EncryptionAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm};
use crate::api::binding::{Ekt, KeyBinding, KeyRef, MaterialId};
use crate::api::context::EncryptionContext;
use crate::api::error::VaultError;
use crate::api::import::ImportBinding;
use crate::api::spec::KeySpec;
use crate::protocol::answer::Answer;
use crate::protocol::bytes::{Bytes, Octets};
use crate::protocol::request::{KeyArg, Request, Sealed, SignatureForm};

pub(crate) use call::Transport;
pub use recipient::{EnvelopedDataKey, ForRecipient};

/// The most messages and bytes of one `Sign` request; a larger batch becomes several, all under way at once.
const BATCH_MESSAGES_MAX: usize = 2048;
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Speaks to the vault. Cheap to clone; calls from many tasks share one connection.
///
/// Every call may end with [`VaultError::Lost`] when the vault went away before it answered (after one silent
/// repetition, where repeating is safe) and with [`VaultError::Busy`] when too much waits.
#[derive(Clone)]
pub struct VaultClient {
    transport: Transport,
}

/// Plaintext, wiped when dropped. It prints its length only.
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Deref for Plaintext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Plaintext {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.0.len())
    }
}

/// A new key: what to store, and what to show.
#[derive(Clone, Debug)]
pub struct GeneratedKey {
    /// The token.
    pub ekt: Ekt,
    /// The public half in SPKI DER, for pairs.
    pub public_key: Option<Vec<u8>>,
}

/// Imported material: what to store, under the id that it has got.
#[derive(Clone, Debug)]
pub struct ImportedKey {
    /// The token.
    pub ekt: Ekt,
    /// The material's id, a function of the key's id and the material.
    pub material_id: MaterialId,
}

/// A data key, or a data key pair's private half.
#[derive(Debug)]
pub struct DataKey {
    /// The key itself (PKCS#8 DER for a pair); `None` where only the ciphertext was asked for.
    pub plaintext: Option<Plaintext>,
    /// The key under the KMS key.
    pub ciphertext: Vec<u8>,
    /// The pair's public half in SPKI DER.
    pub public_key: Option<Vec<u8>>,
}

/// A secret for two: to use, and to send to the holder of the private half.
#[derive(Debug)]
pub struct Encapsulation {
    /// The secret, 32 bytes.
    pub shared_secret: Plaintext,
    /// What `decapsulate` makes the secret of.
    pub ciphertext: Vec<u8>,
}

/// What a vault tells about itself.
#[derive(Clone, Debug)]
pub struct VaultStatus {
    /// Its process id.
    pub pid: u32,
    /// The domain key's active version.
    pub domain_key: u32,
    /// Protections that are active, such as `seccomp`.
    pub active: Vec<String>,
    /// Protections that this system does not give, with the reason.
    pub missing: Vec<String>,
}

impl VaultClient {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// How the vault is and what protects it.
    pub async fn status(&self) -> Result<VaultStatus, VaultError> {
        match self.call(&Request::Status).await? {
            Answer::Status(status) => Ok(VaultStatus {
                pid: status.pid,
                domain_key: status.domain_key,
                active: status.active,
                missing: status.missing,
            }),
            _ => Err(unfitting()),
        }
    }

    /// Makes a key of the binding's spec and usage. RSA keys take up to seconds and may meet `Busy`.
    pub async fn generate_key(&self, binding: &KeyBinding) -> Result<GeneratedKey, VaultError> {
        self.call(&Request::GenerateKey(Bytes(&binding.canonical()))).await.and_then(generated)
    }

    /// The public half in SPKI DER. Symmetric and HMAC keys have none: `Refused(Usage)`.
    pub async fn public_key(&self, key: &KeyRef) -> Result<Vec<u8>, VaultError> {
        self.call(&Request::PublicKey(key.into())).await.and_then(one)
    }

    /// Encrypts. RSA takes no context: it must be empty.
    pub async fn encrypt(
        &self,
        key: &KeyRef,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, VaultError> {
        let context = context.canonical();
        let (plaintext, context) = (Bytes(plaintext), Bytes(&context));
        self.call(&Request::Encrypt { key: key.into(), algorithm, plaintext, context }).await.and_then(one)
    }

    /// Decrypts; anything but a true ciphertext under this key and context is `InvalidCiphertext`.
    pub async fn decrypt(
        &self,
        key: &KeyRef,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        context: &EncryptionContext,
    ) -> Result<Plaintext, VaultError> {
        let context = context.canonical();
        let ciphertext = Bytes(ciphertext);
        let sealed = Sealed { key: key.into(), algorithm, ciphertext, context: Bytes(&context) };
        self.call(&Request::Decrypt(sealed)).await.and_then(plain)
    }

    /// Decrypts and encrypts again inside the vault; the plaintext never leaves it.
    #[expect(clippy::too_many_arguments, reason = "two keys, each with its algorithm and context")]
    pub async fn re_encrypt(
        &self,
        source: &KeyRef,
        source_algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        source_context: &EncryptionContext,
        destination: &KeyRef,
        algorithm: EncryptionAlgorithm,
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, VaultError> {
        let (source_context, context) = (source_context.canonical(), context.canonical());
        let source = Sealed {
            key: source.into(),
            algorithm: source_algorithm,
            ciphertext: Bytes(ciphertext),
            context: Bytes(&source_context),
        };
        let destination = destination.into();
        let request = Request::ReEncrypt { source, destination, algorithm, context: Bytes(&context) };
        self.call(&request).await.and_then(one)
    }

    /// Makes `bytes` (1 to 1024) random bytes and encrypts them under a symmetric key.
    pub async fn generate_data_key(
        &self,
        key: &KeyRef,
        bytes: u32,
        context: &EncryptionContext,
    ) -> Result<DataKey, VaultError> {
        self.data_key(key, bytes, true, context).await
    }

    /// The same, without the plaintext in the answer.
    pub async fn generate_data_key_without_plaintext(
        &self,
        key: &KeyRef,
        bytes: u32,
        context: &EncryptionContext,
    ) -> Result<DataKey, VaultError> {
        self.data_key(key, bytes, false, context).await
    }

    async fn data_key(
        &self,
        key: &KeyRef,
        bytes: u32,
        with_plaintext: bool,
        context: &EncryptionContext,
    ) -> Result<DataKey, VaultError> {
        let context = context.canonical();
        let context = Bytes(&context);
        let request = Request::GenerateDataKey { key: key.into(), bytes, with_plaintext, context };
        self.call(&request).await.and_then(data_key)
    }

    /// Makes a pair and encrypts its private half (PKCS#8 DER) under a symmetric key.
    pub async fn generate_data_key_pair(
        &self,
        key: &KeyRef,
        pair: KeySpec,
        with_plaintext: bool,
        context: &EncryptionContext,
    ) -> Result<DataKey, VaultError> {
        let context = context.canonical();
        let context = Bytes(&context);
        let request = Request::GenerateDataKeyPair { key: key.into(), pair, with_plaintext, context };
        self.call(&request).await.and_then(data_key)
    }

    /// Signs one message, in KMS's form (ECDSA in DER).
    pub async fn sign(
        &self,
        key: &KeyRef,
        algorithm: SigningAlgorithm,
        message_type: MessageType,
        message: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let messages = vec![Bytes(message)];
        let form = SignatureForm::Kms;
        let request = Request::Sign { key: key.into(), algorithm, message_type, form, messages };
        let signatures = self.call(&request).await.and_then(signatures)?;
        signatures.into_iter().next().ok_or_else(unfitting)
    }

    /// Signs many messages under one key, in the form that RRSIGs carry (ECDSA as `r || s`). The signatures
    /// come in the messages' order; all of them or none.
    pub async fn sign_batch<M: AsRef<[u8]> + Sync>(
        &self,
        key: &KeyRef,
        algorithm: SigningAlgorithm,
        message_type: MessageType,
        messages: &[M],
    ) -> Result<Vec<Vec<u8>>, VaultError> {
        let form = SignatureForm::Dnssec;
        let calls: Vec<_> = batches(messages)
            .map(|batch| batch.iter().map(|message| Bytes(message.as_ref())).collect())
            .map(|messages| Request::Sign { key: key.into(), algorithm, message_type, form, messages })
            .map(|request| self.transport.start(&request))
            .collect();
        let mut all = Vec::with_capacity(messages.len());
        for call in calls {
            all.extend(call.await.and_then(fits).and_then(signatures)?);
        }
        if all.len() == messages.len() { Ok(all) } else { Err(unfitting()) }
    }

    /// Verifies a signature in KMS's form; a wrong one is `InvalidSignature`.
    pub async fn verify(
        &self,
        key: &KeyRef,
        algorithm: SigningAlgorithm,
        message_type: MessageType,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VaultError> {
        let (key, message, signature) = (key.into(), Bytes(message), Bytes(signature));
        self.call(&Request::Verify { key, algorithm, message_type, message, signature }).await.and_then(done)
    }

    /// Makes the MAC of a message.
    pub async fn generate_mac(
        &self,
        key: &KeyRef,
        algorithm: MacAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let (key, message) = (key.into(), Bytes(message));
        self.call(&Request::GenerateMac { key, algorithm, message }).await.and_then(one)
    }

    /// Verifies a MAC in constant time; a wrong one is `InvalidMac`.
    pub async fn verify_mac(
        &self,
        key: &KeyRef,
        algorithm: MacAlgorithm,
        message: &[u8],
        mac: &[u8],
    ) -> Result<(), VaultError> {
        let (key, message, mac) = (key.into(), Bytes(message), Bytes(mac));
        self.call(&Request::VerifyMac { key, algorithm, message, mac }).await.and_then(done)
    }

    /// The secret that an EC key shares with the owner of `peer` (SPKI DER): the raw x-coordinate. Anything
    /// but a public key on the same curve is `InvalidPublicKey`.
    pub async fn derive_shared_secret(&self, key: &KeyRef, peer: &[u8]) -> Result<Plaintext, VaultError> {
        let (key, peer) = (key.into(), Bytes(peer));
        self.call(&Request::DeriveSharedSecret { key, peer }).await.and_then(plain)
    }

    /// Makes a secret and encapsulates it under an ML-KEM key.
    pub async fn encapsulate(&self, key: &KeyRef) -> Result<Encapsulation, VaultError> {
        match self.call(&Request::Encapsulate(key.into())).await? {
            Answer::Encapsulated { secret, ciphertext } => {
                Ok(Encapsulation { shared_secret: Plaintext(secret.0), ciphertext: ciphertext.into_public() })
            }
            _ => Err(unfitting()),
        }
    }

    /// The secret in a ciphertext under an ML-KEM key. One of another length is `InvalidCiphertext`; a changed
    /// one gives another secret (FIPS 203, implicit rejection).
    pub async fn decapsulate(&self, key: &KeyRef, ciphertext: &[u8]) -> Result<Plaintext, VaultError> {
        let (key, ciphertext) = (key.into(), Bytes(ciphertext));
        self.call(&Request::Decapsulate { key, ciphertext }).await.and_then(plain)
    }

    /// Makes a wrapping key for one import. RSA keys take up to seconds and may meet `Busy`.
    pub async fn generate_import_key(&self, binding: &ImportBinding) -> Result<GeneratedKey, VaultError> {
        self.call(&Request::GenerateImportKey(Bytes(&binding.canonical()))).await.and_then(generated)
    }

    /// Unwraps material and makes it the key's that `binding` names. `token` is the wrapping key's: one of
    /// another binding is `WrongToken`. What does not unwrap is `InvalidCiphertext`, and what does, but is no
    /// material of the key's spec, `InvalidKeyMaterial`.
    pub async fn import_key(
        &self,
        binding: &ImportBinding,
        token: &Ekt,
        wrapped: &[u8],
    ) -> Result<ImportedKey, VaultError> {
        let binding = binding.canonical();
        let wrapping_key = KeyArg { ekt: Bytes(token.as_bytes()), binding: Bytes(&binding) };
        match self.call(&Request::ImportKey { wrapping_key, wrapped: Bytes(wrapped) }).await? {
            Answer::Imported { ekt, material_id } => {
                Ok(ImportedKey { ekt: Ekt::from_bytes(ekt.into_public()), material_id })
            }
            _ => Err(unfitting()),
        }
    }

    /// `bytes` (1 to 1024) random bytes from the vault's generator.
    pub async fn generate_random(&self, bytes: u32) -> Result<Plaintext, VaultError> {
        self.call(&Request::GenerateRandom(bytes)).await.and_then(plain)
    }

    /// The same key as a token under the active domain key, to be stored in place of the old one.
    pub async fn rewrap(&self, key: &KeyRef) -> Result<Ekt, VaultError> {
        self.call(&Request::Rewrap(key.into())).await.and_then(one).map(Ekt::from_bytes)
    }

    /// Makes a new domain key the active one, and gives its version. Older tokens stay valid. Not repeated
    /// when the vault is lost meanwhile: ask `status` whether it happened.
    pub async fn rotate_domain_key(&self) -> Result<u32, VaultError> {
        match self.call(&Request::RotateDomainKey).await? {
            Answer::DomainKey(version) => Ok(version),
            _ => Err(unfitting()),
        }
    }

    async fn call(&self, request: &Request<'_>) -> Result<Answer, VaultError> {
        self.transport.start(request).await.and_then(fits)
    }
}

/// An answer that says that the request failed is an error.
fn fits(answer: Answer) -> Result<Answer, VaultError> {
    match answer {
        Answer::Failed(error) => Err(error),
        answer => Ok(answer),
    }
}

fn done(answer: Answer) -> Result<(), VaultError> {
    if matches!(answer, Answer::Done) { Ok(()) } else { Err(unfitting()) }
}

fn one(answer: Answer) -> Result<Vec<u8>, VaultError> {
    if let Answer::One(octets) = answer { Ok(octets.into_public()) } else { Err(unfitting()) }
}

fn plain(answer: Answer) -> Result<Plaintext, VaultError> {
    if let Answer::One(octets) = answer { Ok(Plaintext(octets.0)) } else { Err(unfitting()) }
}

fn generated(answer: Answer) -> Result<GeneratedKey, VaultError> {
    let Answer::Key { ekt, public_key } = answer else { return Err(unfitting()) };
    let public_key = public_key.map(Octets::into_public);
    Ok(GeneratedKey { ekt: Ekt::from_bytes(ekt.into_public()), public_key })
}

fn signatures(answer: Answer) -> Result<Vec<Vec<u8>>, VaultError> {
    let Answer::Signatures(signatures) = answer else { return Err(unfitting()) };
    Ok(signatures.into_iter().map(Octets::into_public).collect())
}

fn data_key(answer: Answer) -> Result<DataKey, VaultError> {
    let Answer::DataKey { plaintext, ciphertext, public_key } = answer else { return Err(unfitting()) };
    Ok(DataKey {
        plaintext: plaintext.map(|octets| Plaintext(octets.0)),
        ciphertext: ciphertext.into_public(),
        public_key: public_key.map(Octets::into_public),
    })
}

fn unfitting() -> VaultError {
    VaultError::Internal("the vault's answer does not fit the question".to_owned())
}

/// Cuts a batch into requests of bounded size; a message that is too long for any stands alone.
fn batches<M: AsRef<[u8]>>(messages: &[M]) -> impl Iterator<Item = &[M]> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let mut bytes = 0usize;
        let fitting = rest.iter().take(BATCH_MESSAGES_MAX).take_while(|message| {
            bytes = bytes.saturating_add(message.as_ref().len());
            bytes <= BATCH_BYTES_MAX
        });
        let (batch, after) = rest.split_at_checked(fitting.count().max(1))?;
        rest = after;
        Some(batch)
    })
}

#[cfg(test)]
mod tests;
