//! Secrets that two keys share, and what is refused.

use keyward_base::Fault;
use keyward_schema::kms::*;

use crate::testing::{House, derive_shared_secret, refusal, root};

async fn public_key(house: &House, key: &str) -> Vec<u8> {
    let input = GetPublicKeyRequest { key_id: key.to_owned(), grant_tokens: None };
    let shown = house.call::<GetPublicKey>(&root(), input).await.unwrap();
    assert_eq!(shown.key_agreement_algorithms, Some(vec![KeyAgreementAlgorithmSpec::Ecdh]));
    assert_eq!((shown.signing_algorithms, shown.key_usage), (None, Some(KeyUsageType::KeyAgreement)));
    shown.public_key.unwrap()
}

async fn derive(house: &House, key: &str, peer: Vec<u8>) -> Result<DeriveSharedSecretResponse, Fault> {
    house.call::<DeriveSharedSecret>(&root(), derive_shared_secret(key, peer)).await
}

#[tokio::test]
async fn two_keys_derive_the_same_secret() {
    let house = House::new().await;
    for (spec, length) in [(KeySpec::EccNistP256, 32), (KeySpec::EccNistP384, 48), (KeySpec::EccNistP521, 66)]
    {
        let one = house.key(spec, KeyUsageType::KeyAgreement).await;
        let other = house.key(spec, KeyUsageType::KeyAgreement).await;
        let derived = derive(&house, &one, public_key(&house, &other).await).await.unwrap();
        assert_eq!(derived.key_id.as_deref(), Some(&*one));
        assert_eq!(derived.key_agreement_algorithm, Some(KeyAgreementAlgorithmSpec::Ecdh));
        assert_eq!(derived.key_origin, Some(OriginType::AwsKms));
        let secret = derived.shared_secret.unwrap().expose().clone();
        assert_eq!(secret.len(), length);
        let back = derive(&house, &other, public_key(&house, &one).await).await.unwrap();
        assert_eq!(back.shared_secret.unwrap().expose(), &secret);
    }
}

#[tokio::test]
async fn a_public_key_that_is_none_or_of_another_curve_is_refused_without_a_reason() {
    let house = House::new().await;
    let key = house.key(KeySpec::EccNistP256, KeyUsageType::KeyAgreement).await;
    let other = house.key(KeySpec::EccNistP384, KeyUsageType::KeyAgreement).await;
    let mut broken = public_key(&house, &key).await;
    *broken.last_mut().unwrap() ^= 1;
    for peer in [public_key(&house, &other).await, broken, vec![0x30]] {
        let fault = derive(&house, &key, peer).await.unwrap_err();
        assert_eq!((fault.code(), fault.message()), ("ValidationException", None));
    }
}

#[tokio::test]
async fn usage_recipient_and_dry_run() {
    let house = House::new().await;
    let signing = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let expected = format!(
        "InvalidKeyUsageException: {signing} key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret."
    );
    assert_eq!(refusal(derive(&house, &signing, vec![1]).await), expected);
    let key = house.key(KeySpec::EccNistP256, KeyUsageType::KeyAgreement).await;
    let call = async |input| refusal(house.call::<DeriveSharedSecret>(&root(), input).await);
    let plain = derive_shared_secret(&key, public_key(&house, &key).await);
    let recipient = RecipientInfo { key_encryption_algorithm: None, attestation_document: Some(vec![1]) };
    let input = DeriveSharedSecretRequest { recipient: Some(recipient), ..plain.clone() };
    assert!(call(input).await.starts_with("ValidationException: "));
    let input = DeriveSharedSecretRequest { dry_run: Some(true), ..plain };
    assert!(call(input).await.starts_with("DryRunOperationException"));
}
