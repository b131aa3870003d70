//! Pointing an alias to another key.

use std::time::Duration;

use keyward_schema::kms::*;

use crate::testing::{House, START, refusal, root};

fn update(target: &str) -> UpdateAliasRequest {
    UpdateAliasRequest { alias_name: "alias/a".to_owned(), target_key_id: target.to_owned() }
}

async fn aliased() -> (House, String) {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let input = CreateAliasRequest { alias_name: "alias/a".to_owned(), target_key_id: arn.clone() };
    house.call::<CreateAlias>(&root(), input).await.unwrap();
    (house, arn)
}

#[tokio::test]
async fn the_alias_moves_and_keeps_its_creation_date() {
    let (house, old) = aliased().await;
    let new = house.symmetric().await;
    house.clock.advance(Duration::from_secs(60));
    house.call::<UpdateAlias>(&root(), update(&new)).await.unwrap();
    assert!(house.record(&old).await.unwrap().aliases.is_empty());
    assert_eq!(house.record(&new).await.unwrap().aliases.len(), 1);
    let listed = house.call::<ListAliases>(&root(), Default::default()).await.unwrap().aliases.unwrap();
    assert_eq!(listed[0].target_key_id.as_deref(), new.rsplit('/').next());
    assert_eq!(listed[0].creation_date, Some(START));
    assert_eq!(listed[0].last_updated_date, Some(START.plus(Duration::from_secs(60))));
    // Pointing it to the key that it points to is no error.
    house.call::<UpdateAlias>(&root(), update(&new)).await.unwrap();
    assert_eq!(house.record(&new).await.unwrap().aliases.len(), 1);
}

#[tokio::test]
async fn an_alias_leaves_a_key_that_waits_for_its_deletion() {
    let (house, old) = aliased().await;
    let new = house.symmetric().await;
    let input = ScheduleKeyDeletionRequest { key_id: old.clone(), pending_window_in_days: None };
    house.call::<ScheduleKeyDeletion>(&root(), input).await.unwrap();
    let answer = refusal(house.call::<UpdateAlias>(&root(), update(&old)).await);
    assert_eq!(answer, format!("KMSInvalidStateException: {old} is pending deletion."));
    assert!(house.call::<UpdateAlias>(&root(), update(&new)).await.is_ok());
}

#[tokio::test]
async fn unknown_aliases_and_unlike_keys_are_refused() {
    let (house, arn) = aliased().await;
    let missing = UpdateAliasRequest { alias_name: "alias/b".to_owned(), ..update(&arn) };
    let expected = "NotFoundException: Alias arn:aws:kms:us-east-1:111122223333:alias/b is not found.";
    assert_eq!(refusal(house.call::<UpdateAlias>(&root(), missing).await), expected);
    let answer = refusal(house.call::<UpdateAlias>(&root(), update("alias/a")).await);
    assert_eq!(answer, "ValidationException: Aliases must refer to keys. Not aliases");
    for (spec, usage) in [
        (KeySpec::EccNistP256, KeyUsageType::SignVerify),
        (KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac),
        (KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt),
    ] {
        let other = house.key(spec, usage).await;
        let answer = refusal(house.call::<UpdateAlias>(&root(), update(&other)).await);
        assert!(answer.starts_with("ValidationException: The current key and the new key"), "{answer}");
    }
}
