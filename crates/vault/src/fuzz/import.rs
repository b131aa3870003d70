//! Import blobs: wrapped material, the material inside, and the bindings of wrapping keys.

use keyward_base::Timestamp;

use crate::api::binding::{KeyBinding, MaterialId};
use crate::api::import::{ImportBinding, WrappingAlgorithm};
use crate::api::spec::{KeyOrigin, KeySpec, KeyUsage};
use crate::fuzz::{TestVault, change};
use crate::mechanism::{Secret, import, registry};
use crate::protocol::answer::Answer;
use crate::protocol::bytes::Bytes;
use crate::protocol::request::{KeyArg, Request};
use crate::server::vault::Vault;
use crate::testing::wrap;

/// What material of every kind is imported for.
const KINDS: [(KeySpec, KeyUsage); 13] = [
    (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
    (KeySpec::Hmac224, KeyUsage::GenerateVerifyMac),
    (KeySpec::Hmac512, KeyUsage::GenerateVerifyMac),
    (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt),
    (KeySpec::Rsa4096, KeyUsage::SignVerify),
    (KeySpec::EccNistP256, KeyUsage::SignVerify),
    (KeySpec::EccNistP521, KeyUsage::KeyAgreement),
    (KeySpec::EccSecgP256k1, KeyUsage::SignVerify),
    (KeySpec::EccNistEdwards25519, KeyUsage::SignVerify),
    (KeySpec::MlDsa44, KeyUsage::SignVerify),
    (KeySpec::MlKem768, KeyUsage::EncapsulateDecapsulate),
    (KeySpec::Sm2, KeyUsage::SignVerify),
    (KeySpec::Sm2, KeyUsage::EncryptDecrypt),
];

fn binding(spec: KeySpec, usage: KeyUsage) -> KeyBinding {
    let (origin, material_id) = (KeyOrigin::External, MaterialId([0; 32]));
    KeyBinding { owner: "fuzz".into(), spec, usage, origin, material_id }
}

/// Unwrapped material of a stranger's; the first byte picks what it is imported for.
///
/// # Panics
/// When material that was taken is no key afterwards.
pub fn material(bytes: &[u8]) {
    let Some((pick, raw)) = bytes.split_first() else { return };
    let Some((spec, usage)) = KINDS.get(usize::from(*pick) % KINDS.len()) else { return };
    let Ok(mechanism) = registry::find(*spec, *usage) else { return };
    if let Ok(material) = mechanism.import(*spec, &Secret::new(raw.to_vec())) {
        assert!(registry::load(&binding(*spec, *usage), &material).is_ok(), "what was imported is no key");
    }
}

/// The binding of a wrapping key, and what is wrapped by an AES key.
///
/// # Panics
/// When a binding is read that would be written otherwise.
pub fn parts(bytes: &[u8]) {
    if let Some(binding) = ImportBinding::from_canonical(bytes) {
        assert!(binding.canonical() == bytes, "a binding has two forms");
    }
    let _ = import::unwrap_padded(&[7; 32], bytes);
}

/// A wrapping key, and material that was wrapped for it.
pub(super) struct Wrapping {
    ekt: Vec<u8>,
    binding: Vec<u8>,
    wrapped: Vec<u8>,
}

impl Wrapping {
    /// One for each way of wrapping with RSA; `None` when the vault fails.
    pub(super) fn all(vault: &Vault) -> Option<Vec<Self>> {
        use WrappingAlgorithm::*;
        [RsaesOaepSha1, RsaesOaepSha256, RsaAesKeyWrapSha1, RsaAesKeyWrapSha256]
            .into_iter()
            .map(|algorithm| Self::new(vault, algorithm))
            .collect()
    }

    fn new(vault: &Vault, algorithm: WrappingAlgorithm) -> Option<Self> {
        let binding = ImportBinding {
            key_arn: "fuzz".to_owned(),
            key: binding(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
            wrapping_key: KeySpec::Rsa2048,
            algorithm,
            valid_to: Timestamp::EPOCH,
        };
        let binding = binding.canonical();
        match vault.answer(&Request::GenerateImportKey(Bytes(&binding))) {
            Answer::Key { ekt, public_key: Some(public_key) } => {
                let wrapped = wrap(&public_key.into_public(), algorithm, &[9; 32])?;
                Some(Self { ekt: ekt.into_public(), binding, wrapped })
            }
            _ => None,
        }
    }
}

/// Wrapped material with its token and binding, changed in some places: the first two bytes pick the way of wrapping and
/// which of the three, each three bytes after them a place and what it is changed by.
///
/// # Panics
/// When the vault takes what was tampered with.
pub fn wrapped(vault: &TestVault, bytes: &[u8]) {
    let Some((&[pick, part], changes)) = bytes.split_first_chunk() else { return };
    let keys = &vault.wrapping;
    let Some(key) = keys.get(usize::from(pick) % keys.len().max(1)) else { return };
    let (mut ekt, mut binding, mut wrapped) = (key.ekt.clone(), key.binding.clone(), key.wrapped.clone());
    change(
        match part % 3 {
            0 => &mut ekt,
            1 => &mut binding,
            _ => &mut wrapped,
        },
        changes,
    );
    let is_whole = ekt == key.ekt && binding == key.binding && wrapped == key.wrapped;
    let wrapping_key = KeyArg { ekt: Bytes(&ekt), binding: Bytes(&binding) };
    let answer = vault.vault.answer(&Request::ImportKey { wrapping_key, wrapped: Bytes(&wrapped) });
    assert!(
        is_whole == matches!(answer, Answer::Imported { .. }),
        "what was tampered with is taken, or the other way"
    );
}
