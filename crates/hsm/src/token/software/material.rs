//! Key material in our memory: made, described, and brought into the form that the cipher wants, once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::cipher::{self, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest;
use zeroize::Zeroizing;

use crate::api::attributes::{Attributes, Flag, KeyClass};
use crate::api::spec::{KeySpec, KeyType};
use crate::token::TokenError;
use crate::token::software::keywrap::WrapKey;
use crate::token::software::{cipher as gcm, ec, rsa};

/// A key object.
pub(crate) struct Object {
    class: KeyClass,
    key_type: KeyType,
    /// Raw bytes of a secret key, PKCS#8 of a private one, SPKI of a public one.
    material: Zeroizing<Vec<u8>>,
    extractable: AtomicBool,
    loaded: OnceLock<Result<Loaded, TokenError>>,
    wrapping: OnceLock<Result<WrapKey, TokenError>>,
}

/// Material in the form that its mechanisms want.
pub(crate) enum Loaded {
    Aes(gcm::AesGcm),
    Secret,
    RsaPrivate(Box<rsa::Private>),
    RsaPublic(rsa::Public),
    EcPrivate(Box<ec::Private>),
    EcPublic(ec::Public),
}

impl Object {
    pub(crate) fn new(attributes: &Attributes, material: Zeroizing<Vec<u8>>) -> Self {
        Self {
            class: attributes.class,
            key_type: attributes.spec.key_type(),
            material,
            extractable: AtomicBool::new(attributes.has(Flag::Extractable)),
            loaded: OnceLock::new(),
            wrapping: OnceLock::new(),
        }
    }

    pub(crate) fn set_attributes(&self, attributes: &Attributes) {
        self.extractable.store(attributes.has(Flag::Extractable), Ordering::Relaxed);
    }

    /// The material of a key that may leave wrapped.
    pub(crate) fn extract(&self) -> Result<&[u8], TokenError> {
        let may = self.class != KeyClass::Public && self.extractable.load(Ordering::Relaxed);
        if may { Ok(&self.material) } else { Err(TokenError::KeyType) }
    }

    pub(crate) fn class(&self) -> KeyClass {
        self.class
    }

    /// The bytes of a generic secret.
    pub(crate) fn secret(&self) -> Result<&[u8], TokenError> {
        match self.loaded()? {
            Loaded::Secret => Ok(&self.material),
            _ => Err(TokenError::KeyType),
        }
    }

    /// The key in the form that its mechanisms want; parsing an RSA key takes a while, and is done at the first use.
    pub(crate) fn loaded(&self) -> Result<&Loaded, TokenError> {
        self.loaded.get_or_init(|| self.load()).as_ref().map_err(Clone::clone)
    }

    /// An AES key as one that wraps.
    pub(crate) fn wrapping(&self) -> Result<&WrapKey, TokenError> {
        if self.key_type != KeyType::Aes {
            return Err(TokenError::KeyType);
        }
        self.wrapping.get_or_init(|| WrapKey::new(&self.material)).as_ref().map_err(Clone::clone)
    }

    fn load(&self) -> Result<Loaded, TokenError> {
        match (self.class, self.key_type) {
            (KeyClass::Secret, KeyType::Aes) => gcm::AesGcm::new(&self.material).map(Loaded::Aes),
            (KeyClass::Secret, KeyType::GenericSecret) => Ok(Loaded::Secret),
            (KeyClass::Private, KeyType::Rsa) => {
                rsa::Private::parse(&self.material).map(|key| Loaded::RsaPrivate(Box::new(key)))
            }
            (KeyClass::Private, KeyType::Ec) => {
                ec::Private::parse(&self.material).map(|key| Loaded::EcPrivate(Box::new(key)))
            }
            (KeyClass::Public, KeyType::Rsa) => rsa::Public::parse(&self.material).map(Loaded::RsaPublic),
            (KeyClass::Public, KeyType::Ec) => ec::Public::parse(&self.material).map(Loaded::EcPublic),
            _ => Err(TokenError::KeyType),
        }
    }
}

/// Material with what is said of it.
pub(crate) struct Made {
    pub(crate) spec: KeySpec,
    pub(crate) material: Zeroizing<Vec<u8>>,
    pub(crate) public_spki: Option<Vec<u8>>,
    pub(crate) check_value: [u8; 3],
}

/// Makes a key, or a pair.
pub(crate) fn make(spec: KeySpec) -> Result<Made, TokenError> {
    if !spec.is_valid() {
        return Err(TokenError::Unsupported(format!("{spec:?}")));
    }
    match spec {
        KeySpec::Aes { bytes } | KeySpec::GenericSecret { bytes } => {
            let mut material = Zeroizing::new(vec![0; usize::from(bytes)]);
            aws_lc_rs::rand::fill(&mut material).map_err(unexpected)?;
            secret(spec, material)
        }
        KeySpec::Rsa { bits } => {
            let (material, public) = rsa::generate(bits)?;
            Ok(pair(spec, material, public))
        }
        KeySpec::Ec { curve } => {
            let (material, public) = ec::generate(curve)?;
            Ok(pair(spec, material, public))
        }
    }
}

/// Describes material that came from outside. [`TokenError::InvalidCiphertext`] when it is no key of this type.
pub(crate) fn describe(key_type: KeyType, material: Zeroizing<Vec<u8>>) -> Result<Made, TokenError> {
    let bytes = u16::try_from(material.len()).map_err(|_| TokenError::TooLong)?;
    match key_type {
        KeyType::Aes if KeySpec::Aes { bytes }.is_valid() => secret(KeySpec::Aes { bytes }, material),
        KeyType::GenericSecret if KeySpec::GenericSecret { bytes }.is_valid() => {
            secret(KeySpec::GenericSecret { bytes }, material)
        }
        KeyType::Aes | KeyType::GenericSecret => Err(TokenError::InvalidCiphertext),
        KeyType::Rsa => {
            let (bits, public) = rsa::describe(&material)?;
            Ok(pair(KeySpec::Rsa { bits }, material, public))
        }
        KeyType::Ec => {
            let (curve, public) = ec::describe(&material)?;
            Ok(pair(KeySpec::Ec { curve }, material, public))
        }
    }
}

fn secret(spec: KeySpec, material: Zeroizing<Vec<u8>>) -> Result<Made, TokenError> {
    let check_value = match spec {
        KeySpec::Aes { .. } => zero_block(&material)?,
        _ => sha1(&material),
    };
    Ok(Made { spec, material, public_spki: None, check_value })
}

fn pair(spec: KeySpec, material: Zeroizing<Vec<u8>>, public: Vec<u8>) -> Made {
    let check_value = sha1(&public);
    Made { spec, material, public_spki: Some(public), check_value }
}

/// The first bytes of the zero block's ciphertext.
fn zero_block(key: &[u8]) -> Result<[u8; 3], TokenError> {
    let algorithm = match key.len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        _ => &cipher::AES_256,
    };
    let key = UnboundCipherKey::new(algorithm, key).and_then(EncryptingKey::ecb).map_err(unexpected)?;
    let mut block = [0; 16];
    key.encrypt(&mut block).map_err(unexpected)?;
    Ok(first(&block))
}

fn sha1(bytes: &[u8]) -> [u8; 3] {
    first(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

fn first(bytes: &[u8]) -> [u8; 3] {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// aws-lc failed where it has no reason to.
pub(crate) fn unexpected(_: aws_lc_rs::error::Unspecified) -> TokenError {
    TokenError::Failed("aws-lc failed".to_owned())
}
