//! Public keys: from a token's attributes to SPKI in DER (RFC 5280) and back. No secrets.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED,
    ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, ParsedPublicKey, RsaPublicKeyComponents,
};
use cryptoki::object::{Attribute, AttributeType};

use crate::api::spec::{Curve, KeySpec};
use crate::token::pkcs11::templates::ec_params;
use crate::token::pkcs11::trouble::{Failure, Trouble};

/// The attributes that a public key of this kind consists of.
pub(crate) fn parts(spec: KeySpec) -> &'static [AttributeType] {
    match spec {
        KeySpec::Rsa { .. } => &[AttributeType::Modulus, AttributeType::PublicExponent],
        KeySpec::Ec { .. } => &[AttributeType::EcPoint],
        KeySpec::Aes { .. } | KeySpec::GenericSecret { .. } => &[],
    }
}

/// SPKI from what a token told of a key of this kind; `None` when it told too little, or another kind of key.
pub(crate) fn from_parts(spec: KeySpec, parts: &[Attribute]) -> Option<Vec<u8>> {
    match (spec, parts) {
        (KeySpec::Rsa { bits }, [Attribute::Modulus(n), Attribute::PublicExponent(e)]) => {
            let (n, e) = (without_zeros(n), without_zeros(e));
            let fits = n.len() * 8 == usize::from(bits) && n.first().is_some_and(|byte| byte & 0x80 != 0);
            let der: PublicKeyX509Der<'_> = RsaPublicKeyComponents { n, e }.as_der().ok()?;
            fits.then(|| der.as_ref().to_vec())
        }
        (KeySpec::Ec { curve }, [Attribute::EcPoint(point)]) => {
            // An OCTET STRING in DER (PKCS#11 2.40 section 2.3.4); some modules give the bare point.
            let bare = point_in(point).unwrap_or(point);
            let key = ParsedPublicKey::new(algorithm(curve), bare).ok()?;
            let der: PublicKeyX509Der<'_> = key.as_der().ok()?;
            Some(der.as_ref().to_vec())
        }
        _ => None,
    }
}

/// The attributes of a public key object with this value.
pub(crate) fn to_parts(spec: KeySpec, spki: &[u8]) -> Result<Vec<Attribute>, Failure> {
    let parts = match spec {
        KeySpec::Rsa { .. } => rsa_parts(spki),
        KeySpec::Ec { curve } => ec_parts(curve, spki),
        KeySpec::Aes { .. } | KeySpec::GenericSecret { .. } => None,
    };
    parts.ok_or_else(|| Failure::new(Trouble::BadData, "the public key is not SPKI of its kind"))
}

fn rsa_parts(spki: &[u8]) -> Option<Vec<Attribute>> {
    let key = bit_string(spki)?;
    let (sequence, rest) = element(0x30, key)?;
    let (n, sequence) = element(0x02, sequence)?;
    let (e, sequence) = element(0x02, sequence)?;
    let whole = rest.is_empty() && sequence.is_empty();
    whole.then(|| {
        vec![
            Attribute::Modulus(without_zeros(n).to_vec()),
            Attribute::PublicExponent(without_zeros(e).to_vec()),
        ]
    })
}

fn ec_parts(curve: Curve, spki: &[u8]) -> Option<Vec<Attribute>> {
    let point = bit_string(spki)?;
    let length = u8::try_from(point.len()).ok()?;
    let mut wrapped = if length < 0x80 { vec![0x04, length] } else { vec![0x04, 0x81, length] };
    wrapped.extend_from_slice(point);
    Some(vec![Attribute::EcParams(ec_params(curve)), Attribute::EcPoint(wrapped)])
}

/// The key inside `SEQUENCE { algorithm, BIT STRING }`.
fn bit_string(spki: &[u8]) -> Option<&[u8]> {
    let (body, rest) = element(0x30, spki)?;
    let (_algorithm, body) = element(0x30, body)?;
    let (bits, after) = element(0x03, body)?;
    let key = bits.strip_prefix(&[0])?;
    (rest.is_empty() && after.is_empty()).then_some(key)
}

fn point_in(octets: &[u8]) -> Option<&[u8]> {
    let (point, rest) = element(0x04, octets)?;
    (rest.is_empty() && point.first() == Some(&0x04)).then_some(point)
}

/// One DER element with the given tag, of less than 64 KiB: its content, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    match length {
        0..=0x7f => rest.split_at_checked(usize::from(length)),
        0x81 => {
            let (&[length], rest) = rest.split_first_chunk::<1>()?;
            rest.split_at_checked(usize::from(length))
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        }
        _ => None,
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

pub(crate) fn algorithm(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
        Curve::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED,
    }
}

pub(crate) fn signing_algorithm(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        Curve::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED_SIGNING,
    }
}
