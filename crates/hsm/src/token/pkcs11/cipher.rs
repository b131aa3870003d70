//! Encryption and decryption with a token's keys.

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use zeroize::Zeroizing;

use crate::api::mechanism::{CipherMechanism, Hash};
use crate::token::pkcs11::mechanisms::{digest_bytes, oaep};
use crate::token::pkcs11::objects::Object;
use crate::token::pkcs11::passing::Passing;
use crate::token::pkcs11::trouble::{Failure, Trouble};

const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const TAG_BITS: u64 = 128;

pub(crate) fn encrypt(
    session: &Session,
    key: Object,
    mechanism: CipherMechanism,
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Failure> {
    match mechanism {
        CipherMechanism::AesGcm => {
            key.must_be(ObjectClass::SECRET_KEY, KeyType::AES)?;
            gcm_encrypt(session, key.object, associated, plaintext)
        }
        CipherMechanism::RsaOaep(hash) => {
            key.must_be(ObjectClass::PUBLIC_KEY, KeyType::RSA)?;
            must_fit(session, key.object, hash, plaintext)?;
            Ok(session.encrypt(&oaep(hash), key.object, plaintext)?)
        }
    }
}

pub(crate) fn decrypt(
    session: &Session,
    key: Object,
    mechanism: CipherMechanism,
    associated: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match mechanism {
        CipherMechanism::AesGcm => {
            key.must_be(ObjectClass::SECRET_KEY, KeyType::AES)?;
            gcm_decrypt(session, key.object, associated, ciphertext)
        }
        CipherMechanism::RsaOaep(hash) => {
            key.must_be(ObjectClass::PRIVATE_KEY, KeyType::RSA)?;
            Ok(Zeroizing::new(session.decrypt(&oaep(hash), key.object, ciphertext)?))
        }
    }
}

/// `iv | ciphertext | tag`. The IV is random, from the token's generator. A module that makes it itself (as CloudHSM's
/// does) writes the one that it used over ours, so that what is kept is read back.
pub(crate) fn gcm_encrypt(
    session: &Session,
    key: ObjectHandle,
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Failure> {
    let mut iv = [0; IV_BYTES];
    session.generate_random_slice(&mut iv)?;
    let params = GcmParams::new(&mut iv, associated, TAG_BITS.into())?;
    let sealed = session.encrypt(&Mechanism::AesGcm(params), key, plaintext)?;
    if sealed.len() != plaintext.len() + TAG_BYTES {
        return Err(Failure::new(Trouble::Other, "the module's AES-GCM gave another length"));
    }
    Ok([&iv[..], &sealed].concat())
}

pub(crate) fn gcm_decrypt(
    session: &Session,
    key: ObjectHandle,
    associated: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let too_short = || Failure::new(Trouble::NotAuthentic, "a ciphertext has 28 bytes or more");
    let (iv, sealed) = ciphertext.split_first_chunk::<IV_BYTES>().ok_or_else(too_short)?;
    if sealed.len() < TAG_BYTES {
        return Err(too_short());
    }
    let mut iv = *iv;
    let params = GcmParams::new(&mut iv, associated, TAG_BITS.into())?;
    Ok(Zeroizing::new(session.decrypt(&Mechanism::AesGcm(params), key, sealed)?))
}

/// Proves that the token works: a key of a moment opens what it sealed.
pub(crate) fn prove(session: &Session) -> Result<(), Failure> {
    let template = [
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::ValueLen(32.into()),
    ];
    let key = Passing::new(session, session.generate_key(&Mechanism::AesKeyGen, &template)?);
    let sealed = gcm_encrypt(session, key.object, b"proof", b"proof")?;
    let opened = gcm_decrypt(session, key.object, b"proof", &sealed)?;
    if *opened == b"proof" { Ok(()) } else { Err(Failure::new(Trouble::Other, "the token decrypts wrongly")) }
}

/// OAEP takes the modulus' length less two hashes and two bytes (RFC 8017 section 7.1.1).
fn must_fit(session: &Session, key: ObjectHandle, hash: Hash, plaintext: &[u8]) -> Result<(), Failure> {
    let modulus = match session.get_attributes(key, &[AttributeType::Modulus])?.pop() {
        Some(Attribute::Modulus(modulus)) => modulus.len(),
        _ => 0,
    };
    if plaintext.len() + 2 * digest_bytes(hash) + 2 <= modulus {
        return Ok(());
    }
    Err(Failure::new(Trouble::TooLong, "the plaintext is longer than OAEP takes"))
}
