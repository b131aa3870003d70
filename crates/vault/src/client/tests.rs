//! The client against a vault in this process.

use super::*;
use crate::api::binding::MaterialId;
use crate::api::error::Refusal;
use crate::api::import::WrappingAlgorithm;
use crate::api::spec::{KeyOrigin, KeyUsage};
use crate::testing;

const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn binding(owner: &str, spec: KeySpec, usage: KeyUsage) -> KeyBinding {
    let material_id = MaterialId([1; 32]);
    KeyBinding { owner: owner.into(), spec, usage, origin: KeyOrigin::AwsKms, material_id }
}

async fn key(vault: &VaultClient, spec: KeySpec, usage: KeyUsage) -> KeyRef {
    let binding = binding(ARN, spec, usage);
    KeyRef::new(vault.generate_key(&binding).await.unwrap().ekt, binding)
}

async fn symmetric(vault: &VaultClient) -> KeyRef {
    key(vault, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await
}

const AES: EncryptionAlgorithm = EncryptionAlgorithm::SymmetricDefault;

#[tokio::test]
async fn decrypts_what_it_encrypted_under_the_same_context_only() {
    let vault = VaultClient::in_process();
    let key = symmetric(&vault).await;
    let context: EncryptionContext = [("purpose", "test")].into_iter().collect();
    let blob = vault.encrypt(&key, AES, b"hello", &context).await.unwrap();
    assert_eq!(&*vault.decrypt(&key, AES, &blob, &context).await.unwrap(), b"hello");
    for other in [EncryptionContext::empty(), [("Purpose", "test")].into_iter().collect()] {
        let refused = vault.decrypt(&key, AES, &blob, &other).await.unwrap_err();
        assert_eq!(refused, VaultError::InvalidCiphertext);
    }
}

#[tokio::test]
async fn a_token_under_another_keys_id_is_refused() {
    let vault = VaultClient::in_process();
    let key = symmetric(&vault).await;
    let thief =
        binding(&ARN.replace("1234abcd", "5678abcd"), KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
    let stolen = KeyRef::new(key.ekt().clone(), thief);
    // The rightful use first, so that the key is in the cache when the thief comes.
    assert!(vault.encrypt(&key, AES, b"x", &EncryptionContext::empty()).await.is_ok());
    let refused = vault.encrypt(&stolen, AES, b"x", &EncryptionContext::empty()).await.unwrap_err();
    assert_eq!(refused, VaultError::WrongToken);
}

#[tokio::test]
async fn a_token_with_another_usage_is_refused() {
    let vault = VaultClient::in_process();
    let key = key(&vault, KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let context = EncryptionContext::empty();
    let refused = vault.encrypt(&key, AES, b"x", &context).await.unwrap_err();
    assert_eq!(refused, VaultError::Refused(Refusal::Usage));
    let binding = KeyBinding { usage: KeyUsage::KeyAgreement, ..key.binding().clone() };
    let other = KeyRef::new(key.ekt().clone(), binding);
    assert_eq!(vault.public_key(&other).await.unwrap_err(), VaultError::WrongToken);
}

#[tokio::test]
async fn re_encrypts_under_another_key_without_showing_the_plaintext() {
    let vault = VaultClient::in_process();
    let source = symmetric(&vault).await;
    let target = binding(
        "arn:aws:kms:us-east-1:111122223333:key/b",
        KeySpec::SymmetricDefault,
        KeyUsage::EncryptDecrypt,
    );
    let target = KeyRef::new(vault.generate_key(&target).await.unwrap().ekt, target);
    let (none, some) = (EncryptionContext::empty(), [("a", "b")].into_iter().collect());
    let blob = vault.encrypt(&source, AES, b"hello", &none).await.unwrap();
    let moved = vault.re_encrypt(&source, AES, &blob, &none, &target, AES, &some).await.unwrap();
    assert_eq!(&*vault.decrypt(&target, AES, &moved, &some).await.unwrap(), b"hello");
    assert_eq!(vault.decrypt(&source, AES, &moved, &some).await.unwrap_err(), VaultError::InvalidCiphertext);
}

#[tokio::test]
async fn a_data_key_decrypts_to_its_plaintext() {
    let vault = VaultClient::in_process();
    let key = symmetric(&vault).await;
    let context = EncryptionContext::empty();
    let data = vault.generate_data_key(&key, 32, &context).await.unwrap();
    let plain = vault.decrypt(&key, AES, &data.ciphertext, &context).await.unwrap();
    assert_eq!(data.plaintext.as_deref(), Some(&*plain));
    let hidden = vault.generate_data_key_without_plaintext(&key, 32, &context).await.unwrap();
    assert!(hidden.plaintext.is_none());
    for wrong in [0, 1025] {
        let refused = vault.generate_data_key(&key, wrong, &context).await.unwrap_err();
        assert_eq!(refused, VaultError::Refused(Refusal::Length));
    }
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_may_be_larger_than_one_request() {
    let vault = VaultClient::in_process();
    let key = key(&vault, KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let algorithm = SigningAlgorithm::EcdsaSha256;
    let messages: Vec<_> = (0..BATCH_MESSAGES_MAX + 3).map(|number| number.to_string()).collect();
    let signatures = vault.sign_batch(&key, algorithm, MessageType::Raw, &messages).await.unwrap();
    assert_eq!(signatures.len(), messages.len());
    let spki = vault.public_key(&key).await.unwrap();
    let public =
        aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED, spki);
    for at in [0, 1, BATCH_MESSAGES_MAX - 1, BATCH_MESSAGES_MAX, BATCH_MESSAGES_MAX + 2] {
        assert!(public.verify(messages[at].as_bytes(), &signatures[at]).is_ok(), "message {at}");
    }
}

#[test]
fn batches_are_bounded_in_messages_and_bytes() {
    let messages = vec![vec![0; 400_000]; 5];
    let sizes: Vec<_> = batches(&messages).map(<[_]>::len).collect();
    assert_eq!(sizes, [2, 2, 1]);
    let sizes: Vec<_> = batches(&[vec![0; BATCH_BYTES_MAX + 1], vec![1]]).map(<[_]>::len).collect();
    assert_eq!(sizes, [1, 1]);
    assert_eq!(batches::<Vec<u8>>(&[]).count(), 0);
}

#[tokio::test]
async fn a_rewrapped_token_is_the_same_key() {
    let vault = VaultClient::in_process();
    let old = symmetric(&vault).await;
    let context = EncryptionContext::empty();
    let blob = vault.encrypt(&old, AES, b"hello", &context).await.unwrap();
    assert_eq!(vault.rotate_domain_key().await, Ok(1));
    let new = KeyRef::new(vault.rewrap(&old).await.unwrap(), old.binding().clone());
    assert_ne!(new.ekt(), old.ekt());
    for key in [&old, &new] {
        assert_eq!(&*vault.decrypt(key, AES, &blob, &context).await.unwrap(), b"hello");
    }
    assert_eq!(vault.status().await.unwrap().domain_key, 1);
}

#[tokio::test]
async fn a_seeded_vault_opens_the_tokens_of_its_twin() {
    let key = symmetric(&VaultClient::in_process_with_seed(5)).await;
    let context = EncryptionContext::empty();
    let twin = VaultClient::in_process_with_seed(5);
    assert!(twin.encrypt(&key, AES, b"x", &context).await.is_ok());
    let stranger = VaultClient::in_process_with_seed(6);
    assert_eq!(stranger.encrypt(&key, AES, b"x", &context).await.unwrap_err(), VaultError::WrongToken);
}

#[test]
fn plaintexts_print_their_length_only() {
    assert_eq!(format!("{:?}", Plaintext(Zeroizing::new(vec![65; 3]))), "Plaintext(3 bytes)");
}

fn import_binding(key_arn: &str) -> ImportBinding {
    ImportBinding {
        key_arn: key_arn.to_owned(),
        key: KeyBinding {
            origin: KeyOrigin::External,
            ..binding(key_arn, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt)
        },
        wrapping_key: KeySpec::Rsa2048,
        algorithm: WrappingAlgorithm::RsaesOaepSha256,
        valid_to: keyward_base::Timestamp::EPOCH,
    }
}

#[tokio::test]
async fn imported_material_encrypts_and_its_wrapping_key_serves_for_nothing_else() {
    let vault = VaultClient::in_process();
    let binding = import_binding(ARN);
    let made = vault.generate_import_key(&binding).await.unwrap();
    let wrapped = testing::wrap(&made.public_key.unwrap(), binding.algorithm, &[7; 32]).unwrap();
    let imported = vault.import_key(&binding, &made.ekt, &wrapped).await.unwrap();
    let material_id = imported.material_id;
    let key = KeyRef::new(imported.ekt, KeyBinding { material_id, ..binding.key.clone() });
    let context = EncryptionContext::empty();
    let blob = vault.encrypt(&key, AES, b"hello", &context).await.unwrap();
    assert_eq!(&*vault.decrypt(&key, AES, &blob, &context).await.unwrap(), b"hello");
    // Its token is no key's: nobody can have the wrapped material decrypted.
    for usage in [KeyUsage::EncryptDecrypt, KeyUsage::SignVerify] {
        let unwrapping = KeyBinding { spec: KeySpec::Rsa2048, usage, ..binding.key.clone() };
        let unwrapping = KeyRef::new(made.ekt.clone(), unwrapping);
        let algorithm = EncryptionAlgorithm::RsaesOaepSha256;
        let refused = vault.decrypt(&unwrapping, algorithm, &wrapped, &context).await.unwrap_err();
        assert_eq!(refused, VaultError::WrongToken);
    }
}

#[tokio::test]
async fn a_wrapping_key_of_another_key_or_of_another_moment_is_refused() {
    let vault = VaultClient::in_process();
    let binding = import_binding(ARN);
    let made = vault.generate_import_key(&binding).await.unwrap();
    let wrapped = testing::wrap(&made.public_key.unwrap(), binding.algorithm, &[7; 32]).unwrap();
    let foreign = import_binding(&ARN.replace("1234abcd", "5678abcd"));
    let later = ImportBinding { valid_to: keyward_base::Timestamp::from_unix_seconds(1), ..binding.clone() };
    let elsewhere = ImportBinding { key_arn: ARN.replace("east", "west"), ..binding.clone() };
    for other in [foreign, later, elsewhere] {
        let refused = vault.import_key(&other, &made.ekt, &wrapped).await.unwrap_err();
        assert_eq!(refused, VaultError::WrongToken);
    }
    let ordinary = symmetric(&vault).await;
    let refused = vault.import_key(&binding, ordinary.ekt(), &wrapped).await.unwrap_err();
    assert_eq!(refused, VaultError::WrongToken);
}
