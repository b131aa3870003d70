//! Signatures and MACs with a token's keys.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{KeyType, ObjectClass};
use cryptoki::session::Session;

use crate::api::mechanism::SignMechanism;
use crate::token::pkcs11::mechanisms::{Signing, digest, signing};
use crate::token::pkcs11::objects::Object;
use crate::token::pkcs11::trouble::Failure;

pub(crate) fn sign(
    session: &Session,
    key: Object,
    mechanism: SignMechanism,
    message: &[u8],
) -> Result<Vec<u8>, Failure> {
    let how = signing(mechanism);
    key.must_be(class(&how, ObjectClass::PRIVATE_KEY), how.key_type)?;
    given(&how, message, |mechanism, data| Ok(session.sign(mechanism, key.object, data)?))
}

pub(crate) fn verify(
    session: &Session,
    key: Object,
    mechanism: SignMechanism,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    let how = signing(mechanism);
    key.must_be(class(&how, ObjectClass::PUBLIC_KEY), how.key_type)?;
    given(&how, message, |mechanism, data| Ok(session.verify(mechanism, key.object, data, signature)?))
}

/// Hands over the message, or its hash where the mechanism takes that.
fn given<T>(
    how: &Signing<'_>,
    message: &[u8],
    work: impl FnOnce(&Mechanism<'_>, &[u8]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match how.prehash {
        Some(hash) => work(&how.mechanism, digest(hash, message).as_ref()),
        None => work(&how.mechanism, message),
    }
}

/// A MAC has one secret key for both; a pair has one of this class for this side.
fn class(how: &Signing<'_>, of_pair: ObjectClass) -> ObjectClass {
    if how.key_type == KeyType::GENERIC_SECRET { ObjectClass::SECRET_KEY } else { of_pair }
}
