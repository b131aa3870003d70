//! `SYMMETRIC_DEFAULT`: AES-256-GCM under a key that is derived for each message.
//!
//! K = KDF(HBK, N) with N random: the counter KDF of SP 800-108 with HMAC-SHA256. The HBK itself never
//! encrypts, so that the number of messages under one key has no practical bound. The blob's header and the
//! canonical encryption context are the associated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithm, KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm};
use zeroize::Zeroizing;

use crate::api::algorithm::EncryptionAlgorithm;
use crate::api::binding::{KeyBinding, MaterialId};
use crate::api::blob::{BlobHeader, NONCE_BYTES, TAG_BYTES};
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::KeySpec;
use crate::mechanism::{Generated, LoadedKey, Mechanism, Secret, unexpected};

const KEY_BYTES: usize = 32;
/// RSA private keys of data key pairs in PKCS#8 are the longest plaintext: about 2.4 kB for RSA-4096.
const PLAINTEXT_BYTES_MAX: usize = 4096;
/// `FixedInfo` of SP 800-108r1 section 4: `Label || 0x00 || Context || [L]`, L = 256 bits.
const LABEL: &[u8] = b"keyward kms message key\0";
const OUTPUT_BITS: [u8; 4] = 256u32.to_be_bytes();

/// The mechanism of `SYMMETRIC_DEFAULT` keys.
pub(crate) struct AesGcm;

impl Mechanism for AesGcm {
    fn generate(&self, _: KeySpec) -> Result<Generated, VaultError> {
        Ok(Generated { material: Secret::random(KEY_BYTES)?, public_key: None })
    }

    fn import(&self, _: KeySpec, raw: &Secret) -> Result<Secret, VaultError> {
        if raw.expose().len() != KEY_BYTES {
            return Err(VaultError::InvalidKeyMaterial);
        }
        Ok(Secret::new(raw.expose().to_vec()))
    }

    fn load(&self, binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
        if material.expose().len() != KEY_BYTES {
            return Err(VaultError::Internal("a symmetric key of a wrong length".to_owned()));
        }
        Ok(Box::new(SymmetricKey {
            key_id: binding.key_id().to_owned(),
            material_id: binding.material_id,
            hbk: Secret::new(material.expose().to_vec()),
        }))
    }
}

struct SymmetricKey {
    key_id: String,
    material_id: MaterialId,
    hbk: Secret,
}

impl LoadedKey for SymmetricKey {
    fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        context: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        refuse_other(algorithm)?;
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(Refusal::TooLong.into());
        }
        let (nonce, iv) = fresh()?;
        let header = BlobHeader { key_id: &self.key_id, material_id: self.material_id, nonce, iv };
        let head = header.write(plaintext.len() + TAG_BYTES).ok_or(Refusal::Malformed)?;
        self.seal(head, &header, plaintext, context)
    }

    fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        refuse_other(algorithm)?;
        let (header, head, sealed) = BlobHeader::split(ciphertext).ok_or(VaultError::InvalidCiphertext)?;
        if header.key_id != self.key_id || header.material_id != self.material_id {
            return Err(VaultError::InvalidCiphertext);
        }
        let length = sealed.len().checked_sub(TAG_BYTES).ok_or(VaultError::InvalidCiphertext)?;
        let (body, tag) = sealed.split_at_checked(length).ok_or(VaultError::InvalidCiphertext)?;
        let mut plaintext = Zeroizing::new(vec![0; length]);
        let nonce = Nonce::assume_unique_for_key(header.iv);
        let aad = Aad::from([head, context].concat());
        self.message_key(&header.nonce)?
            .open_separate_gather(nonce, aad, body, tag, &mut plaintext)
            .map_err(|_| VaultError::InvalidCiphertext)?;
        Ok(plaintext)
    }
}

impl SymmetricKey {
    fn seal(
        &self,
        mut blob: Vec<u8>,
        header: &BlobHeader<'_>,
        plaintext: &[u8],
        context: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let aad = Aad::from([&blob, context].concat());
        let start = blob.len();
        blob.extend_from_slice(plaintext);
        let body = blob.get_mut(start..).unwrap_or_default();
        let nonce = Nonce::assume_unique_for_key(header.iv);
        let key = self.message_key(&header.nonce)?;
        let tag = key.seal_in_place_separate_tag(nonce, aad, body).map_err(unexpected)?;
        blob.extend_from_slice(tag.as_ref());
        Ok(blob)
    }

    fn message_key(&self, nonce: &[u8; NONCE_BYTES]) -> Result<LessSafeKey, VaultError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        derive(&self.hbk, nonce, &mut key)?;
        let unbound = UnboundKey::new(&AES_256_GCM, &*key).map_err(unexpected)?;
        Ok(LessSafeKey::new(unbound))
    }
}

/// K = KDF(HBK, N).
fn derive(hbk: &Secret, nonce: &[u8], key: &mut [u8; KEY_BYTES]) -> Result<(), VaultError> {
    let info = [LABEL, nonce, &OUTPUT_BITS].concat();
    counter_kdf(hbk.expose(), &info, key)
}

/// SP 800-108r1 section 4.1 with HMAC-SHA256 and a 32-bit counter before the fixed information.
pub(crate) fn counter_kdf(key: &[u8], info: &[u8], output: &mut [u8]) -> Result<(), VaultError> {
    const ALGORITHM: Option<&KbkdfCtrHmacAlgorithm> =
        get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256);
    let algorithm = ALGORITHM.ok_or(Refusal::Unsupported)?;
    aws_lc_rs::kdf::kbkdf_ctr_hmac(algorithm, key, info, output).map_err(unexpected)
}

fn refuse_other(algorithm: EncryptionAlgorithm) -> Result<(), VaultError> {
    match algorithm {
        EncryptionAlgorithm::SymmetricDefault => Ok(()),
        _ => Err(Refusal::Algorithm.into()),
    }
}

/// A nonce and an initialization vector, in one draw: what a draw costs hardly depends on its length.
fn fresh() -> Result<([u8; NONCE_BYTES], [u8; NONCE_LEN]), VaultError> {
    let mut bytes = [0; NONCE_BYTES + NONCE_LEN];
    aws_lc_rs::rand::fill(&mut bytes).map_err(unexpected)?;
    let (first, second) = bytes.split_at(NONCE_BYTES);
    let (mut nonce, mut iv) = ([0; NONCE_BYTES], [0; NONCE_LEN]);
    nonce.copy_from_slice(first);
    iv.copy_from_slice(second);
    Ok((nonce, iv))
}
