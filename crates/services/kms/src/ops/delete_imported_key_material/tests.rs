//! Material that goes: which, what stays, and what becomes of the key.

use keyward_schema::kms::*;

use crate::testing::{House, START, attempt, delete_imported, expiring, refusal, root};

async fn state(house: &House, arn: &str) -> KeyMetadata {
    let input = DescribeKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
    house.call::<DescribeKey>(&root(), input).await.unwrap().key_metadata.unwrap()
}

async fn delete(house: &House, arn: &str, id: Option<&str>) -> DeleteImportedKeyMaterialResponse {
    house.call::<DeleteImportedKeyMaterial>(&root(), delete_imported(arn, id)).await.unwrap()
}

async fn materials(house: &House, arn: &str) -> Vec<RotationsListEntry> {
    let input = ListKeyRotationsRequest {
        key_id: arn.to_owned(),
        include_key_material: Some(IncludeKeyMaterial::AllKeyMaterial),
        limit: None,
        marker: None,
    };
    house.call::<ListKeyRotations>(&root(), input).await.unwrap().rotations.unwrap()
}

/// A key with an older, a current and a pending material; their ids.
async fn three(house: &House) -> (String, Vec<String>) {
    let arn = house.imported(1).await;
    let mut ids = vec![state(house, &arn).await.current_key_material_id.unwrap()];
    for byte in [2, 3] {
        let input = |input: &mut ImportKeyMaterialRequest| {
            input.import_type = Some(ImportType::NewKeyMaterial);
            input.key_material_description = Some(format!("number {byte}"));
        };
        ids.push(house.import(&arn, &[byte; 32], input).await.unwrap().key_material_id.unwrap());
        if byte == 2 {
            attempt(house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
        }
    }
    (arn, ids)
}

#[tokio::test]
async fn without_an_id_the_current_material_goes() {
    let house = House::new().await;
    let arn = house.external(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    let valid_to = START.plus(std::time::Duration::from_secs(60));
    let imported = house.import(&arn, &[7; 32], |input| expiring(input, valid_to)).await.unwrap();
    let answer = delete(&house, &arn, None).await;
    assert_eq!(answer.key_id.as_deref(), Some(&*arn));
    assert_eq!(answer.key_material_id, imported.key_material_id);
    let shown = state(&house, &arn).await;
    assert_eq!(shown.key_state, Some(KeyState::PendingImport));
    assert_eq!(shown.current_key_material_id, imported.key_material_id);
    assert_eq!((shown.expiration_model, shown.valid_to), (None, None));
    house.check_rows();
    // Once more: nothing happens.
    assert_eq!(delete(&house, &arn, None).await.key_material_id, imported.key_material_id);
}

#[tokio::test]
async fn a_key_that_never_had_any_loses_none() {
    let house = House::new().await;
    let arn = house.external(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    let before = house.rows();
    assert_eq!(delete(&house, &arn, None).await.key_material_id, None);
    assert_eq!(house.rows(), before);
    let unknown = "0".repeat(64);
    let input = delete_imported(&arn, Some(&unknown));
    let refused = refusal(house.call::<DeleteImportedKeyMaterial>(&root(), input).await);
    assert!(refused.starts_with("NotFoundException: ") && refused.contains(&unknown), "{refused}");
}

#[tokio::test]
async fn the_list_of_materials_tells_what_is_there() {
    let house = House::new().await;
    let (arn, ids) = three(&house).await;
    delete(&house, &arn, Some(&ids[0])).await;
    let listed = materials(&house, &arn).await;
    let told: Vec<_> = listed.iter().map(|one| (one.key_material_state, one.import_state)).collect();
    assert_eq!(
        told,
        [
            (Some(KeyMaterialState::NonCurrent), Some(ImportState::PendingImport)),
            (Some(KeyMaterialState::Current), Some(ImportState::Imported)),
            (Some(KeyMaterialState::PendingRotation), Some(ImportState::Imported)),
        ]
    );
    assert_eq!(listed[1].key_material_description.as_deref(), Some("number 2"));
    assert_eq!(listed[0].expiration_model, None);
    assert_eq!(listed[1].expiration_model, Some(ExpirationModelType::KeyMaterialDoesNotExpire));
    assert!(listed[1].rotation_type == Some(RotationType::OnDemand) && listed[2].rotation_date.is_none());
    assert_eq!(state(&house, &arn).await.key_state, Some(KeyState::PendingImport));
    house.import(&arn, &[1; 32], |_| {}).await.unwrap();
    assert_eq!(state(&house, &arn).await.key_state, Some(KeyState::Enabled));
}

#[tokio::test]
async fn material_that_waits_for_its_rotation_goes_and_the_key_works_on() {
    let house = House::new().await;
    let (arn, ids) = three(&house).await;
    assert_eq!(delete(&house, &arn, Some(&ids[2])).await.key_material_id, Some(ids[2].clone()));
    assert_eq!(state(&house, &arn).await.key_state, Some(KeyState::Enabled));
    assert_eq!(materials(&house, &arn).await.len(), 2);
    let refused = refusal(attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await);
    assert!(refused.contains("No available key material pending rotation"), "{refused}");
}

#[tokio::test]
async fn a_key_that_waits_for_its_deletion_goes_on_waiting() {
    let house = House::new().await;
    let arn = house.imported(1).await;
    attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &[]).await.unwrap();
    delete(&house, &arn, None).await;
    assert_eq!(state(&house, &arn).await.key_state, Some(KeyState::PendingDeletion));
    attempt(&house, &root(), "CancelKeyDeletion", &arn, &[]).await.unwrap();
    assert_eq!(state(&house, &arn).await.key_state, Some(KeyState::PendingImport));
}
