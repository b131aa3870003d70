//! RSA: PKCS#1 v1.5 and PSS signatures, OAEP (RFC 8017).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384,
    OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaParameters, RsaSignatureEncoding,
};
use zeroize::Zeroizing;

use crate::api::mechanism::{Hash, SignMechanism};
use crate::token::TokenError;
use crate::token::software::material::unexpected;

/// The private half.
pub(crate) struct Private {
    signing: KeyPair,
    decryption: OaepPrivateDecryptingKey,
}

/// The public half.
pub(crate) struct Public {
    spki: Vec<u8>,
    encryption: OaepPublicEncryptingKey,
}

/// A new pair: PKCS#8, SPKI.
pub(crate) fn generate(bits: u16) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), TokenError> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(TokenError::Unsupported(format!("making RSA keys of {bits} bits"))),
    };
    let pair = KeyPair::generate(size).map_err(unexpected)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(unexpected)?;
    Ok((Zeroizing::new(pkcs8.as_ref().to_vec()), spki(&pair)?))
}

/// The size and public half of a PKCS#8 key from outside.
pub(crate) fn describe(pkcs8: &[u8]) -> Result<(u16, Vec<u8>), TokenError> {
    let pair = KeyPair::from_pkcs8(pkcs8).map_err(|_| TokenError::InvalidCiphertext)?;
    let bits = u16::try_from(pair.public_modulus_len() * 8).ok().filter(|bits| (2048..=4096).contains(bits));
    let bits = bits.ok_or_else(|| TokenError::Unsupported("RSA keys of this size".to_owned()))?;
    Ok((bits, spki(&pair)?))
}

fn spki(pair: &KeyPair) -> Result<Vec<u8>, TokenError> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(unexpected)?;
    Ok(der.as_ref().to_vec())
}

impl Private {
    pub(crate) fn parse(pkcs8: &[u8]) -> Result<Self, TokenError> {
        let rejected = |_| TokenError::Failed("an RSA key that can not be read".to_owned());
        let decryption = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(rejected)?;
        Ok(Self {
            signing: KeyPair::from_pkcs8(pkcs8).map_err(rejected)?,
            decryption: OaepPrivateDecryptingKey::new(decryption).map_err(unexpected)?,
        })
    }

    pub(crate) fn sign(&self, mechanism: SignMechanism, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let encoding = encoding(mechanism)?;
        let mut signature = vec![0; self.signing.public_modulus_len()];
        self.signing
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map(|()| signature)
            .map_err(unexpected)
    }

    pub(crate) fn decrypt(&self, hash: Hash, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let oaep = oaep(hash)?;
        let mut plain = Zeroizing::new(vec![0; self.decryption.min_output_size()]);
        let opened = self.decryption.decrypt(oaep, ciphertext, &mut plain, None);
        let length = opened.map_err(|_| TokenError::InvalidCiphertext)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

impl Public {
    pub(crate) fn parse(spki: &[u8]) -> Result<Self, TokenError> {
        let rejected = |_| TokenError::Failed("an RSA public key that can not be read".to_owned());
        let encryption = PublicEncryptingKey::from_der(spki).map_err(rejected)?;
        let encryption = OaepPublicEncryptingKey::new(encryption).map_err(unexpected)?;
        Ok(Self { spki: spki.to_vec(), encryption })
    }

    pub(crate) fn verify(
        &self,
        mechanism: SignMechanism,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let key = ParsedPublicKey::new(parameters(mechanism)?, &self.spki)
            .map_err(|_| TokenError::Failed("an RSA public key that can not be read".to_owned()))?;
        key.verify_sig(message, signature).map_err(|_| TokenError::InvalidSignature)
    }

    pub(crate) fn encrypt(&self, hash: Hash, plaintext: &[u8]) -> Result<Vec<u8>, TokenError> {
        let oaep = oaep(hash)?;
        if plaintext.len() > self.encryption.max_plaintext_size(oaep) {
            return Err(TokenError::TooLong);
        }
        let mut ciphertext = vec![0; self.encryption.ciphertext_size()];
        let length =
            self.encryption.encrypt(oaep, plaintext, &mut ciphertext, None).map_err(unexpected)?.len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }
}

fn encoding(mechanism: SignMechanism) -> Result<&'static RsaSignatureEncoding, TokenError> {
    match mechanism {
        SignMechanism::RsaPkcs1(Hash::Sha256) => Ok(&RSA_PKCS1_SHA256),
        SignMechanism::RsaPkcs1(Hash::Sha384) => Ok(&RSA_PKCS1_SHA384),
        SignMechanism::RsaPkcs1(Hash::Sha512) => Ok(&RSA_PKCS1_SHA512),
        SignMechanism::RsaPss(Hash::Sha256) => Ok(&RSA_PSS_SHA256),
        SignMechanism::RsaPss(Hash::Sha384) => Ok(&RSA_PSS_SHA384),
        SignMechanism::RsaPss(Hash::Sha512) => Ok(&RSA_PSS_SHA512),
        other => Err(unfit(other)),
    }
}

fn parameters(mechanism: SignMechanism) -> Result<&'static RsaParameters, TokenError> {
    match mechanism {
        SignMechanism::RsaPkcs1(Hash::Sha1) => Ok(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        SignMechanism::RsaPkcs1(Hash::Sha256) => Ok(&RSA_PKCS1_2048_8192_SHA256),
        SignMechanism::RsaPkcs1(Hash::Sha384) => Ok(&RSA_PKCS1_2048_8192_SHA384),
        SignMechanism::RsaPkcs1(Hash::Sha512) => Ok(&RSA_PKCS1_2048_8192_SHA512),
        SignMechanism::RsaPss(Hash::Sha256) => Ok(&RSA_PSS_2048_8192_SHA256),
        SignMechanism::RsaPss(Hash::Sha384) => Ok(&RSA_PSS_2048_8192_SHA384),
        SignMechanism::RsaPss(Hash::Sha512) => Ok(&RSA_PSS_2048_8192_SHA512),
        other => Err(unfit(other)),
    }
}

fn unfit(mechanism: SignMechanism) -> TokenError {
    match mechanism {
        SignMechanism::RsaPkcs1(_) | SignMechanism::RsaPss(_) => {
            TokenError::Unsupported(format!("{mechanism:?}"))
        }
        _ => TokenError::KeyType,
    }
}

fn oaep(hash: Hash) -> Result<&'static OaepAlgorithm, TokenError> {
    match hash {
        Hash::Sha1 => Ok(&OAEP_SHA1_MGF1SHA1),
        Hash::Sha256 => Ok(&OAEP_SHA256_MGF1SHA256),
        Hash::Sha384 => Ok(&OAEP_SHA384_MGF1SHA384),
        Hash::Sha512 => Ok(&OAEP_SHA512_MGF1SHA512),
        Hash::Sha224 => Err(TokenError::Unsupported("OAEP with SHA-224".to_owned())),
    }
}
