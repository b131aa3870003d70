//! New material on demand: what it changes, what it leaves, and its limits.

use std::time::Duration;

use keyward_schema::kms::*;
use keyward_vault::MaterialId;

use crate::key::{Material, MaterialState, Source};
use crate::testing::{House, attempt, encrypt, re_encrypt, refusal, region, root};

async fn rotate(house: &House, arn: &str) -> String {
    let input = RotateKeyOnDemandRequest { key_id: arn.to_owned() };
    refusal(house.call::<RotateKeyOnDemand>(&root(), input).await)
}

async fn current(house: &House, arn: &str) -> String {
    let input = DescribeKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
    let described = house.call::<DescribeKey>(&root(), input).await.unwrap();
    described.key_metadata.unwrap().current_key_material_id.unwrap()
}

async fn decrypt(house: &House, ciphertext: &[u8]) -> DecryptResponse {
    let input = DecryptRequest { ciphertext_blob: Some(ciphertext.to_vec()), ..Default::default() };
    house.call::<Decrypt>(&root(), input).await.unwrap()
}

#[tokio::test]
async fn new_ciphertexts_are_made_with_the_new_material_and_old_ones_still_decrypt() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let mut made = Vec::new();
    for number in 0..4u8 {
        let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, &[number])).await.unwrap();
        made.push((current(&house, &arn).await, sealed.ciphertext_blob.unwrap()));
        assert_eq!(rotate(&house, &arn).await, "no error");
    }
    let newest = current(&house, &arn).await;
    for (number, (material, sealed)) in made.iter().enumerate() {
        let opened = decrypt(&house, sealed).await;
        assert_eq!(opened.plaintext.unwrap().expose(), &[u8::try_from(number).unwrap()]);
        assert_eq!(opened.key_material_id.as_ref(), Some(material));
        assert_ne!(*material, newest);
        let moved = house.call::<ReEncrypt>(&root(), re_encrypt(sealed.clone(), &arn)).await.unwrap();
        assert_eq!(moved.source_key_material_id.as_ref(), Some(material));
        assert_eq!(moved.destination_key_material_id.as_ref(), Some(&newest));
    }
}

#[tokio::test]
async fn a_key_is_rotated_on_demand_25_times_at_most() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    for _ in 0..25 {
        assert_eq!(rotate(&house, &arn).await, "no error");
    }
    let before = house.store.inner.rows();
    let expected = format!(
        "LimitExceededException: The on-demand rotations limit has been reached for the given keyId. No more \
         on-demand rotations can be performed for this key: {arn}"
    );
    assert_eq!(rotate(&house, &arn).await, expected);
    assert_eq!(house.store.inner.rows(), before);
}

#[tokio::test]
async fn the_plan_stays_and_none_is_asked_for_shortly_before_it() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    attempt(&house, &root(), "EnableKeyRotation", &arn, &[]).await.unwrap();
    let status = async || {
        let input = GetKeyRotationStatusRequest { key_id: arn.clone() };
        house.call::<GetKeyRotationStatus>(&root(), input).await.unwrap()
    };
    let planned = status().await;
    assert_eq!(rotate(&house, &arn).await, "no error");
    assert_eq!(status().await, planned);
    house.clock.advance(Duration::from_secs(365 * 86_400 - 20 * 60 - 1));
    assert_eq!(rotate(&house, &arn).await, "no error");
    house.clock.advance(Duration::from_secs(1));
    assert!(rotate(&house, &arn).await.starts_with("ConflictException: "));
}

#[tokio::test]
async fn an_imported_key_is_rotated_to_the_material_that_waits_for_it() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    house.rewrite(&arn, |record| record.source = Source::External).await;
    let refused =
        format!("KMSInvalidStateException: No available key material pending rotation for the key: {arn}.");
    assert_eq!(rotate(&house, &arn).await, refused);
    let id = MaterialId([7; 32]);
    house
        .rewrite(&arn, |record| {
            let backing = record.materials[0].backing.clone();
            record.materials.push(Material { id, state: MaterialState::PendingRotation, backing });
        })
        .await;
    assert_eq!(rotate(&house, &arn).await, "no error");
    let states: Vec<_> = house.record(&arn).await.unwrap().materials.iter().map(|one| one.state).collect();
    assert_eq!(states, [MaterialState::NonCurrent, MaterialState::Current]);
    assert_eq!(current(&house, &arn).await, id.to_string());
    assert_eq!(rotate(&house, &arn).await, refused);
}

#[tokio::test]
async fn of_two_rotations_at_once_both_are_made_in_turn() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let (handle, key_id) = (house.handle.clone(), arn.clone());
    house.store.before_next_txn(async move {
        handle
            .call::<RotateKeyOnDemand>(&root(), &region(), RotateKeyOnDemandRequest { key_id })
            .await
            .unwrap();
    });
    assert_eq!(rotate(&house, &arn).await, "no error");
    let materials = house.record(&arn).await.unwrap().materials;
    assert_eq!(materials.len(), 3);
    assert_eq!(materials.iter().filter(|one| one.state == MaterialState::Current).count(), 1);
}
