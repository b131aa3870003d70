//! What is encrypted can be decrypted, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, encrypt, refusal, root};

#[tokio::test]
async fn a_symmetric_ciphertext_names_its_key() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"attack at dawn")).await.unwrap();
    assert_eq!(sealed.key_id.as_deref(), Some(arn.as_str()));
    assert_eq!(sealed.encryption_algorithm, Some(EncryptionAlgorithmSpec::SymmetricDefault));
    let input = DecryptRequest { ciphertext_blob: sealed.ciphertext_blob, ..Default::default() };
    let opened = house.call::<Decrypt>(&root(), input).await.unwrap();
    assert_eq!(opened.plaintext.unwrap().expose(), b"attack at dawn");
    assert_eq!(opened.key_id, Some(arn));
    assert_eq!(opened.key_material_id.map(|id| id.len()), Some(64));
}

#[tokio::test]
async fn every_identifier_of_the_key_will_do() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let alias = CreateAliasRequest { alias_name: "alias/team/app".to_owned(), target_key_id: arn.clone() };
    house.call::<CreateAlias>(&root(), alias).await.unwrap();
    let id = arn.rsplit('/').next().unwrap();
    for name in [&arn, id, "alias/team/app", "arn:aws:kms:us-east-1:111122223333:alias/team/app"] {
        let sealed = house.call::<Encrypt>(&root(), encrypt(name, b"x")).await.unwrap();
        assert_eq!(sealed.key_id.as_deref(), Some(arn.as_str()), "{name}");
    }
}

#[tokio::test]
async fn identifiers_of_nothing_are_not_found_in_awss_words() {
    let house = House::new().await;
    let cases = [
        (
            "00000000-0000-4000-8000-000000000000",
            "NotFoundException: Key \
             'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000' does not exist",
        ),
        ("alias/x", "NotFoundException: Alias arn:aws:kms:us-east-1:111122223333:alias/x is not found."),
        ("x", "NotFoundException: Invalid keyId 'x'"),
        (
            "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000",
            "NotFoundException: Invalid arn eu-west-1",
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(refusal(house.call::<Encrypt>(&root(), encrypt(name, b"x")).await), expected);
    }
}

#[tokio::test]
async fn rsa_keys_encrypt_what_fits() {
    let house = House::new().await;
    let arn = house.key(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    for (algorithm, max) in
        [(EncryptionAlgorithmSpec::RsaesOaepSha1, 214), (EncryptionAlgorithmSpec::RsaesOaepSha256, 190)]
    {
        let mut input = encrypt(&arn, &vec![7; max]);
        input.encryption_algorithm = Some(algorithm);
        let sealed = house.call::<Encrypt>(&root(), input).await.unwrap().ciphertext_blob.unwrap();
        assert_eq!(sealed.len(), 256);
        let input = DecryptRequest {
            ciphertext_blob: Some(sealed),
            key_id: Some(arn.clone()),
            encryption_algorithm: Some(algorithm),
            ..Default::default()
        };
        let opened = house.call::<Decrypt>(&root(), input).await.unwrap();
        assert_eq!((opened.plaintext.unwrap().expose().len(), opened.key_material_id), (max, None));
        let mut input = encrypt(&arn, &vec![7; max + 1]);
        input.encryption_algorithm = Some(algorithm);
        let expected = format!(
            "ValidationException: Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger \
             than {max} bytes."
        );
        assert_eq!(refusal(house.call::<Encrypt>(&root(), input).await), expected);
    }
}

#[tokio::test]
async fn algorithm_usage_and_context_must_fit_the_key() {
    let house = House::new().await;
    let rsa = house.key(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let answer = refusal(house.call::<Encrypt>(&root(), encrypt(&rsa, b"x")).await);
    let expected =
        "InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.";
    assert_eq!(answer, expected);
    let mut input = encrypt(&rsa, b"x");
    input.encryption_algorithm = Some(EncryptionAlgorithmSpec::RsaesOaepSha256);
    input.encryption_context = Some([("a".to_owned(), "b".to_owned())].into());
    assert!(refusal(house.call::<Encrypt>(&root(), input).await).starts_with("ValidationException"));
    let signing = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let answer = refusal(house.call::<Encrypt>(&root(), encrypt(&signing, b"x")).await);
    let expected = format!(
        "InvalidKeyUsageException: {signing} key usage is SIGN_VERIFY which is not valid for Encrypt."
    );
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_dry_run_only_tells_that_it_would_work() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let mut input = encrypt(&arn, b"x");
    input.dry_run = Some(true);
    let answer = refusal(house.call::<Encrypt>(&root(), input).await);
    let expected =
        "DryRunOperationException: The request would have succeeded, but the DryRun option is set.";
    assert_eq!(answer, expected);
    house.call::<DisableKey>(&root(), DisableKeyRequest { key_id: arn.clone() }).await.unwrap();
    let mut input = encrypt(&arn, b"x");
    input.dry_run = Some(true);
    let answer = refusal(house.call::<Encrypt>(&root(), input).await);
    assert_eq!(answer, format!("DisabledException: {arn} is disabled."));
}

#[tokio::test]
async fn the_hot_operations_write_nothing() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let before = house.store.txns();
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap();
    let input = DecryptRequest { ciphertext_blob: sealed.ciphertext_blob, ..Default::default() };
    house.call::<Decrypt>(&root(), input).await.unwrap();
    assert_eq!(house.store.txns(), before);
}

#[tokio::test]
async fn a_changed_key_is_seen_at_once() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap();
    house.call::<DisableKey>(&root(), DisableKeyRequest { key_id: arn.clone() }).await.unwrap();
    assert!(house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.is_err());
    house.call::<EnableKey>(&root(), EnableKeyRequest { key_id: arn.clone() }).await.unwrap();
    assert!(house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.is_ok());
}
