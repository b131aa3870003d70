//! Imported material of multi-Region keys: new into the primary, the same into every replica, then the rotation.

use keyward_schema::kms::*;

use crate::testing::{House, attempt, delete_imported, encrypt, refusal, replicate_key, root, twin};

const HOME: &str = "us-east-1";
const AWAY: &str = "eu-west-1";

/// A primary with material and a replica without.
async fn family(house: &House) -> (String, String) {
    let input = CreateKeyRequest {
        origin: Some(OriginType::External),
        multi_region: Some(true),
        ..Default::default()
    };
    let arn = house.create(&root(), input).await.unwrap();
    house.import(&arn, &[1; 32], |_| {}).await.unwrap();
    house.call::<ReplicateKey>(&root(), replicate_key(&arn, AWAY)).await.unwrap();
    house.kms.settle_due(None).await.unwrap();
    let replica = twin(&arn, AWAY);
    (arn, replica)
}

async fn described(house: &House, region: &str, arn: &str) -> KeyMetadata {
    let input = DescribeKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
    house.call_in::<DescribeKey>(region, input).await.unwrap().key_metadata.unwrap()
}

async fn states(house: &House, region: &str, arn: &str) -> Vec<(KeyMaterialState, ImportState)> {
    let input = ListKeyRotationsRequest {
        key_id: arn.to_owned(),
        include_key_material: Some(IncludeKeyMaterial::AllKeyMaterial),
        limit: None,
        marker: None,
    };
    let listed = house.call_in::<ListKeyRotations>(region, input).await.unwrap().rotations.unwrap();
    listed.iter().map(|one| (one.key_material_state.unwrap(), one.import_state.unwrap())).collect()
}

fn new(input: &mut ImportKeyMaterialRequest) {
    input.import_type = Some(ImportType::NewKeyMaterial);
}

fn existing(input: &mut ImportKeyMaterialRequest) {
    input.import_type = Some(ImportType::ExistingKeyMaterial);
}

#[tokio::test]
async fn a_replica_waits_for_the_same_material_and_then_decrypts_what_the_primary_encrypted() {
    let house = House::new().await;
    let (arn, replica) = family(&house).await;
    assert_eq!(described(&house, AWAY, &replica).await.key_state, Some(KeyState::PendingImport));
    let other = refusal(house.import(&replica, &[9; 32], existing).await);
    assert!(other.starts_with("IncorrectKeyMaterialException: "), "{other}");
    house.import(&replica, &[1; 32], |_| {}).await.unwrap();
    let (here, there) = (described(&house, HOME, &arn).await, described(&house, AWAY, &replica).await);
    assert_eq!(there.key_state, Some(KeyState::Enabled));
    assert_eq!(here.current_key_material_id, there.current_key_material_id);
    let blob = house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap().ciphertext_blob;
    let input = DecryptRequest { ciphertext_blob: blob, ..Default::default() };
    let opened = house.call_in::<Decrypt>(AWAY, input).await.unwrap();
    assert_eq!((opened.key_id, &**opened.plaintext.unwrap().expose()), (Some(replica), &b"x"[..]));
    house.check_families();
}

#[tokio::test]
async fn new_material_waits_until_every_replica_has_it() {
    use ImportState::{Imported, PendingImport};
    use KeyMaterialState::{Current, NonCurrent, PendingMultiRegionImportAndRotation, PendingRotation};
    let house = House::new().await;
    let (arn, replica) = family(&house).await;
    house.import(&replica, &[1; 32], |_| {}).await.unwrap();
    let refused = refusal(house.import(&replica, &[2; 32], new).await);
    assert!(refused.starts_with("UnsupportedOperationException: "), "{refused}");
    house.import(&arn, &[2; 32], new).await.unwrap();
    let waiting = (PendingMultiRegionImportAndRotation, Imported);
    assert_eq!(states(&house, HOME, &arn).await, [(Current, Imported), waiting]);
    assert_eq!(states(&house, AWAY, &replica).await, [(Current, Imported), (PendingRotation, PendingImport)]);
    let refused = refusal(attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await);
    assert!(refused.contains("No available key material pending rotation"), "{refused}");
    house.import(&replica, &[2; 32], existing).await.unwrap();
    assert_eq!(states(&house, HOME, &arn).await[1], (PendingRotation, Imported));
    attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
    for (region, arn) in [(HOME, &arn), (AWAY, &replica)] {
        assert_eq!(states(&house, region, arn).await, [(NonCurrent, Imported), (Current, Imported)]);
        assert_eq!(described(&house, region, arn).await.key_state, Some(KeyState::Enabled));
    }
    house.check_families();
}

#[tokio::test]
async fn what_a_replica_loses_is_its_own_affair_and_what_the_primary_loses_is_not() {
    let house = House::new().await;
    let (arn, replica) = family(&house).await;
    house.import(&replica, &[1; 32], |_| {}).await.unwrap();
    house.import(&arn, &[2; 32], new).await.unwrap();
    let id = house.import(&replica, &[2; 32], existing).await.unwrap().key_material_id;
    let delete = delete_imported(&replica, id.as_deref());
    house.call_in::<DeleteImportedKeyMaterial>(AWAY, delete).await.unwrap();
    let waits = KeyMaterialState::PendingMultiRegionImportAndRotation;
    assert_eq!(states(&house, HOME, &arn).await[1], (waits, ImportState::Imported));
    house.check_families();
    house.import(&replica, &[2; 32], existing).await.unwrap();
    let delete = delete_imported(&arn, id.as_deref());
    house.call::<DeleteImportedKeyMaterial>(&root(), delete).await.unwrap();
    for (region, arn) in [(HOME, &arn), (AWAY, &replica)] {
        assert_eq!(states(&house, region, arn).await.len(), 1);
    }
    house.check_families();
    house.call::<DeleteImportedKeyMaterial>(&root(), delete_imported(&arn, None)).await.unwrap();
    assert_eq!(described(&house, HOME, &arn).await.key_state, Some(KeyState::PendingImport));
    assert_eq!(described(&house, AWAY, &replica).await.key_state, Some(KeyState::Enabled));
    house.check_families();
}

#[tokio::test]
async fn a_token_of_one_region_does_not_serve_in_another() {
    let house = House::new().await;
    let (arn, replica) = family(&house).await;
    let input = crate::testing::import_with(&house.parameters(&arn).await, &replica, &[1; 32]);
    let refused = refusal(house.call_in::<ImportKeyMaterial>(AWAY, input).await);
    assert!(refused.starts_with("InvalidImportTokenException: "), "{refused}");
}
