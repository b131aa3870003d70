//! Which mechanism serves a key. What is not listed here is refused.

use crate::api::binding::KeyBinding;
use crate::api::error::{Refusal, VaultError};
use crate::api::spec::{KeySpec, KeyUsage};
use crate::mechanism::{
    Generated, LoadedKey, Mechanism, Secret, ecdh, ecdsa, ed25519, mac, mldsa, mlkem, rsa, sm2, symmetric,
};

/// The mechanism for keys of `spec` and `usage`.
pub(crate) fn find(spec: KeySpec, usage: KeyUsage) -> Result<&'static dyn Mechanism, VaultError> {
    use KeySpec::*;
    if !spec.allows(usage) {
        return Err(Refusal::Usage.into());
    }
    Ok(match (spec, usage) {
        (SymmetricDefault, KeyUsage::EncryptDecrypt) => &symmetric::AesGcm,
        (Rsa2048 | Rsa3072 | Rsa4096, KeyUsage::EncryptDecrypt) => &rsa::Oaep,
        (Rsa2048 | Rsa3072 | Rsa4096, KeyUsage::SignVerify) => &rsa::Rsassa,
        (EccNistP256 | EccNistP384 | EccNistP521 | EccSecgP256k1, KeyUsage::SignVerify) => &ecdsa::Ecdsa,
        (EccNistP256 | EccNistP384 | EccNistP521, KeyUsage::KeyAgreement) => &ecdh::Ecdh,
        (EccNistEdwards25519, KeyUsage::SignVerify) => &ed25519::Ed25519,
        (MlDsa44 | MlDsa65 | MlDsa87, KeyUsage::SignVerify) => &mldsa::MlDsa,
        (MlKem512 | MlKem768 | MlKem1024, KeyUsage::EncapsulateDecapsulate) => &mlkem::MlKem,
        (Hmac224 | Hmac256 | Hmac384 | Hmac512, KeyUsage::GenerateVerifyMac) => &mac::Hmac,
        (Sm2, _) => &sm2::Sm2,
        _ => return Err(Refusal::Unsupported.into()),
    })
}

/// Makes material for a key with this binding.
pub(crate) fn generate(binding: &KeyBinding) -> Result<Generated, VaultError> {
    find(binding.spec, binding.usage)?.generate(binding.spec)
}

/// Makes material usable under its binding.
pub(crate) fn load(binding: &KeyBinding, material: &Secret) -> Result<Box<dyn LoadedKey>, VaultError> {
    find(binding.spec, binding.usage)?.load(binding, material)
}

/// Makes a pair for GenerateDataKeyPair: its material leaves the vault, so it never serves as a KMS key.
pub(crate) fn generate_pair(spec: KeySpec) -> Result<Generated, VaultError> {
    if !spec.makes_data_key_pairs() {
        return Err(Refusal::Unsupported.into());
    }
    let usage = match spec {
        KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => KeyUsage::EncapsulateDecapsulate,
        _ => KeyUsage::SignVerify,
    };
    find(spec, usage)?.generate(spec)
}
