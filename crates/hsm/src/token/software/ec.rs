//! ECDSA on P-256, P-384, P-521 and secp256k1; signatures as `r | s`.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED,
    ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA224_FIXED, ECDSA_P521_SHA224_FIXED_SIGNING, ECDSA_P521_SHA256_FIXED,
    ECDSA_P521_SHA256_FIXED_SIGNING, ECDSA_P521_SHA384_FIXED, ECDSA_P521_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, KeyPair as _, ParsedPublicKey,
};
use zeroize::Zeroizing;

use crate::api::mechanism::{Hash, SignMechanism};
use crate::api::spec::Curve;
use crate::token::TokenError;
use crate::token::software::material::unexpected;

const CURVES: [Curve; 4] = [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1];

/// The private half. aws-lc binds a pair to one hash when it is read, and most curves have one.
pub(crate) struct Private {
    curve: Curve,
    pkcs8: Zeroizing<Vec<u8>>,
    pair: EcdsaKeyPair,
}

/// The public half.
pub(crate) struct Public {
    curve: Curve,
    spki: Vec<u8>,
}

/// A new pair: PKCS#8, SPKI.
pub(crate) fn generate(curve: Curve) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), TokenError> {
    let pair = EcdsaKeyPair::generate(usual(curve)).map_err(unexpected)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(unexpected)?;
    Ok((Zeroizing::new(pkcs8.as_ref().to_vec()), spki(&pair)?))
}

/// The curve and public half of a PKCS#8 key from outside.
pub(crate) fn describe(pkcs8: &[u8]) -> Result<(Curve, Vec<u8>), TokenError> {
    let (curve, pair) = parse(pkcs8).ok_or(TokenError::InvalidCiphertext)?;
    Ok((curve, spki(&pair)?))
}

fn parse(pkcs8: &[u8]) -> Option<(Curve, EcdsaKeyPair)> {
    let read = |curve| EcdsaKeyPair::from_private_key_der(usual(curve), pkcs8).ok().map(|pair| (curve, pair));
    CURVES.into_iter().find_map(read)
}

fn spki(pair: &EcdsaKeyPair) -> Result<Vec<u8>, TokenError> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(unexpected)?;
    Ok(der.as_ref().to_vec())
}

impl Private {
    pub(crate) fn parse(pkcs8: &[u8]) -> Result<Self, TokenError> {
        let parsed = parse(pkcs8);
        let (curve, pair) =
            parsed.ok_or_else(|| TokenError::Failed("an EC key that can not be read".to_owned()))?;
        Ok(Self { curve, pkcs8: Zeroizing::new(pkcs8.to_vec()), pair })
    }

    pub(crate) fn sign(&self, mechanism: SignMechanism, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let wanted = algorithms(self.curve, mechanism)?.0;
        let random = SystemRandom::new();
        let signature = if wanted == self.pair.algorithm() {
            self.pair.sign(&random, message)
        } else {
            let pair = EcdsaKeyPair::from_private_key_der(wanted, &self.pkcs8);
            pair.map_err(|_| aws_lc_rs::error::Unspecified).and_then(|pair| pair.sign(&random, message))
        };
        signature.map(|signature| signature.as_ref().to_vec()).map_err(unexpected)
    }
}

impl Public {
    pub(crate) fn parse(spki: &[u8]) -> Result<Self, TokenError> {
        let fits = |curve: &Curve| {
            let algorithm = algorithms(*curve, SignMechanism::Ecdsa(usual_hash(*curve))).map(|both| both.1);
            algorithm.is_ok_and(|algorithm| ParsedPublicKey::new(algorithm, spki).is_ok())
        };
        let curve = CURVES.into_iter().find(fits);
        let curve =
            curve.ok_or_else(|| TokenError::Failed("an EC public key that can not be read".to_owned()))?;
        Ok(Self { curve, spki: spki.to_vec() })
    }

    pub(crate) fn verify(
        &self,
        mechanism: SignMechanism,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let algorithm = algorithms(self.curve, mechanism)?.1;
        let key = ParsedPublicKey::new(algorithm, &self.spki)
            .map_err(|_| TokenError::Failed("an EC public key that can not be read".to_owned()))?;
        key.verify_sig(message, signature).map_err(|_| TokenError::InvalidSignature)
    }
}

fn usual_hash(curve: Curve) -> Hash {
    match curve {
        Curve::P256 | Curve::Secp256k1 => Hash::Sha256,
        Curve::P384 => Hash::Sha384,
        Curve::P521 => Hash::Sha512,
    }
}

fn usual(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        Curve::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED_SIGNING,
    }
}

type Algorithms = (&'static EcdsaSigningAlgorithm, &'static EcdsaVerificationAlgorithm);

fn algorithms(curve: Curve, mechanism: SignMechanism) -> Result<Algorithms, TokenError> {
    let SignMechanism::Ecdsa(hash) = mechanism else { return Err(TokenError::KeyType) };
    match (curve, hash) {
        (Curve::P256, Hash::Sha256) => Ok((&ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P256_SHA256_FIXED)),
        (Curve::P384, Hash::Sha384) => Ok((&ECDSA_P384_SHA384_FIXED_SIGNING, &ECDSA_P384_SHA384_FIXED)),
        (Curve::P521, Hash::Sha224) => Ok((&ECDSA_P521_SHA224_FIXED_SIGNING, &ECDSA_P521_SHA224_FIXED)),
        (Curve::P521, Hash::Sha256) => Ok((&ECDSA_P521_SHA256_FIXED_SIGNING, &ECDSA_P521_SHA256_FIXED)),
        (Curve::P521, Hash::Sha384) => Ok((&ECDSA_P521_SHA384_FIXED_SIGNING, &ECDSA_P521_SHA384_FIXED)),
        (Curve::P521, Hash::Sha512) => Ok((&ECDSA_P521_SHA512_FIXED_SIGNING, &ECDSA_P521_SHA512_FIXED)),
        (Curve::Secp256k1, Hash::Sha256) => {
            Ok((&ECDSA_P256K1_SHA256_FIXED_SIGNING, &ECDSA_P256K1_SHA256_FIXED))
        }
        _ => Err(TokenError::Unsupported(format!("ECDSA with {hash:?} on {}", curve.name()))),
    }
}
