//! ML-DSA-44, -65 and -87 (FIPS 204), pure, with an empty context. Signing is hedged.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    KeyPair, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87, ML_DSA_87_SIGNING,
    PqdsaKeyPair, PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm, UnparsedPublicKey,
};

use crate::api::algorithm::{MessageType, SigningAlgorithm};
use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::KeySpec;
use crate::mechanism::awslc::{Kind, PrivateKey};
use crate::mechanism::{
    Generated, LoadedKey, Mechanism, Message, Secret, not_material, rejected, unexpected,
};
use crate::protocol::request::SignatureForm;

/// μ of FIPS 204, algorithm 7: 64 bytes.
const MU_BYTES: usize = 64;

/// The mechanism of `ML_DSA_*` keys.
pub(crate) struct MlDsa;

/// What aws-lc calls a parameter set.
struct Parameters {
    signing: &'static PqdsaSigningAlgorithm,
    verification: &'static PqdsaVerificationAlgorithm,
    signature_bytes: usize,
}

fn parameters(spec: KeySpec) -> Result<Parameters, VaultError> {
    let (signing, verification, signature_bytes) = match spec {
        KeySpec::MlDsa44 => (&ML_DSA_44_SIGNING, &ML_DSA_44, 2420),
        KeySpec::MlDsa65 => (&ML_DSA_65_SIGNING, &ML_DSA_65, 3309),
        KeySpec::MlDsa87 => (&ML_DSA_87_SIGNING, &ML_DSA_87, 4627),
        _ => return Err(Refusal::Unsupported.into()),
    };
    Ok(Parameters { signing, verification, signature_bytes })
}

impl Mechanism for MlDsa {
    fn generate(&self, spec: KeySpec) -> Result<Generated, VaultError> {
        let pair = PqdsaKeyPair::generate(parameters(spec)?.signing).map_err(unexpected)?;
        let material = Secret::new(pair.to_pkcs8v1().map_err(unexpected)?.as_ref().to_vec());
        Ok(Generated { material, public_key: Some(spki(&pair)?) })
    }

    fn import(&self, spec: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        let signing = parameters(spec)?.signing;
        PqdsaKeyPair::from_pkcs8(signing, raw.expose()).map_err(not_material)?;
        PrivateKey::from_pkcs8(Kind::Signature, raw.expose()).map_err(not_material)?.to_pkcs8()
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        let Parameters { signing, verification, signature_bytes } = parameters(binding.spec)?;
        let pair = PqdsaKeyPair::from_pkcs8(signing, material.expose()).map_err(rejected)?;
        let of_mu = PrivateKey::from_pkcs8(Kind::Signature, material.expose())?;
        Ok(Box::new(MlDsaKey { spec: binding.spec, verification, signature_bytes, pair, of_mu }))
    }
}

struct MlDsaKey {
    spec: KeySpec,
    verification: &'static PqdsaVerificationAlgorithm,
    signature_bytes: usize,
    pair: PqdsaKeyPair,
    /// The same key once more: the safe interface knows no external μ.
    of_mu: PrivateKey,
}

impl MlDsaKey {
    /// Whether the message is a μ that the caller has computed.
    fn is_mu(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<bool, VaultError> {
        if !algorithm.fits(self.spec) {
            return Err(Refusal::Algorithm.into());
        }
        match message.kind {
            MessageType::Raw => Ok(false),
            MessageType::ExternalMu if message.bytes.len() == MU_BYTES => Ok(true),
            MessageType::ExternalMu => Err(Refusal::DigestLength.into()),
            MessageType::Digest => Err(Refusal::MessageType.into()),
        }
    }
}

impl LoadedKey for MlDsaKey {
    fn public_key(&self) -> Result<Vec<u8>, VaultError> {
        spki(&self.pair)
    }

    fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        _: SignatureForm,
    ) -> Result<Vec<u8>, VaultError> {
        let mut signature = vec![0; self.signature_bytes];
        let written = if self.is_mu(algorithm, message)? {
            self.of_mu.sign_prepared(message.bytes, &mut signature)?
        } else {
            self.pair.sign(message.bytes, &mut signature).map_err(unexpected)?
        };
        signature.truncate(written);
        Ok(signature)
    }

    fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), VaultError> {
        if self.is_mu(algorithm, message)? {
            return self.of_mu.verify_prepared(message.bytes, signature);
        }
        let public = UnparsedPublicKey::new(self.verification, self.pair.public_key());
        public.verify(message.bytes, signature).map_err(|_| VaultError::InvalidSignature)
    }
}

fn spki(pair: &PqdsaKeyPair) -> Result<Vec<u8>, VaultError> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(unexpected)?;
    Ok(der.as_ref().to_vec())
}
