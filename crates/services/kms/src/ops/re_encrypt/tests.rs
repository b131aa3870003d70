//! From key to key, from context to context.

use keyward_schema::kms::*;

use crate::testing::{House, encrypt, re_encrypt, refusal, root, user_allowed};

fn context(value: &str) -> Option<std::collections::BTreeMap<String, String>> {
    Some([("k".to_owned(), value.to_owned())].into())
}

#[tokio::test]
async fn the_plaintext_arrives_under_the_other_key_and_context() {
    let house = House::new().await;
    let (from, to) = (house.symmetric().await, house.symmetric().await);
    let mut input = encrypt(&from, b"secret");
    input.encryption_context = context("old");
    let old = house.call::<Encrypt>(&root(), input).await.unwrap().ciphertext_blob.unwrap();
    let mut input = re_encrypt(old, &to);
    input.source_encryption_context = context("old");
    input.destination_encryption_context = context("new");
    let moved = house.call::<ReEncrypt>(&root(), input).await.unwrap();
    assert_eq!((moved.source_key_id.as_deref(), moved.key_id.as_deref()), (Some(&*from), Some(&*to)));
    assert_ne!(moved.source_key_material_id, moved.destination_key_material_id);
    let input = DecryptRequest {
        ciphertext_blob: moved.ciphertext_blob,
        encryption_context: context("new"),
        ..Default::default()
    };
    let opened = house.call::<Decrypt>(&root(), input).await.unwrap();
    assert_eq!((opened.plaintext.unwrap().expose().as_slice(), opened.key_id), (&b"secret"[..], Some(to)));
}

#[tokio::test]
async fn between_symmetric_and_rsa_keys() {
    let house = House::new().await;
    let symmetric = house.symmetric().await;
    let rsa = house.key(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let oaep = Some(EncryptionAlgorithmSpec::RsaesOaepSha256);
    let sealed = house.call::<Encrypt>(&root(), encrypt(&symmetric, b"secret")).await.unwrap();
    let mut input = re_encrypt(sealed.ciphertext_blob.unwrap(), &rsa);
    input.destination_encryption_algorithm = oaep;
    let moved = house.call::<ReEncrypt>(&root(), input).await.unwrap();
    assert_eq!(moved.destination_key_material_id, None);
    let mut input = re_encrypt(moved.ciphertext_blob.unwrap(), &symmetric);
    input.source_key_id = Some(rsa);
    input.source_encryption_algorithm = oaep;
    let back = house.call::<ReEncrypt>(&root(), input).await.unwrap();
    let input = DecryptRequest { ciphertext_blob: back.ciphertext_blob, ..Default::default() };
    let opened = house.call::<Decrypt>(&root(), input).await.unwrap();
    assert_eq!(opened.plaintext.unwrap().expose(), b"secret");
}

#[tokio::test]
async fn refuses_what_does_not_fit_under_the_destination() {
    let house = House::new().await;
    let symmetric = house.symmetric().await;
    let rsa = house.key(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    for (bytes, fits) in [(190, true), (191, false)] {
        let sealed = house.call::<Encrypt>(&root(), encrypt(&symmetric, &vec![7; bytes])).await.unwrap();
        let mut input = re_encrypt(sealed.ciphertext_blob.unwrap(), &rsa);
        input.destination_encryption_algorithm = Some(EncryptionAlgorithmSpec::RsaesOaepSha256);
        let answer = house.call::<ReEncrypt>(&root(), input).await;
        if fits {
            answer.unwrap();
            continue;
        }
        let expected = "ValidationException: Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt \
                        data larger than 190 bytes.";
        assert_eq!(refusal(answer), expected);
    }
}

#[tokio::test]
async fn both_permissions_are_needed() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap().ciphertext_blob.unwrap();
    for (only, missing) in [("From", "To"), ("To", "From")] {
        let caller = user_allowed(&[&format!("kms:ReEncrypt{only}")]);
        let answer = refusal(house.call::<ReEncrypt>(&caller, re_encrypt(sealed.clone(), &arn)).await);
        assert!(answer.contains(&format!("not authorized to perform: kms:ReEncrypt{missing}")), "{answer}");
    }
}

#[tokio::test]
async fn wrong_sources_and_destinations_are_refused() {
    let house = House::new().await;
    let (arn, other) = (house.symmetric().await, house.symmetric().await);
    let signing = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap().ciphertext_blob.unwrap();
    let mut wrong_key = re_encrypt(sealed.clone(), &arn);
    wrong_key.source_key_id = Some(other);
    let answer = refusal(house.call::<ReEncrypt>(&root(), wrong_key).await);
    assert!(answer.starts_with("IncorrectKeyException"), "{answer}");
    let mut wrong_context = re_encrypt(sealed.clone(), &arn);
    wrong_context.source_encryption_context = context("x");
    let answer = refusal(house.call::<ReEncrypt>(&root(), wrong_context).await);
    assert_eq!(answer, "InvalidCiphertextException");
    let answer = refusal(house.call::<ReEncrypt>(&root(), re_encrypt(sealed, &signing)).await);
    assert!(answer.starts_with("InvalidKeyUsageException"), "{answer}");
}
