//! What can be done with a key: mechanisms by PKCS#11's names, with the few parameters that callers choose.

use serde::{Deserialize, Serialize};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hash {
    /// SHA-1, for OAEP and verification of old signatures.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// How to encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CipherMechanism {
    /// `CKM_AES_GCM` with a 12-byte IV that the HSM makes and a 16-byte tag: `iv | ciphertext | tag`.
    AesGcm,
    /// `CKM_RSA_PKCS_OAEP` with MGF1 of the same hash, no label. The public key encrypts, the private one decrypts.
    RsaOaep(Hash),
}

/// How to sign or authenticate. The message itself is given; the token hashes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignMechanism {
    /// `CKM_SHAn_RSA_PKCS`.
    RsaPkcs1(Hash),
    /// `CKM_SHAn_RSA_PKCS_PSS`, MGF1 of the same hash, salt as long as the hash.
    RsaPss(Hash),
    /// `CKM_ECDSA_SHAn`; the signature is `r | s`, each as long as the curve's order.
    Ecdsa(Hash),
    /// `CKM_SHAn_HMAC`, not shortened.
    Hmac(Hash),
}

/// How to wrap a key under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WrapMechanism {
    /// RFC 3394 (`CKM_AES_KEY_WRAP`; CloudHSM CLI: `aes-no-pad`): the key's length is a multiple of 8 bytes.
    AesKeyWrap,
    /// RFC 5649 (`CKM_AES_KEY_WRAP_PAD`/`_KWP`; CloudHSM CLI: `aes-zero-pad`).
    AesKeyWrapPad,
    /// `CKM_RSA_PKCS_OAEP` with MGF1 of the same hash: secret keys only. The public key wraps, the private one unwraps.
    RsaOaep(Hash),
}
