//! Our mechanisms as PKCS#11's, with their parameters.

use aws_lc_rs::digest;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::KeyType;
use cryptoki::types::Ulong;

use crate::api::mechanism::{Hash, SignMechanism, WrapMechanism};
use crate::api::spec::Curve;

/// How a signature is made: the mechanism, and what is given to it.
pub(crate) struct Signing<'a> {
    pub(crate) mechanism: Mechanism<'a>,
    /// The key type that it takes; modules answer a wrong one in all kinds of ways.
    pub(crate) key_type: KeyType,
    /// The hash that we make ourselves, where the mechanism takes one.
    pub(crate) prehash: Option<Hash>,
}

/// SoftHSM 2 has `CKM_ECDSA` but none of `CKM_ECDSA_SHAn`, so that the hash of an ECDSA signature is made here.
pub(crate) fn signing(mechanism: SignMechanism) -> Signing<'static> {
    let (mechanism, key_type, prehash) = match mechanism {
        SignMechanism::RsaPkcs1(hash) => (rsa_pkcs1(hash), KeyType::RSA, None),
        SignMechanism::RsaPss(hash) => (Mechanism::RsaPkcsPss(pss(hash)), KeyType::RSA, Some(hash)),
        SignMechanism::Ecdsa(hash) => (Mechanism::Ecdsa, KeyType::EC, Some(hash)),
        SignMechanism::Hmac(hash) => (hmac(hash), KeyType::GENERIC_SECRET, None),
    };
    Signing { mechanism, key_type, prehash }
}

/// How a key is wrapped, and the type of the key that it is wrapped or unwrapped with.
pub(crate) fn wrapping(mechanism: WrapMechanism) -> (Mechanism<'static>, KeyType) {
    match mechanism {
        WrapMechanism::AesKeyWrap => (Mechanism::AesKeyWrap, KeyType::AES),
        WrapMechanism::AesKeyWrapPad => (Mechanism::AesKeyWrapPad, KeyType::AES),
        WrapMechanism::RsaOaep(hash) => (oaep(hash), KeyType::RSA),
    }
}

/// Hashes outside of the token.
pub(crate) fn digest(hash: Hash, message: &[u8]) -> digest::Digest {
    digest::digest(algorithm(hash), message)
}

/// The length of a hash.
pub(crate) fn digest_bytes(hash: Hash) -> usize {
    algorithm(hash).output_len
}

/// The width of a coordinate.
pub(crate) fn coordinate_bytes(curve: Curve) -> usize {
    match curve {
        Curve::P256 | Curve::Secp256k1 => 32,
        Curve::P384 => 48,
        Curve::P521 => 66,
    }
}

/// The hash that is as strong as the curve.
pub(crate) fn own_hash(curve: Curve) -> Hash {
    match curve {
        Curve::P256 | Curve::Secp256k1 => Hash::Sha256,
        Curve::P384 => Hash::Sha384,
        Curve::P521 => Hash::Sha512,
    }
}

/// OAEP with MGF1 of the same hash and no label.
pub(crate) fn oaep(hash: Hash) -> Mechanism<'static> {
    Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash_type(hash), mgf1(hash), PkcsOaepSource::empty()))
}

fn rsa_pkcs1(hash: Hash) -> Mechanism<'static> {
    match hash {
        Hash::Sha1 => Mechanism::Sha1RsaPkcs,
        Hash::Sha224 => Mechanism::Sha224RsaPkcs,
        Hash::Sha256 => Mechanism::Sha256RsaPkcs,
        Hash::Sha384 => Mechanism::Sha384RsaPkcs,
        Hash::Sha512 => Mechanism::Sha512RsaPkcs,
    }
}

fn hmac(hash: Hash) -> Mechanism<'static> {
    match hash {
        Hash::Sha1 => Mechanism::Sha1Hmac,
        Hash::Sha224 => Mechanism::Sha224Hmac,
        Hash::Sha256 => Mechanism::Sha256Hmac,
        Hash::Sha384 => Mechanism::Sha384Hmac,
        Hash::Sha512 => Mechanism::Sha512Hmac,
    }
}

/// `CKM_RSA_PKCS_PSS` over a hash that we made: the mechanisms that hash themselves lack SHA-224 in cryptoki.
fn pss(hash: Hash) -> PkcsPssParams {
    let salt = algorithm(hash).output_len as u64;
    PkcsPssParams { hash_alg: hash_type(hash), mgf: mgf1(hash), s_len: Ulong::from(salt) }
}

fn hash_type(hash: Hash) -> MechanismType {
    match hash {
        Hash::Sha1 => MechanismType::SHA1,
        Hash::Sha224 => MechanismType::SHA224,
        Hash::Sha256 => MechanismType::SHA256,
        Hash::Sha384 => MechanismType::SHA384,
        Hash::Sha512 => MechanismType::SHA512,
    }
}

fn mgf1(hash: Hash) -> PkcsMgfType {
    match hash {
        Hash::Sha1 => PkcsMgfType::MGF1_SHA1,
        Hash::Sha224 => PkcsMgfType::MGF1_SHA224,
        Hash::Sha256 => PkcsMgfType::MGF1_SHA256,
        Hash::Sha384 => PkcsMgfType::MGF1_SHA384,
        Hash::Sha512 => PkcsMgfType::MGF1_SHA512,
    }
}

fn algorithm(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha224 => &digest::SHA224,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    }
}
