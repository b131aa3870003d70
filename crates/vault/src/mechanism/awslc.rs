//! What aws-lc has and aws-lc-rs gives no safe interface for: Ed25519ph, ML-DSA over an external μ, and ML-KEM
//! keys that are kept as their seed. Nothing else belongs here: whatever aws-lc-rs offers is taken from it.
//!
//! This is the mechanisms' only module with `unsafe`. Every call hands over slices with their own lengths, or
//! arrays of the lengths that the C header names; keys and contexts are freed by their owners' `Drop`.
#![expect(unsafe_code, reason = "aws-lc-rs has no safe interface for these functions")]

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use aws_lc_sys as c;
use zeroize::Zeroizing;

use crate::api::error::VaultError;
use crate::mechanism::Secret;

/// More than any key here takes in DER: an expanded ML-KEM-1024 key has 3168 bytes.
const DER_BYTES_MAX: usize = 8192;
/// FIPS 203: every parameter set's secret has 32 bytes.
const KEM_SECRET_BYTES: usize = 32;

/// Signs with Ed25519ph and an empty context; the private key is the seed, then the public key.
pub(crate) fn ed25519ph_sign(message: &[u8], private: &[u8; 64]) -> Result<[u8; 64], VaultError> {
    let mut signature = [0; 64];
    // SAFETY: signature and private key have the 64 bytes that the header asks for, the message is passed with
    // its length, and an empty context may be null.
    let status = unsafe {
        let (out, message_at) = (signature.as_mut_ptr(), message.as_ptr());
        c::ED25519ph_sign(out, message_at, message.len(), private.as_ptr(), ptr::null(), 0)
    };
    done(status).map(|()| signature)
}

/// Verifies a signature of Ed25519ph with an empty context.
pub(crate) fn ed25519ph_verify(
    message: &[u8],
    signature: &[u8; 64],
    public: &[u8; 32],
) -> Result<(), VaultError> {
    // SAFETY: signature and public key have the 64 and 32 bytes that the header asks for, the message is passed
    // with its length, and an empty context may be null.
    let status = unsafe {
        let (signature, public) = (signature.as_ptr(), public.as_ptr());
        c::ED25519ph_verify(message.as_ptr(), message.len(), signature, public, ptr::null(), 0)
    };
    if status == 1 { Ok(()) } else { Err(VaultError::InvalidSignature) }
}

/// Which kind of key a PKCS#8 document must hold.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// ML-DSA.
    Signature,
    /// ML-KEM.
    Kem,
}

/// A parameter set of ML-KEM.
#[derive(Clone, Copy)]
pub(crate) enum Kem {
    /// ML-KEM-512.
    MlKem512,
    /// ML-KEM-768.
    MlKem768,
    /// ML-KEM-1024.
    MlKem1024,
}

/// A private key that aws-lc holds, and wipes when it is freed.
pub(crate) struct PrivateKey(NonNull<c::EVP_PKEY>);

