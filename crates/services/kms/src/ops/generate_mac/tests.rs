//! MACs there and back, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, generate_mac, refusal, root, verify_mac};

#[tokio::test]
async fn every_spec_makes_macs_of_its_length_that_verify() {
    use MacAlgorithmSpec::{HmacSha224, HmacSha256, HmacSha384, HmacSha512};
    let house = House::new().await;
    let cases = [
        (KeySpec::Hmac224, HmacSha224, 28),
        (KeySpec::Hmac256, HmacSha256, 32),
        (KeySpec::Hmac384, HmacSha384, 48),
        (KeySpec::Hmac512, HmacSha512, 64),
    ];
    for (spec, algorithm, length) in cases {
        let arn = house.key(spec, KeyUsageType::GenerateVerifyMac).await;
        let made = house.call::<GenerateMac>(&root(), generate_mac(&arn, algorithm, b"m")).await.unwrap();
        assert_eq!((made.key_id.as_deref(), made.mac_algorithm), (Some(&*arn), Some(algorithm)));
        let mac = made.mac.unwrap();
        assert_eq!(mac.len(), length);
        let input = verify_mac(&arn, algorithm, b"m", mac.clone());
        assert_eq!(house.call::<VerifyMac>(&root(), input).await.unwrap().mac_valid, Some(true));
        for wrong in [verify_mac(&arn, algorithm, b"n", mac), verify_mac(&arn, algorithm, b"m", vec![1])] {
            assert_eq!(refusal(house.call::<VerifyMac>(&root(), wrong).await), "KMSInvalidMacException");
        }
    }
}

#[tokio::test]
async fn algorithm_and_usage_must_fit() {
    let house = House::new().await;
    let arn = house.key(KeySpec::Hmac224, KeyUsageType::GenerateVerifyMac).await;
    let input = generate_mac(&arn, MacAlgorithmSpec::HmacSha256, b"m");
    let expected = "InvalidKeyUsageException: Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.";
    assert_eq!(refusal(house.call::<GenerateMac>(&root(), input).await), expected);
    let symmetric = house.symmetric().await;
    let input = verify_mac(&symmetric, MacAlgorithmSpec::HmacSha256, b"m", vec![1]);
    let expected = format!(
        "InvalidKeyUsageException: {symmetric} key usage is ENCRYPT_DECRYPT which is not valid for VerifyMac."
    );
    assert_eq!(refusal(house.call::<VerifyMac>(&root(), input).await), expected);
    let mut input = generate_mac(&arn, MacAlgorithmSpec::HmacSha224, b"m");
    input.dry_run = Some(true);
    let answer = refusal(house.call::<GenerateMac>(&root(), input).await);
    assert!(answer.starts_with("DryRunOperationException"), "{answer}");
}
