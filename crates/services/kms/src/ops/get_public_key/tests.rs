//! Public halves of asymmetric keys, and none of others.

use keyward_schema::kms::*;

use crate::testing::{House, refusal, root};

async fn public_key(house: &House, key: &str) -> Result<GetPublicKeyResponse, keyward_base::Fault> {
    let input = GetPublicKeyRequest { key_id: key.to_owned(), grant_tokens: None };
    house.call::<GetPublicKey>(&root(), input).await
}

#[tokio::test]
async fn an_asymmetric_key_shows_its_public_half() {
    let house = House::new().await;
    let arn = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let shown = public_key(&house, &arn).await.unwrap();
    // SPKI: 26 bytes of header, then the uncompressed point.
    let der = shown.public_key.unwrap();
    assert_eq!((der.len(), der[26]), (91, 4));
    assert_eq!(shown.key_id.as_deref(), Some(arn.as_str()));
    assert_eq!(
        (shown.key_spec, shown.key_usage),
        (Some(KeySpec::EccNistP256), Some(KeyUsageType::SignVerify))
    );
    assert_eq!(shown.customer_master_key_spec, Some(CustomerMasterKeySpec::EccNistP256));
    assert_eq!(shown.signing_algorithms, Some(vec![SigningAlgorithmSpec::EcdsaSha256]));
    assert_eq!(shown.encryption_algorithms, None);
    assert_eq!(public_key(&house, &arn).await.unwrap().public_key.unwrap(), der);
}

#[tokio::test]
async fn symmetric_and_hmac_keys_have_none() {
    let house = House::new().await;
    for key in [house.symmetric().await, house.key(KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await] {
        let answer = refusal(public_key(&house, &key).await);
        assert!(answer.starts_with("UnsupportedOperationException"), "{answer}");
    }
}