// SAFETY: an EVP_PKEY is not bound to a thread, and its reference count is atomic.
unsafe impl Send for PrivateKey {}
// SAFETY: nothing here changes the key after it was made; the operations work on contexts of their own, and
// aws-lc allows that from several threads at once.
unsafe impl Sync for PrivateKey {}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        // SAFETY: the pointer came from aws-lc, was not freed yet, and is not used again.
        unsafe { c::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

impl PrivateKey {
    /// Reads a PKCS#8 document, to its last byte.
    pub(crate) fn from_pkcs8(kind: Kind, der: &[u8]) -> Result<Self, VaultError> {
        let mut reader = c::CBS { data: der.as_ptr(), len: der.len() };
        // SAFETY: the reader spans the slice, which outlives the call.
        let key = unsafe { c::EVP_parse_private_key(&raw mut reader) };
        let key = NonNull::new(key).map(Self).ok_or_else(rejected)?;
        let expected = match kind {
            Kind::Signature => c::EVP_PKEY_PQDSA,
            Kind::Kem => c::EVP_PKEY_KEM,
        };
        // SAFETY: the key is alive.
        let found = unsafe { c::EVP_PKEY_id(key.0.as_ptr()) };
        if found == expected && reader.len == 0 { Ok(key) } else { Err(rejected()) }
    }

    /// Makes an ML-KEM key, which remembers its seed.
    pub(crate) fn generate_kem(kem: Kem) -> Result<Self, VaultError> {
        let parameters = match kem {
            Kem::MlKem512 => c::NID_MLKEM512,
            Kem::MlKem768 => c::NID_MLKEM768,
            Kem::MlKem1024 => c::NID_MLKEM1024,
        };
        // SAFETY: no engine is asked for.
        let context = Context::own(unsafe { c::EVP_PKEY_CTX_new_id(c::EVP_PKEY_KEM, ptr::null_mut()) })?;
        let mut key = ptr::null_mut();
        // SAFETY: the context is alive; keygen makes a key where it finds null, and it is ours then.
        unsafe {
            done(c::EVP_PKEY_keygen_init(context.0.as_ptr()))?;
            done(c::EVP_PKEY_CTX_kem_set_params(context.0.as_ptr(), parameters))?;
            done(c::EVP_PKEY_keygen(context.0.as_ptr(), &raw mut key))?;
        }
        NonNull::new(key).map(Self).ok_or_else(failed)
    }

    /// The private key as PKCS#8 DER: its seed, where it knows it.
    pub(crate) fn to_pkcs8(&self) -> Result<Secret, VaultError> {
        // SAFETY: both pointers are alive for the call.
        let der = written(|out| unsafe { c::EVP_marshal_private_key(out, self.0.as_ptr()) })?;
        Ok(Secret::new(der.to_vec()))
    }

    /// The public key as SPKI DER.
    pub(crate) fn spki(&self) -> Result<Vec<u8>, VaultError> {
        // SAFETY: both pointers are alive for the call.
        let der = written(|out| unsafe { c::EVP_marshal_public_key(out, self.0.as_ptr()) })?;
        Ok(der.to_vec())
    }

    /// Signs what the caller has prepared (ML-DSA's μ), and answers how much of `signature` was written.
    pub(crate) fn sign_prepared(&self, mu: &[u8], signature: &mut [u8]) -> Result<usize, VaultError> {
        let context = Context::of(self)?;
        let mut length = signature.len();
        // SAFETY: the context is alive, and both slices are passed with their lengths.
        unsafe {
            done(c::EVP_PKEY_sign_init(context.0.as_ptr()))?;
            let out = signature.as_mut_ptr();
            done(c::EVP_PKEY_sign(context.0.as_ptr(), out, &raw mut length, mu.as_ptr(), mu.len()))?;
        }
        Ok(length)
    }

    /// Verifies a signature of what the caller has prepared.
    pub(crate) fn verify_prepared(&self, mu: &[u8], signature: &[u8]) -> Result<(), VaultError> {
        let context = Context::of(self)?;
        // SAFETY: the context is alive, and both slices are passed with their lengths.
        let status = unsafe {
            done(c::EVP_PKEY_verify_init(context.0.as_ptr()))?;
            let at = signature.as_ptr();
            c::EVP_PKEY_verify(context.0.as_ptr(), at, signature.len(), mu.as_ptr(), mu.len())
        };
        if status == 1 { Ok(()) } else { Err(VaultError::InvalidSignature) }
    }

    /// A fresh secret, and its ciphertext of `ciphertext_bytes`.
    pub(crate) fn encapsulate(
        &self,
        ciphertext_bytes: usize,
    ) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), VaultError> {
        let context = Context::of(self)?;
        let (mut secret, mut ciphertext) =
            (Zeroizing::new(vec![0; KEM_SECRET_BYTES]), vec![0; ciphertext_bytes]);
        let (mut secret_length, mut length) = (secret.len(), ciphertext.len());
        // SAFETY: the context is alive; aws-lc refuses buffers that are too short for the lengths given.
        done(unsafe {
            let (out, secret) = (ciphertext.as_mut_ptr(), secret.as_mut_ptr());
            let lengths = (&raw mut length, &raw mut secret_length);
            c::EVP_PKEY_encapsulate(context.0.as_ptr(), out, lengths.0, secret, lengths.1)
        })?;
        if (length, secret_length) == (ciphertext.len(), secret.len()) {
            Ok((secret, ciphertext))
        } else {
            Err(failed())
        }
    }

    /// The secret of a ciphertext that has its parameter set's length.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let context = Context::of(self)?;
        let mut secret = Zeroizing::new(vec![0; KEM_SECRET_BYTES]);
        let mut length = secret.len();
        // SAFETY: the context is alive; the ciphertext is passed with its length, and aws-lc refuses a buffer
        // that is too short for the length given.
        done(unsafe {
            let (out, at) = (secret.as_mut_ptr(), ciphertext.as_ptr());
            c::EVP_PKEY_decapsulate(context.0.as_ptr(), out, &raw mut length, at, ciphertext.len())
        })?;
        if length == secret.len() { Ok(secret) } else { Err(failed()) }
    }
}

/// One operation's state.
struct Context(NonNull<c::EVP_PKEY_CTX>);

impl Context {
    /// A context that uses `key`; it counts as one of the key's owners.
    fn of(key: &PrivateKey) -> Result<Self, VaultError> {
        // SAFETY: the key is alive, and no engine is asked for.
        Self::own(unsafe { c::EVP_PKEY_CTX_new(key.0.as_ptr(), ptr::null_mut()) })
    }

    fn own(context: *mut c::EVP_PKEY_CTX) -> Result<Self, VaultError> {
        NonNull::new(context).map(Self).ok_or_else(failed)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the pointer came from aws-lc, was not freed yet, and is not used again.
        unsafe { c::EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

/// What `write` puts into a buffer of fixed size, which is wiped: no copy is left behind by a growing one.
fn written(write: impl FnOnce(*mut c::CBB) -> i32) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut buffer = Zeroizing::new(vec![0; DER_BYTES_MAX]);
    let mut writer = MaybeUninit::<c::CBB>::zeroed();
    let (mut start, mut length) = (ptr::null_mut(), 0);
    // SAFETY: the buffer outlives the writer and is passed with its length; a writer over a fixed buffer owns
    // no memory, so nothing has to be freed when a step fails.
    unsafe {
        done(c::CBB_init_fixed(writer.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len()))?;
        done(write(writer.as_mut_ptr()))?;
        done(c::CBB_finish(writer.as_mut_ptr(), &raw mut start, &raw mut length))?;
    }
    buffer.truncate(length);
    Ok(buffer)
}

fn done(status: i32) -> Result<(), VaultError> {
    if status == 1 { Ok(()) } else { Err(failed()) }
}

fn failed() -> VaultError {
    VaultError::Internal("aws-lc failed".to_owned())
}

fn rejected() -> VaultError {
    VaultError::Internal("key material rejected: not a key of this kind".to_owned())
}
