//! The vault, request by request, as the bytes come in.

use proptest::prelude::*;

use super::*;
use crate::api::binding::MaterialId;
use crate::api::spec::{KeyOrigin, KeyUsage};
use crate::domain::Keys;

fn vault() -> Vault {
    Vault::new(Domain::ephemeral(Keys::fresh().unwrap()), Protections::default())
}

fn binding(spec: KeySpec, usage: KeyUsage) -> Vec<u8> {
    let material_id = MaterialId([1; 32]);
    KeyBinding { owner: "owner".into(), spec, usage, origin: KeyOrigin::AwsKms, material_id }.canonical()
}

fn make(vault: &Vault, binding: &[u8]) -> Vec<u8> {
    match vault.answer(&Request::GenerateKey(Bytes(binding))) {
        Answer::Key { ekt, .. } => ekt.into_public(),
        _ => panic!("no key was made"),
    }
}

fn failure(answer: Answer) -> Option<VaultError> {
    if let Answer::Failed(error) = answer { Some(error) } else { None }
}

#[test]
fn a_message_that_is_no_request_is_refused() {
    let answer = Answer::decode(&vault().handle(b"\xff\xff")).unwrap();
    assert_eq!(failure(answer), Some(VaultError::Refused(Refusal::Malformed)));
}

#[test]
fn a_key_with_a_usage_that_its_spec_has_not_is_never_made() {
    let vault = vault();
    let refused = |spec, usage| failure(vault.answer(&Request::GenerateKey(Bytes(&binding(spec, usage)))));
    let wrong = refused(KeySpec::SymmetricDefault, KeyUsage::SignVerify);
    assert_eq!(wrong, Some(VaultError::Refused(Refusal::Usage)));
    let wrong = refused(KeySpec::Sm2, KeyUsage::GenerateVerifyMac);
    assert_eq!(wrong, Some(VaultError::Refused(Refusal::Usage)));
}

#[test]
fn a_binding_that_is_not_well_formed_is_refused() {
    let vault = vault();
    let refused = failure(vault.answer(&Request::GenerateKey(Bytes(b"not a binding"))));
    assert_eq!(refused, Some(VaultError::Refused(Refusal::Malformed)));
}

#[test]
fn a_data_key_pair_is_encrypted_as_pkcs8() {
    let vault = vault();
    let binding = binding(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
    let ekt = make(&vault, &binding);
    let key = KeyArg { ekt: Bytes(&ekt), binding: Bytes(&binding) };
    let context = Bytes(b"");
    let pair = KeySpec::EccNistP256;
    let made = vault.answer(&Request::GenerateDataKeyPair { key, pair, with_plaintext: true, context });
    let Answer::DataKey { plaintext: Some(private), ciphertext, public_key: Some(_) } = made else {
        panic!("no pair was made")
    };
    let algorithm = EncryptionAlgorithm::SymmetricDefault;
    let ciphertext = ciphertext.into_public();
    let sealed = Sealed { key, algorithm, ciphertext: Bytes(&ciphertext), context };
    let Answer::One(opened) = vault.answer(&Request::Decrypt(sealed)) else { panic!("not decrypted") };
    assert!(opened == private && private.0.starts_with(&[0x30]));
}

#[test]
fn a_key_that_is_used_again_comes_from_the_cache() {
    let vault = vault();
    let binding = binding(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac);
    let ekt = make(&vault, &binding);
    let key = KeyArg { ekt: Bytes(&ekt), binding: Bytes(&binding) };
    let first = vault.load(&key).unwrap_or_else(|error| panic!("{error}"));
    let second = vault.load(&key).unwrap_or_else(|error| panic!("{error}"));
    assert!(Arc::ptr_eq(&first, &second));
}

proptest! {
    #[test]
    fn any_message_gets_an_answer(message in proptest::collection::vec(any::<u8>(), 0..120)) {
        // RSA keys take seconds, and a random message hardly ever asks for one.
        prop_assert!(Answer::decode(&vault().handle(&message)).is_some());
    }
}
