//! For tests of other crates: what the owner of key material does before an import. Never on in production.

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use crate::api::binding::MaterialId;
use crate::api::import::WrappingAlgorithm;
use crate::mechanism::Secret;

/// Wraps `material` for an import under a wrapping key's public half (SPKI DER); `None` where the algorithm does
/// not carry it, or the key is none.
pub fn wrap(spki: &[u8], algorithm: WrappingAlgorithm, material: &[u8]) -> Option<Vec<u8>> {
    let (oaep, key_wrap) = match algorithm {
        WrappingAlgorithm::RsaesOaepSha1 => (&OAEP_SHA1_MGF1SHA1, false),
        WrappingAlgorithm::RsaesOaepSha256 => (&OAEP_SHA256_MGF1SHA256, false),
        WrappingAlgorithm::RsaAesKeyWrapSha1 => (&OAEP_SHA1_MGF1SHA1, true),
        WrappingAlgorithm::RsaAesKeyWrapSha256 => (&OAEP_SHA256_MGF1SHA256, true),
        WrappingAlgorithm::Sm2Pke => return None,
    };
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(spki).ok()?).ok()?;
    let encrypt = |plaintext: &[u8]| {
        let mut ciphertext = vec![0; key.ciphertext_size()];
        key.encrypt(oaep, plaintext, &mut ciphertext, None).ok()?;
        Some(ciphertext)
    };
    if !key_wrap {
        return encrypt(material);
    }
    let mut aes_key = [0; 32];
    aws_lc_rs::rand::fill(&mut aes_key).ok()?;
    let mut wrapped = vec![0; material.len() + 16];
    let kek = AesKek::new(&AES_256, &aes_key).ok()?;
    let length = kek.wrap_with_padding(material, &mut wrapped).ok()?.len();
    wrapped.truncate(length);
    Some([encrypt(&aes_key)?, wrapped].concat())
}

/// The id that `material` gets when it is imported into the key with this id.
pub fn material_id(key_id: &str, material: &[u8]) -> MaterialId {
    crate::mechanism::import::material_id(key_id, &Secret::new(material.to_vec()))
}

/// A fresh P-256 private key in PKCS#8 DER.
pub fn p256_private_key() -> Option<Vec<u8>> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
    pair.to_pkcs8v1().ok().map(|document| document.as_ref().to_vec())
}
