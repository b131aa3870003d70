//! Making keys and taking keys in: as session objects that are masked at once, and are gone after that.

use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair, UnparsedPublicKey};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::object::{Attribute, AttributeType, KeyType as TokenKeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use crate::api::attributes::KeyClass;
use crate::api::mechanism::Hash;
use crate::api::spec::{Curve, KeySpec, KeyType};
use crate::token::Generated;
use crate::token::pkcs11::mechanisms::{self, digest};
use crate::token::pkcs11::passing::Passing;
use crate::token::pkcs11::trouble::{Failure, Trouble};
use crate::token::pkcs11::{spki, templates};

/// Makes a key or a pair, and masks it.
pub(crate) fn generate(
    session: &Session,
    masking: ObjectHandle,
    spec: KeySpec,
) -> Result<Generated, Failure> {
    if spec.is_pair() {
        generate_pair(session, masking, spec)
    } else {
        generate_secret(session, masking, spec)
    }
}

fn generate_secret(session: &Session, masking: ObjectHandle, spec: KeySpec) -> Result<Generated, Failure> {
    let mut template = templates::passing(KeyClass::Secret, spec.key_type());
    template.extend(templates::size(spec));
    let mechanism = match spec {
        KeySpec::Aes { .. } => Mechanism::AesKeyGen,
        _ => Mechanism::GenericSecretKeyGen,
    };
    let key = Passing::new(session, session.generate_key(&mechanism, &template)?);
    let masked = mask(session, masking, key.object)?;
    let check_value = secret_check_value(session, spec.key_type(), key.object)?;
    Ok(Generated { spec, masked, public_spki: None, check_value })
}

fn generate_pair(session: &Session, masking: ObjectHandle, spec: KeySpec) -> Result<Generated, Failure> {
    let mut public = vec![Attribute::Token(false), Attribute::Verify(true)];
    public.extend(templates::size(spec));
    let private = templates::passing(KeyClass::Private, spec.key_type());
    let mechanism = match spec {
        KeySpec::Rsa { .. } => Mechanism::RsaPkcsKeyPairGen,
        _ => Mechanism::EccKeyPairGen,
    };
    let (public, private) = session.generate_key_pair(&mechanism, &public, &private)?;
    let (public, private) = (Passing::new(session, public), Passing::new(session, private));
    let masked = mask(session, masking, private.object)?;
    let parts = session.get_attributes(public.object, spki::parts(spec))?;
    let spki = spki::from_parts(spec, &parts).ok_or_else(|| {
        Failure::new(Trouble::Other, "the module made a pair without a public key of its kind")
    })?;
    Ok(of_pair(spec, masked, spki))
}

/// Unwraps a key under another, and masks it.
pub(crate) fn unwrap(
    session: &Session,
    masking: ObjectHandle,
    unwrapping: ObjectHandle,
    mechanism: &Mechanism<'_>,
    wrapped: &[u8],
    key_type: KeyType,
) -> Result<Generated, Failure> {
    let is_pair = matches!(key_type, KeyType::Rsa | KeyType::Ec);
    let class = if is_pair { KeyClass::Private } else { KeyClass::Secret };
    let template = templates::passing(class, key_type);
    let key = Passing::new(session, session.unwrap_key(mechanism, unwrapping, wrapped, &template)?);
    let masked = mask(session, masking, key.object)?;
    match key_type {
        KeyType::Aes | KeyType::GenericSecret => {
            let spec = secret_spec(session, key_type, key.object, &masked)?;
            let check_value = secret_check_value(session, key_type, key.object)?;
            Ok(Generated { spec, masked, public_spki: None, check_value })
        }
        KeyType::Rsa => {
            let (spec, spki) = rsa_public(session, key.object)?;
            Ok(of_pair(spec, masked, spki))
        }
        KeyType::Ec => {
            let (spec, spki) = ec_public(session, key.object)?;
            Ok(of_pair(spec, masked, spki))
        }
    }
}

/// Makes a masked key an object with these attributes. It is no key of ours until it has its id.
pub(crate) fn unmask(
    session: &Session,
    masking: ObjectHandle,
    masked: &[u8],
    template: &[Attribute],
) -> Result<ObjectHandle, Failure> {
    Ok(session.unwrap_key(&Mechanism::AesKeyWrapPad, masking, masked, template)?)
}

fn of_pair(spec: KeySpec, masked: Vec<u8>, spki: Vec<u8>) -> Generated {
    let hash = digest(Hash::Sha1, &spki);
    Generated { spec, masked, public_spki: Some(spki), check_value: first_three(hash.as_ref()) }
}

fn mask(session: &Session, masking: ObjectHandle, key: ObjectHandle) -> Result<Vec<u8>, Failure> {
    Ok(session.wrap_key(&Mechanism::AesKeyWrapPad, masking, key)?)
}

fn first_three(bytes: &[u8]) -> [u8; 3] {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// `CKA_CHECK_VALUE`, computed by the token: what is unwrapped has none in SoftHSM.
fn secret_check_value(session: &Session, key_type: KeyType, key: ObjectHandle) -> Result<[u8; 3], Failure> {
    if key_type == KeyType::Aes {
        return Ok(first_three(&session.encrypt(&Mechanism::AesEcb, key, &[0; 16])?));
    }
    session.digest_init(&Mechanism::Sha1)?;
    session.digest_key(key)?;
    Ok(first_three(&session.digest_final()?))
}

/// The size of an unwrapped secret. Where the module does not know it (SoftHSM does not), the masked form tells: it is longer by 8
/// bytes and filled up to the next multiple of 8, so that an odd generic secret's size is given rounded up.
fn secret_spec(
    session: &Session,
    key_type: KeyType,
    key: ObjectHandle,
    masked: &[u8],
) -> Result<KeySpec, Failure> {
    let told = match session.get_attributes(key, &[AttributeType::ValueLen])?.pop() {
        Some(Attribute::ValueLen(length)) => usize::try_from(*length).unwrap_or(0),
        _ => 0,
    };
    let length = if told == 0 { masked.len().saturating_sub(8) } else { told };
    let bytes = u16::try_from(length).unwrap_or(u16::MAX);
    let spec =
        if key_type == KeyType::Aes { KeySpec::Aes { bytes } } else { KeySpec::GenericSecret { bytes } };
    if spec.is_valid() {
        Ok(spec)
    } else {
        Err(Failure::new(Trouble::BadData, "a key of that size is not allowed"))
    }
}

fn rsa_public(session: &Session, key: ObjectHandle) -> Result<(KeySpec, Vec<u8>), Failure> {
    let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
    let parts = session.get_attributes(key, &wanted)?;
    let modulus = match parts.first() {
        Some(Attribute::Modulus(modulus)) => modulus.iter().skip_while(|byte| **byte == 0).count(),
        _ => 0,
    };
    let spec = KeySpec::Rsa { bits: u16::try_from(modulus * 8).unwrap_or(u16::MAX) };
    let spki = spki::from_parts(spec, &parts).filter(|_| spec.is_valid());
    spki.map(|spki| (spec, spki)).ok_or_else(|| Failure::new(Trouble::Unsupported, "an RSA key of that size"))
}

/// The curve and public key of an unwrapped private key. A private key object has no public point; but ECDH with
/// the curve's own base point gives the point's x, which is public, and one of the two points with that x
/// verifies what the key signs.
fn ec_public(session: &Session, key: ObjectHandle) -> Result<(KeySpec, Vec<u8>), Failure> {
    let params = match session.get_attributes(key, &[AttributeType::EcParams])?.pop() {
        Some(Attribute::EcParams(params)) => params,
        _ => Vec::new(),
    };
    let curve = [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1]
        .into_iter()
        .find(|curve| templates::ec_params(*curve) == params)
        .ok_or_else(|| Failure::new(Trouble::Unsupported, "a key on that curve"))?;
    let spec = KeySpec::Ec { curve };
    let x = abscissa(session, key, curve)?;
    let hash = digest(mechanisms::own_hash(curve), b"which of the two points is it");
    let signature = session.sign(&Mechanism::Ecdsa, key, hash.as_ref())?;
    let candidates = [2_u8, 3].map(|sign| [&[sign][..], &x].concat());
    let verifies = |point: &Vec<u8>| {
        UnparsedPublicKey::new(spki::algorithm(curve), point).verify_digest(&hash, &signature).is_ok()
    };
    let point = candidates.into_iter().find(verifies);
    let spki = point.and_then(|point| spki::from_parts(spec, &[Attribute::EcPoint(point)]));
    spki.map(|spki| (spec, spki))
        .ok_or_else(|| Failure::new(Trouble::Other, "a private key without a public key"))
}

/// The x coordinate of the public point.
fn abscissa(session: &Session, key: ObjectHandle, curve: Curve) -> Result<Vec<u8>, Failure> {
    let base = base_point(curve)
        .ok_or_else(|| Failure::new(Trouble::Unsupported, "public keys of private keys on this curve"))?;
    let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), &base));
    let width = mechanisms::coordinate_bytes(curve);
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(TokenKeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen((width as u64).into()),
    ];
    let shared = Passing::new(session, session.derive_key(&mechanism, key, &template)?);
    match session.get_attributes(shared.object, &[AttributeType::Value])?.pop() {
        Some(Attribute::Value(x)) if x.len() == width => Ok(x),
        _ => Err(Failure::new(Trouble::Other, "the module did not give the x coordinate")),
    }
}

/// The curve's base point: the public key of the private key 1.
fn base_point(curve: Curve) -> Option<Vec<u8>> {
    let width = mechanisms::coordinate_bytes(curve);
    let mut one = vec![0; width];
    *one.last_mut()? = 1;
    let oid = templates::ec_params(curve);
    // ECPrivateKey of RFC 5915: the version, the number, and the curve.
    let mut body = vec![0x02, 1, 1, 0x04, u8::try_from(width).ok()?];
    body.extend(one);
    body.extend([0xa0, u8::try_from(oid.len()).ok()?]);
    body.extend(oid);
    let der = [&[0x30, u8::try_from(body.len()).ok()?][..], &body].concat();
    let pair = EcdsaKeyPair::from_private_key_der(spki::signing_algorithm(curve), &der).ok()?;
    Some(pair.public_key().as_ref().to_vec())
}
