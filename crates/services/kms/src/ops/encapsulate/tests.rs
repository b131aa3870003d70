//! Secrets for the holder of a private half, taken out again, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, decapsulate, encapsulate, refusal, root};

#[tokio::test]
async fn what_was_encapsulated_is_decapsulated_and_what_was_altered_gives_another_secret() {
    let house = House::new().await;
    for (spec, length) in [(KeySpec::MlKem512, 768), (KeySpec::MlKem768, 1088), (KeySpec::MlKem1024, 1568)] {
        let key = house.key(spec, KeyUsageType::EncapsulateDecapsulate).await;
        let made = house.call::<Encapsulate>(&root(), encapsulate(&key)).await.unwrap();
        assert_eq!(made.key_id.as_deref(), Some(&*key));
        assert_eq!(made.encapsulation_algorithm, Some(EncapsulationAlgorithmSpec::MlKem));
        let secret = made.shared_secret.unwrap().expose().clone();
        let mut ciphertext = made.shared_secret_ciphertext_blob.unwrap();
        assert_eq!((secret.len(), ciphertext.len()), (32, length));
        let open = async |ciphertext: Vec<u8>| {
            house.call::<Decapsulate>(&root(), decapsulate(&key, ciphertext)).await
        };
        let opened = open(ciphertext.clone()).await.unwrap();
        assert_eq!(opened.key_id.as_deref(), Some(&*key));
        assert_eq!(opened.encapsulation_algorithm, Some(EncapsulationAlgorithmSpec::MlKem));
        assert_eq!(opened.shared_secret.unwrap().expose(), &secret);
        ciphertext[3] ^= 1;
        let other = open(ciphertext.clone()).await.unwrap().shared_secret.unwrap();
        assert!(other.expose().len() == 32 && *other.expose() != secret);
        ciphertext.pop();
        assert_eq!(open(ciphertext).await.unwrap_err().code(), "InvalidCiphertextException");
    }
}

#[tokio::test]
async fn usage_and_dry_run() {
    let house = House::new().await;
    let key = house.symmetric().await;
    let expected = |operation| {
        format!(
            "InvalidKeyUsageException: {key} key usage is ENCRYPT_DECRYPT which is not valid for {operation}."
        )
    };
    let answer = refusal(house.call::<Encapsulate>(&root(), encapsulate(&key)).await);
    assert_eq!(answer, expected("Encapsulate"));
    let answer = refusal(house.call::<Decapsulate>(&root(), decapsulate(&key, vec![1])).await);
    assert_eq!(answer, expected("Decapsulate"));
    let key = house.key(KeySpec::MlKem768, KeyUsageType::EncapsulateDecapsulate).await;
    let dry = EncapsulateRequest { dry_run: Some(true), ..encapsulate(&key) };
    assert!(refusal(house.call::<Encapsulate>(&root(), dry).await).starts_with("DryRunOperationException"));
    let dry = DecapsulateRequest { dry_run: Some(true), ..decapsulate(&key, vec![1]) };
    assert!(refusal(house.call::<Decapsulate>(&root(), dry).await).starts_with("DryRunOperationException"));
}
