//! Attributes as PKCS#11 templates: of keys that pass through (session objects) and of keys that stay (token objects).
//!
//! A key that passes through can be masked, and so is extractable for as long as it takes; it is sensitive always. What stays is
//! as extractable as its attributes say. `modifiable`, `destroyable`, `trusted`, `wrap-with-trusted` and the three
//! that tell a key's history (`local`, `always-sensitive`, `never-extractable`) are the HSM's, not its token's: an unwrapped
//! object has no history, and setting `CKA_TRUSTED` takes the security officer.

use cryptoki::object::{Attribute, KeyType as TokenKeyType, ObjectClass};
use cryptoki::types::Ulong;

use crate::api::attributes::{Attributes, Flag, Flags, KeyClass};
use crate::api::ids::KeyHandle;
use crate::api::spec::{Curve, KeySpec, KeyType};

/// `CKA_ID` of our keys: the handle, big-endian.
pub(crate) fn id(handle: KeyHandle) -> Vec<u8> {
    handle.0.to_be_bytes().to_vec()
}

/// The handle that a `CKA_ID` is, if it is one of ours.
pub(crate) fn handle(id: &[u8]) -> Option<KeyHandle> {
    id.try_into().ok().map(u64::from_be_bytes).map(KeyHandle)
}

pub(crate) fn class(class: KeyClass) -> ObjectClass {
    match class {
        KeyClass::Secret => ObjectClass::SECRET_KEY,
        KeyClass::Public => ObjectClass::PUBLIC_KEY,
        KeyClass::Private => ObjectClass::PRIVATE_KEY,
    }
}

pub(crate) fn key_type(key_type: KeyType) -> TokenKeyType {
    match key_type {
        KeyType::Aes => TokenKeyType::AES,
        KeyType::GenericSecret => TokenKeyType::GENERIC_SECRET,
        KeyType::Rsa => TokenKeyType::RSA,
        KeyType::Ec => TokenKeyType::EC,
    }
}

/// `CKA_EC_PARAMS`: the curve's object identifier in DER.
pub(crate) fn ec_params(curve: Curve) -> Vec<u8> {
    match curve {
        Curve::P256 => vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => vec![0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => vec![0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
        Curve::Secp256k1 => vec![0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a],
    }
}

/// A secret or private key that passes through: it is masked, described, and gone.
pub(crate) fn passing(key_class: KeyClass, of_type: KeyType) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(class(key_class)),
        Attribute::KeyType(key_type(of_type)),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(true),
    ];
    // What describing it takes: the check value of an AES key, the public key of an EC key.
    match of_type {
        KeyType::Aes => template.push(Attribute::Encrypt(true)),
        KeyType::Ec => template.extend([Attribute::Sign(true), Attribute::Derive(true)]),
        KeyType::Rsa | KeyType::GenericSecret => {}
    }
    template
}

/// What a key that is to be made has besides: its length or curve.
pub(crate) fn size(spec: KeySpec) -> Vec<Attribute> {
    match spec {
        KeySpec::Aes { bytes } | KeySpec::GenericSecret { bytes } => {
            vec![Attribute::ValueLen(Ulong::from(u64::from(bytes)))]
        }
        KeySpec::Rsa { bits } => {
            vec![
                Attribute::ModulusBits(Ulong::from(u64::from(bits))),
                Attribute::PublicExponent(vec![1, 0, 1]),
            ]
        }
        KeySpec::Ec { curve } => vec![Attribute::EcParams(ec_params(curve))],
    }
}

/// A secret or private key that stays. It gets its id when it is complete.
pub(crate) fn staying(attributes: &Attributes) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(class(attributes.class)),
        Attribute::KeyType(key_type(attributes.spec.key_type())),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(attributes.has(Flag::Extractable)),
    ];
    template.extend(changeable(attributes));
    template
}

/// A public key that stays; its value comes besides.
pub(crate) fn staying_public(attributes: &Attributes) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(key_type(attributes.spec.key_type())),
        Attribute::Token(true),
        Attribute::Private(true),
    ];
    template.extend(changeable(attributes));
    template
}

/// What `C_SetAttributeValue` may change later: the label and what the key may be used for.
pub(crate) fn changeable(attributes: &Attributes) -> Vec<Attribute> {
    let mut template = vec![Attribute::Label(attributes.label.clone().into_bytes())];
    template.extend(uses(attributes.class, attributes.flags));
    template
}

/// The uses that this class of object has at all, each said outright: modules' defaults differ.
fn uses(class: KeyClass, flags: Flags) -> Vec<Attribute> {
    let of = |flag| flags.has(flag);
    match class {
        KeyClass::Secret => vec![
            Attribute::Encrypt(of(Flag::Encrypt)),
            Attribute::Decrypt(of(Flag::Decrypt)),
            Attribute::Sign(of(Flag::Sign)),
            Attribute::Verify(of(Flag::Verify)),
            Attribute::Wrap(of(Flag::Wrap)),
            Attribute::Unwrap(of(Flag::Unwrap)),
            Attribute::Derive(of(Flag::Derive)),
        ],
        KeyClass::Private => vec![
            Attribute::Decrypt(of(Flag::Decrypt)),
            Attribute::Sign(of(Flag::Sign)),
            Attribute::Unwrap(of(Flag::Unwrap)),
            Attribute::Derive(of(Flag::Derive)),
        ],
        KeyClass::Public => vec![
            Attribute::Encrypt(of(Flag::Encrypt)),
            Attribute::Verify(of(Flag::Verify)),
            Attribute::Wrap(of(Flag::Wrap)),
            Attribute::Derive(of(Flag::Derive)),
        ],
    }
}
