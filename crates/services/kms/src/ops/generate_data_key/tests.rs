//! Data keys, in clear and without, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, refusal, root};

fn request(key: &str, spec: Option<DataKeySpec>, bytes: Option<i32>) -> GenerateDataKeyRequest {
    GenerateDataKeyRequest {
        key_id: key.to_owned(),
        encryption_context: Some([("k".to_owned(), "v".to_owned())].into()),
        number_of_bytes: bytes,
        key_spec: spec,
        grant_tokens: None,
        recipient: None,
        dry_run: None,
    }
}

fn without_plaintext(input: GenerateDataKeyRequest) -> GenerateDataKeyWithoutPlaintextRequest {
    GenerateDataKeyWithoutPlaintextRequest {
        key_id: input.key_id,
        encryption_context: input.encryption_context,
        key_spec: input.key_spec,
        number_of_bytes: input.number_of_bytes,
        grant_tokens: input.grant_tokens,
        dry_run: input.dry_run,
    }
}

async fn decrypt(house: &House, ciphertext: Option<Vec<u8>>) -> Vec<u8> {
    let input = DecryptRequest {
        ciphertext_blob: ciphertext,
        encryption_context: Some([("k".to_owned(), "v".to_owned())].into()),
        ..Default::default()
    };
    house.call::<Decrypt>(&root(), input).await.unwrap().plaintext.unwrap().expose().clone()
}

#[tokio::test]
async fn the_encrypted_data_key_decrypts_to_the_plain_one() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let cases = [
        (Some(DataKeySpec::Aes256), None, 32),
        (Some(DataKeySpec::Aes128), None, 16),
        (None, Some(1), 1),
        (None, Some(1024), 1024),
    ];
    for (spec, bytes, length) in cases {
        let made = house.call::<GenerateDataKey>(&root(), request(&arn, spec, bytes)).await.unwrap();
        let plaintext = made.plaintext.unwrap().expose().clone();
        assert_eq!((plaintext.len(), made.key_id.as_deref()), (length, Some(&*arn)));
        assert_eq!(made.key_material_id.map(|id| id.len()), Some(64));
        assert_eq!(decrypt(&house, made.ciphertext_blob).await, plaintext);
        let input = without_plaintext(request(&arn, spec, bytes));
        let made = house.call::<GenerateDataKeyWithoutPlaintext>(&root(), input).await.unwrap();
        assert_eq!(decrypt(&house, made.ciphertext_blob).await.len(), length);
    }
}

#[tokio::test]
async fn exactly_one_length_and_a_symmetric_key() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let expected = "ValidationException: Please specify either number of bytes or key spec.";
    for (spec, bytes) in [(None, None), (Some(DataKeySpec::Aes256), Some(32))] {
        let answer = refusal(house.call::<GenerateDataKey>(&root(), request(&arn, spec, bytes)).await);
        assert_eq!(answer, expected);
        let input = without_plaintext(request(&arn, spec, bytes));
        assert_eq!(refusal(house.call::<GenerateDataKeyWithoutPlaintext>(&root(), input).await), expected);
    }
    let rsa = house.key(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let answer = refusal(house.call::<GenerateDataKey>(&root(), request(&rsa, None, Some(32))).await);
    let expected =
        "InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.";
    assert_eq!(answer, expected);
    let mac = house.key(KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    let answer = refusal(house.call::<GenerateDataKey>(&root(), request(&mac, None, Some(32))).await);
    let expected = format!(
        "InvalidKeyUsageException: {mac} key usage is GENERATE_VERIFY_MAC which is not valid for GenerateDataKey."
    );
    assert_eq!(answer, expected);
    let mut dry = request(&arn, None, Some(32));
    dry.dry_run = Some(true);
    let answer = refusal(house.call::<GenerateDataKey>(&root(), dry).await);
    assert!(answer.starts_with("DryRunOperationException"), "{answer}");
}
