//! Where an HSM's key objects are and its cryptography happens: our software, or a PKCS#11 token. Server side only.
//!
//! This is the only place with key material. A token knows handles and attributes; who may do what is the instance's to judge,
//! *before* it asks the token. So a token never checks users, flags or limits (a PKCS#11 module will check its own attributes
//! besides). All methods are called from several worker threads at once and must not hold one lock over slow work:
//! `encrypt` and `decrypt` are the hot path and must neither take a write lock nor touch a disk of ours.
//!
//! # Masked form
//!
//! A key leaves a token only *masked*: wrapped by AES key wrap with padding (RFC 5649, `CKM_AES_KEY_WRAP_PAD`) under the
//! cluster's masking key; secret keys as their raw bytes, private keys as PKCS#8 `PrivateKeyInfo` DER. It is the same for all
//! kinds of tokens, so that a cluster may mix them.
//!
//! # What survives a crash
//!
//! The masked records are the truth, and they are durable before anything is acknowledged. At the start the instance compares
//! `handles()` with its records, installs what is missing and removes what is too much. So a token may lose what was
//! installed last (or everything but its masking key), and never needs a transaction with the records.

#[cfg(test)]
pub(crate) mod conformance;
pub(crate) mod pkcs11;
pub(crate) mod software;

use std::fmt;

use zeroize::Zeroizing;

use crate::api::attributes::Attributes;
use crate::api::ids::KeyHandle;
use crate::api::mechanism::{CipherMechanism, SignMechanism, WrapMechanism};
use crate::api::spec::{KeySpec, KeyType};

/// A key that was made or unwrapped, and is nowhere yet but in this value: `install` makes it an object.
pub(crate) struct Generated {
    /// Kind and size, as found.
    pub(crate) spec: KeySpec,
    /// The secret or private key in masked form.
    pub(crate) masked: Vec<u8>,
    /// The public key in SPKI DER, for pairs.
    pub(crate) public_spki: Option<Vec<u8>>,
    /// `CKA_CHECK_VALUE`: AES: the first bytes of the zero block's ciphertext (ECB); generic secrets: of the SHA-1 of the value; private and public
    /// keys: of the SHA-1 of the SPKI.
    pub(crate) check_value: [u8; 3],
}

