//! ECDH on P-256, P-384 and P-521 (SP 800-56A section 5.7.1.2). The secret is the raw x-coordinate.

use aws_lc_rs::agreement::{self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use zeroize::Zeroizing;

use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::KeySpec;
use crate::mechanism::ecdsa::Ecdsa;
use crate::mechanism::{Generated, LoadedKey, Mechanism, Secret, rejected, unexpected};

/// The mechanism of `ECC_NIST_*` keys that agree on secrets.
pub(crate) struct Ecdh;

fn curve(spec: KeySpec) -> Result<&'static Algorithm, VaultError> {
    match spec {
        KeySpec::EccNistP256 => Ok(&ECDH_P256),
        KeySpec::EccNistP384 => Ok(&ECDH_P384),
        KeySpec::EccNistP521 => Ok(&ECDH_P521),
        _ => Err(Refusal::Unsupported.into()),
    }
}

impl Mechanism for Ecdh {
    /// The material has the form of a signing key's; the binding tells them apart.
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError> {
        curve(spec)?;
        Ecdsa.generate(spec)
    }

    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        curve(spec)?;
        Ecdsa.import(spec, raw)
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let curve = curve(binding.spec)?;
        let private = PrivateKey::from_private_key_der(curve, material.expose()).map_err(rejected)?;
        let public = private.compute_public_key().map_err(unexpected)?;
        let spki: PublicKeyX509Der<'_> = public.as_der().map_err(unexpected)?;
        let spki = spki.as_ref().to_vec();
        Ok(Box::new(AgreementKey { curve, point_bytes: public.as_ref().len(), private, spki }))
    }
}

struct AgreementKey {
    curve: &'static Algorithm,
    point_bytes: usize,
    private: PrivateKey,
    spki: Vec<u8>,
}

impl AgreementKey {
    /// The point of the peer's public key, when its SPKI differs from ours in nothing but the point. aws-lc
    /// would also take a curve that is written out, with parameters that it doesn't look at, and bytes behind.
    fn point<'a>(&self, peer: &'a [u8]) -> Option<&'a [u8]> {
        let (head, _) = self.spki.split_at_checked(self.spki.len().checked_sub(self.point_bytes)?)?;
        peer.strip_prefix(head).filter(|point| point.len() == self.point_bytes && point.starts_with(&[4]))
    }
}

impl LoadedKey for AgreementKey {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        Ok(self.spki.clone())
    }

    /// aws-lc checks that the peer's point is on the curve.
    fn derive_shared_secret(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let point = self.point(peer).ok_or(VaultError::InvalidPublicKey)?;
        let peer = UnparsedPublicKey::new(self.curve, point);
        agreement::agree(&self.private, peer, VaultError::InvalidPublicKey, |secret| {
            Ok(Zeroizing::new(secret.to_vec()))
        })
    }
}
