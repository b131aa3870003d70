//! Request quotas, through the gate: every operation has a class, and counts against the right ones.

use std::time::Duration;

use keyward_gate::{Rate, Rates, Throttle};
use keyward_schema::kms::*;

use crate::testing::{
    House, ON_KEYS, attempt, data_key_pair, encrypt, foreigner, refusal, replicate_key, root, sign,
};
use crate::{QUOTA_CLASSES, ResourceQuotas};

const THROTTLED: &str = "ThrottlingException: You have exceeded the rate at which you may call KMS. Reduce \
                         the frequency of your calls.";

/// A house in which these classes have these rates (requests a second), and the others AWS's.
async fn house(rates: &[(&str, f64)]) -> House {
    let mut set = Rates::default();
    set.throttle("kms");
    for (class, rate) in rates {
        assert!(QUOTA_CLASSES.iter().any(|known| known.name == *class), "{class}");
        set.set("kms", class, Rate::from_fraction(*rate).unwrap());
    }
    House::with_quotas(ResourceQuotas::default(), Throttle::new(set)).await
}

#[tokio::test]
async fn every_operation_on_a_key_counts_against_a_class() {
    for (operation, spec, usage) in ON_KEYS {
        let slow: Vec<_> = QUOTA_CLASSES.iter().map(|class| (class.name, 0.001)).collect();
        let house = house(&slow).await;
        let arn = house.key_for(operation, *spec, *usage).await;
        let mut answers = Vec::new();
        // Once more than is let through; whether the call itself works does not matter.
        for _ in 0..3 {
            answers.push(refusal(attempt(&house, &root(), operation, &arn, &[]).await));
        }
        if !["Decrypt", "ReEncrypt"].contains(operation) {
            assert_eq!(answers.last().unwrap(), THROTTLED, "{operation}");
        }
    }
}

#[tokio::test]
async fn symmetric_operations_share_a_rate_and_other_kinds_of_keys_have_their_own() {
    let house = house(&[("cryptographic_symmetric", 2.0), ("cryptographic_ecc", 1.0)]).await;
    let (key, ecc) =
        (house.symmetric().await, house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await);
    let sealed = house.call::<Encrypt>(&root(), encrypt(&key, b"x")).await.unwrap().ciphertext_blob;
    let open = || DecryptRequest { ciphertext_blob: sealed.clone(), ..Default::default() };
    house.call::<Decrypt>(&root(), open()).await.unwrap();
    assert_eq!(refusal(house.call::<Encrypt>(&root(), encrypt(&key, b"x")).await), THROTTLED);
    assert_eq!(refusal(house.call::<Decrypt>(&root(), open()).await), THROTTLED);
    let random =
        || GenerateRandomRequest { number_of_bytes: Some(8), custom_key_store_id: None, recipient: None };
    assert_eq!(refusal(house.call::<GenerateRandom>(&root(), random()).await), THROTTLED);
    let sign = || sign(&ecc, SigningAlgorithmSpec::EcdsaSha256, b"x");
    house.call::<Sign>(&root(), sign()).await.unwrap();
    assert_eq!(refusal(house.call::<Sign>(&root(), sign()).await), THROTTLED);
    house.clock.advance(Duration::from_secs(1));
    house.call::<Decrypt>(&root(), open()).await.unwrap();
    house.call::<Sign>(&root(), sign()).await.unwrap();
}

#[tokio::test]
async fn the_caller_is_charged_and_not_the_keys_owner() {
    let house = house(&[("cryptographic_symmetric", 1.0)]).await;
    let key = house.symmetric().await;
    house.call::<Encrypt>(&root(), encrypt(&key, b"x")).await.unwrap();
    assert_eq!(refusal(house.call::<Encrypt>(&root(), encrypt(&key, b"x")).await), THROTTLED);
    let stranger = refusal(house.call::<Encrypt>(&foreigner(), encrypt(&key, b"x")).await);
    assert!(stranger.starts_with("AccessDeniedException"), "{stranger}");
}

#[tokio::test]
async fn data_key_pairs_have_the_rate_of_their_spec() {
    let house = house(&[("data_key_pair_ecc_p256", 1.0)]).await;
    let key = house.symmetric().await;
    let caller = root();
    let pair = |spec| house.call::<GenerateDataKeyPair>(&caller, data_key_pair(&key, spec));
    let (p256, p384) = (DataKeyPairSpec::EccNistP256, DataKeyPairSpec::EccNistP384);
    assert_eq!(refusal(pair(p256).await), "no error");
    assert_eq!(refusal(pair(p256).await), THROTTLED);
    assert_eq!(refusal(pair(p384).await), "no error");
}

#[tokio::test]
async fn a_replication_counts_as_two_new_keys_in_the_replicas_region() {
    let house = house(&[("CreateKey", 2.0), ("ReplicateKey", 100.0)]).await;
    let arn = house.multi_region(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    house.call::<ReplicateKey>(&root(), replicate_key(&arn, "eu-west-1")).await.unwrap();
    let there = house.call_in::<CreateKey>("eu-west-1", CreateKeyRequest::default()).await;
    assert_eq!(refusal(there), THROTTLED);
    house.call::<CreateKey>(&root(), CreateKeyRequest::default()).await.unwrap();
    assert_eq!(refusal(house.call::<CreateKey>(&root(), CreateKeyRequest::default()).await), THROTTLED);
}

#[tokio::test]
async fn a_change_of_the_primary_counts_in_both_regions() {
    let house = house(&[("UpdatePrimaryRegion", 1.0)]).await;
    let arn = house.family(&["eu-west-1"]).await;
    house.move_primary(&arn, "eu-west-1").await.unwrap();
    let back = house.move_primary(&crate::testing::twin(&arn, "eu-west-1"), "us-east-1").await;
    assert_eq!(refusal(back), THROTTLED);
}

#[test]
fn classes_have_names_of_their_own() {
    let mut names: Vec<_> = QUOTA_CLASSES.iter().map(|class| class.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), QUOTA_CLASSES.len());
}
