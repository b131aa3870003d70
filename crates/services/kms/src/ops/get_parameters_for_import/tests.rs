//! Wrapping keys: which there are, for which material, and for how long.

use std::time::Duration;

use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{
    House, START, account_principal, allow, parameters_for_import, policy, refusal, region, root,
};

async fn symmetric(house: &House) -> String {
    house.external(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await
}

#[tokio::test]
async fn each_answer_is_a_wrapping_key_of_its_own_for_a_day() {
    let house = House::new().await;
    let arn = symmetric(&house).await;
    let input = parameters_for_import(&arn, AlgorithmSpec::RsaesOaepSha1);
    let first = house.call::<GetParametersForImport>(&root(), input.clone()).await.unwrap();
    let second = house.call::<GetParametersForImport>(&root(), input).await.unwrap();
    assert_eq!(first.key_id.as_deref(), Some(&*arn));
    assert_eq!(first.parameters_valid_to, Some(START.plus(Duration::from_secs(86_400))));
    // SPKI of RSA with 2048 bits: 294 bytes.
    assert_eq!(first.public_key.as_ref().unwrap().expose().len(), 294);
    assert!(first.public_key.unwrap().expose() != second.public_key.unwrap().expose());
    assert_ne!(first.import_token, second.import_token);
    assert!(first.import_token.unwrap().len() < 6144);
}

#[tokio::test]
async fn the_longest_wrapping_key_makes_a_token_that_can_be_sent_back() {
    let house = House::new().await;
    let arn = symmetric(&house).await;
    let mut input = parameters_for_import(&arn, AlgorithmSpec::RsaesOaepSha256);
    input.wrapping_key_spec = WrappingKeySpec::Rsa4096;
    let answer = house.call::<GetParametersForImport>(&root(), input).await.unwrap();
    assert_eq!(answer.public_key.unwrap().expose().len(), 550);
    assert!((1..=6144).contains(&answer.import_token.unwrap().len()));
}

#[tokio::test]
async fn wrapping_that_does_not_carry_the_material_is_refused() {
    let house = House::new().await;
    let sign = KeyUsageType::SignVerify;
    let (rsa, curve) =
        (house.external(KeySpec::Rsa2048, sign).await, house.external(KeySpec::EccNistP521, sign).await);
    let symmetric = symmetric(&house).await;
    let before = house.rows();
    use AlgorithmSpec::*;
    let old = "UnsupportedOperationException: The wrapping algorithm RSAES_PKCS1_V1_5 is not supported.";
    let cases = [
        (&symmetric, RsaesPkcs1V15, WrappingKeySpec::Rsa2048, old),
        (
            &symmetric,
            Sm2pke,
            WrappingKeySpec::Rsa2048,
            "SM2PKE is incompatible with the wrapping key spec RSA_2048",
        ),
        (&symmetric, RsaesOaepSha256, WrappingKeySpec::Sm2, "is incompatible with the wrapping key spec SM2"),
        (
            &rsa,
            RsaesOaepSha256,
            WrappingKeySpec::Rsa4096,
            "cannot be used to import key material of the key spec RSA_2048",
        ),
        (
            &curve,
            RsaesOaepSha1,
            WrappingKeySpec::Rsa2048,
            "cannot be used to import key material of the key spec ECC_NIST_P521",
        ),
    ];
    for (arn, algorithm, wrapping_key_spec, expected) in cases {
        let input =
            GetParametersForImportRequest { wrapping_key_spec, ..parameters_for_import(arn, algorithm) };
        let refused = refusal(house.call::<GetParametersForImport>(&root(), input).await);
        assert!(
            refused.starts_with("UnsupportedOperationException") && refused.contains(expected),
            "{refused}"
        );
    }
    assert_eq!(house.rows(), before);
}

#[tokio::test]
async fn condition_keys_decide() {
    let house = House::new().await;
    let arn = symmetric(&house).await;
    for (keys, allowed) in [
        (json!({"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256", "kms:WrappingKeySpec": "RSA_2048"}), true),
        (json!({"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_1"}), false),
        (json!({"kms:WrappingKeySpec": "RSA_4096"}), false),
    ] {
        let mut statement = allow(&json!({"AWS": "*"}), "kms:GetParametersForImport");
        statement["Condition"] = json!({"StringEquals": keys});
        let policy = policy(&[allow(&account_principal(), "kms:PutKeyPolicy"), statement]);
        house.rewrite(&arn, |record| record.policy = policy).await;
        let input = parameters_for_import(&arn, AlgorithmSpec::RsaesOaepSha256);
        let answer = house.handle.call::<GetParametersForImport>(&root(), &region(), input).await;
        assert_eq!(answer.is_ok(), allowed, "{keys}");
    }
}
