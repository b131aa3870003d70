//! The cluster's masking key as a token object: made, taken over, handed out inside a backup; and sealing with it.
//!
//! It is sensitive, so that its value is never read, and extractable, so that it can be wrapped under a backup key. It
//! wraps and unwraps keys (their masked form) and encrypts and decrypts record bodies.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use zeroize::Zeroizing;

use crate::token::BackupKey;
use crate::token::pkcs11::cipher;
use crate::token::pkcs11::objects::{self, MASKING_ID, MASKING_LABEL, Objects};
use crate::token::pkcs11::passing::Passing;
use crate::token::pkcs11::sessions::Lent;
use crate::token::pkcs11::trouble::{Failure, Trouble};

/// The masking key's object.
pub(crate) fn find(objects: &Objects, lent: &Lent<'_>) -> Result<Option<ObjectHandle>, Failure> {
    Ok(objects.with_id(lent, MASKING_ID)?.map(|found| found.object))
}

/// Makes it.
pub(crate) fn make(session: &Session) -> Result<(), Failure> {
    let mut template = template(true);
    template.push(Attribute::ValueLen(32.into()));
    let key = session.generate_key(&Mechanism::AesKeyGen, &template)?;
    objects::commit(session, key, MASKING_ID)
}

/// Wraps it under a backup key.
pub(crate) fn export(
    session: &Session,
    masking: ObjectHandle,
    under: &BackupKey,
) -> Result<Vec<u8>, Failure> {
    let backup_key = load(session, under)?;
    Ok(session.wrap_key(&Mechanism::AesKeyWrapPad, backup_key.object, masking)?)
}

/// Unwraps what [`export`] made, as the masking key of this token.
pub(crate) fn import(session: &Session, under: &BackupKey, wrapped: &[u8]) -> Result<(), Failure> {
    let key = unwrap(session, under, wrapped, true)?;
    objects::commit(session, key, MASKING_ID)
}

/// Whether what [`export`] made is the masking key that is there.
pub(crate) fn is_same(
    session: &Session,
    masking: ObjectHandle,
    under: &BackupKey,
    wrapped: &[u8],
) -> Result<bool, Failure> {
    let other = Passing::new(session, unwrap(session, under, wrapped, false)?);
    let ours = session.encrypt(&Mechanism::AesEcb, masking, &[0; 16])?;
    Ok(ours == session.encrypt(&Mechanism::AesEcb, other.object, &[0; 16])?)
}

/// Seals a record's body: `nonce (12) | ciphertext | tag (16)`.
pub(crate) fn seal(
    session: &Session,
    masking: ObjectHandle,
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Failure> {
    cipher::gcm_encrypt(session, masking, associated, plain)
}

/// Opens what [`seal`] made.
pub(crate) fn open(
    session: &Session,
    masking: ObjectHandle,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    cipher::gcm_decrypt(session, masking, associated, sealed)
}

fn unwrap(
    session: &Session,
    under: &BackupKey,
    wrapped: &[u8],
    stays: bool,
) -> Result<ObjectHandle, Failure> {
    // The masking key is an AES-256 key: 32 bytes, and 8 more for the wrapping.
    if wrapped.len() != 40 {
        return Err(Failure::new(Trouble::NotAuthentic, "a wrapped masking key has 40 bytes"));
    }
    let backup_key = load(session, under)?;
    Ok(session.unwrap_key(&Mechanism::AesKeyWrapPad, backup_key.object, wrapped, &template(stays))?)
}

fn load<'a>(session: &'a Session, under: &BackupKey) -> Result<Passing<'a>, Failure> {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        Attribute::Value(under.0.to_vec()),
    ];
    Ok(Passing::new(session, session.create_object(&template)?))
}

fn template(stays: bool) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Label(MASKING_LABEL.as_bytes().to_vec()),
        Attribute::Token(stays),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(true),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
    ]
}
