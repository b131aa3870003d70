//! Data key pairs, in clear and without, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, data_key_pair, refusal, root, user_allowed, without_plaintext};

async fn decrypt(house: &House, ciphertext: Option<Vec<u8>>) -> Vec<u8> {
    let input = DecryptRequest {
        ciphertext_blob: ciphertext,
        encryption_context: Some([("k".to_owned(), "v".to_owned())].into()),
        ..Default::default()
    };
    house.call::<Decrypt>(&root(), input).await.unwrap().plaintext.unwrap().expose().clone()
}

fn request(key: &str, spec: DataKeyPairSpec) -> GenerateDataKeyPairRequest {
    let encryption_context = Some([("k".to_owned(), "v".to_owned())].into());
    GenerateDataKeyPairRequest { encryption_context, ..data_key_pair(key, spec) }
}

#[tokio::test]
async fn the_encrypted_private_half_decrypts_to_the_plain_one() {
    use DataKeyPairSpec::*;
    let house = House::new().await;
    let arn = house.symmetric().await;
    let specs = [
        Rsa2048,
        EccNistP256,
        EccNistP384,
        EccNistP521,
        EccSecgP256k1,
        EccNistEdwards25519,
        MlKem512,
        MlKem768,
        MlKem1024,
    ];
    for spec in specs {
        let made = house.call::<GenerateDataKeyPair>(&root(), request(&arn, spec)).await.unwrap();
        let plaintext = made.private_key_plaintext.unwrap().expose().clone();
        assert_eq!((made.key_id.as_deref(), made.key_pair_spec), (Some(&*arn), Some(spec)));
        assert_eq!(made.key_material_id.map(|id| id.len()), Some(64));
        // PKCS#8 and SPKI are both a SEQUENCE.
        assert_eq!((plaintext[0], made.public_key.unwrap()[0]), (0x30, 0x30), "{spec}");
        assert_eq!(decrypt(&house, made.private_key_ciphertext_blob).await, plaintext, "{spec}");
        let input = without_plaintext(request(&arn, spec));
        let hidden = house.call::<GenerateDataKeyPairWithoutPlaintext>(&root(), input).await.unwrap();
        assert_eq!((hidden.key_id.as_deref(), hidden.key_pair_spec), (Some(&*arn), Some(spec)));
        let opened = decrypt(&house, hidden.private_key_ciphertext_blob).await;
        assert!(opened[0] == 0x30 && opened != plaintext, "{spec}");
    }
}

#[tokio::test]
async fn only_symmetric_encryption_keys_wrap_pairs() {
    let house = House::new().await;
    let rsa = house.key(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let input = request(&rsa, DataKeyPairSpec::EccNistP256);
    let answer = refusal(house.call::<GenerateDataKeyPair>(&root(), input.clone()).await);
    let expected =
        "InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.";
    assert_eq!(answer, expected);
    let input = without_plaintext(input);
    assert_eq!(refusal(house.call::<GenerateDataKeyPairWithoutPlaintext>(&root(), input).await), expected);
    let mac = house.key(KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    let input = without_plaintext(request(&mac, DataKeyPairSpec::EccNistP256));
    let answer = refusal(house.call::<GenerateDataKeyPairWithoutPlaintext>(&root(), input).await);
    let expected = format!(
        "InvalidKeyUsageException: {mac} key usage is GENERATE_VERIFY_MAC which is not valid for \
         GenerateDataKeyPairWithoutPlaintext."
    );
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn sm2_is_refused_outside_china_and_a_dry_run_makes_nothing() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let call = async |input| refusal(house.call::<GenerateDataKeyPair>(&root(), input).await);
    let expected = "UnsupportedOperationException: KeyPairSpec SM2 is available only in China Regions.";
    assert_eq!(call(request(&arn, DataKeyPairSpec::Sm2)).await, expected);
    let dry =
        GenerateDataKeyPairRequest { dry_run: Some(true), ..request(&arn, DataKeyPairSpec::EccNistP256) };
    assert!(call(dry.clone()).await.starts_with("DryRunOperationException"));
    let dry = without_plaintext(dry);
    let answer = refusal(house.call::<GenerateDataKeyPairWithoutPlaintext>(&root(), dry).await);
    assert!(answer.starts_with("DryRunOperationException"), "{answer}");
}

#[tokio::test]
async fn each_operation_takes_its_own_permission() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let input = request(&arn, DataKeyPairSpec::EccNistP256);
    let alice = user_allowed(&["kms:GenerateDataKeyPairWithoutPlaintext"]);
    let answer = refusal(house.call::<GenerateDataKeyPair>(&alice, input.clone()).await);
    assert!(answer.contains("is not authorized to perform: kms:GenerateDataKeyPair on"), "{answer}");
    let input = without_plaintext(input);
    assert!(house.call::<GenerateDataKeyPairWithoutPlaintext>(&alice, input).await.is_ok());
}