/// What an object is made of.
#[derive(Clone, Copy)]
pub(crate) enum Material<'a> {
    /// A secret or private key in masked form.
    Masked(&'a [u8]),
    /// A public key in SPKI DER.
    Public(&'a [u8]),
}

/// The key under which a masking key leaves its token inside a backup: AES-256, made by SP 800-108 from the fleet key and the
/// backup's header, held for the moment of the backup only.
pub(crate) struct BackupKey(pub(crate) Zeroizing<[u8; 32]>);

/// The handle under which the instance installs the cluster's own private key (the certificate's). No key of a user gets one
/// below [`USER_HANDLE_MIN`].
pub(crate) const CLUSTER_KEY_HANDLE: KeyHandle = KeyHandle(1);
/// The lowest handle of a user's key.
pub(crate) const USER_HANDLE_MIN: u64 = 1 << 18;

/// A place for key objects. See the module's head for what the instance promises and expects.
pub(crate) trait Token: Send + Sync + 'static {
    /// `software` or `pkcs11`, for the status.
    fn kind(&self) -> &'static str;

    /// Fills `out` from the token's generator.
    fn random(&self, out: &mut [u8]) -> Result<(), TokenError>;

    /// Whether there is a masking key: a token without one is blank.
    fn has_masking_key(&self) -> Result<bool, TokenError>;

    /// Makes the masking key (AES-256) of a new cluster; durable when this returns. A token that has one keeps it and fails.
    fn make_masking_key(&self) -> Result<(), TokenError>;

    /// The masking key wrapped (RFC 5649) under the backup key.
    fn export_masking_key(&self, under: &BackupKey) -> Result<Vec<u8>, TokenError>;

    /// Takes over a masking key that another token exported; durable when this returns. Doing it twice with the same one
    /// changes nothing; a token with another one keeps it and fails.
    fn import_masking_key(&self, under: &BackupKey, wrapped: &[u8]) -> Result<(), TokenError>;

    /// Forgets all objects and the masking key.
    fn erase(&self) -> Result<(), TokenError>;

    /// As [`Self::erase`], before the HSM itself is destroyed: a token that is somebody else's is given back.
    fn retire(&self) -> Result<(), TokenError> {
        self.erase()
    }

    /// Seals a record's body under the masking key: AES-256-GCM, `nonce (12, random) | ciphertext | tag (16)`.
    fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, TokenError>;

    /// Opens what any token with the same masking key sealed. [`TokenError::InvalidCiphertext`] when it was changed.
    fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError>;

    /// Makes a key or a pair, and gives it in masked form. It is no object yet.
    fn generate(&self, spec: KeySpec) -> Result<Generated, TokenError>;

    /// Makes a masked key, or a public one, an object of this token under this handle. Doing it twice changes nothing.
    fn install(
        &self,
        handle: KeyHandle,
        attributes: &Attributes,
        material: Material<'_>,
    ) -> Result<(), TokenError>;

    /// Brings an object's label, id and flags to these; those that the token can not hold are left out.
    fn set_attributes(&self, handle: KeyHandle, attributes: &Attributes) -> Result<(), TokenError>;

    /// Destroys an object; one that is not there is no error.
    fn remove(&self, handle: KeyHandle) -> Result<(), TokenError>;

    /// The handles of all objects, the cluster key's among them.
    fn handles(&self) -> Result<Vec<KeyHandle>, TokenError>;

    /// Encrypts. AES-GCM gives `iv (12, made here) | ciphertext | tag (16)`; `associated` is AES-GCM's and empty otherwise.
    fn encrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, TokenError>;

    /// Decrypts what `encrypt` made.
    fn decrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError>;

    /// Signs, or makes a MAC of, a message of any length; the token hashes it, or has it hashed.
    fn sign(&self, key: KeyHandle, mechanism: SignMechanism, message: &[u8]) -> Result<Vec<u8>, TokenError>;

    /// Verifies with the public key, or the MAC's secret key. [`TokenError::InvalidSignature`] when it is wrong.
    fn verify(
        &self,
        key: KeyHandle,
        mechanism: SignMechanism,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError>;

    /// Wraps one object under another.
    fn wrap(
        &self,
        wrapping: KeyHandle,
        mechanism: WrapMechanism,
        target: KeyHandle,
    ) -> Result<Vec<u8>, TokenError>;

    /// Unwraps a key (raw bytes, or PKCS#8 for private keys) and gives it in masked form. It is no object yet.
    fn unwrap(
        &self,
        unwrapping: KeyHandle,
        mechanism: WrapMechanism,
        wrapped: &[u8],
        key_type: KeyType,
    ) -> Result<Generated, TokenError>;
}

/// Why a token failed. No text carries key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// There is no such object.
    NoSuchKey,
    /// The token has no such mechanism, key type or size: which.
    Unsupported(String),
    /// The object is not one for this mechanism: a public key to decrypt, an AES key to sign.
    KeyType,
    /// Not authentic, or under another key.
    InvalidCiphertext,
    /// Not a signature of this message.
    InvalidSignature,
    /// The plaintext is longer than the mechanism or the token takes.
    TooLong,
    /// There is no masking key yet, or there is another one already.
    MaskingKey,
    /// The token has no room for another object.
    Full,
    /// The token is out of sessions or devices for the moment.
    Busy,
    /// The token failed: its own words, for the log.
    Failed(String),
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchKey => "there is no such object",
            Self::Unsupported(what) => return write!(f, "it does not have: {what}"),
            Self::KeyType => "the object is not one for this",
            Self::InvalidCiphertext => "the data is not authentic",
            Self::InvalidSignature => "the signature is not valid",
            Self::TooLong => "the data is too long",
            Self::MaskingKey => "there is no masking key, or another one",
            Self::Full => "there is no room",
            Self::Busy => "it is busy",
            Self::Failed(cause) => cause,
        })
    }
}
