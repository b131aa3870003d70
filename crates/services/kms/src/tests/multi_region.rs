//! Multi-Region keys: one material in several Regions, through rotation, a change of the primary, deletion in
//! order, lost races and crashes between the steps.

use std::time::Duration;

use keyward_schema::kms::*;

use crate::key::Lifecycle;
use crate::testing::{Failure, House, START, attempt, encrypt, refusal, region, replicate_key, root, twin};

const DAY: Duration = Duration::from_secs(86_400);
const HOME: &str = "us-east-1";
const AWAY: &str = "eu-west-1";
const FAR: &str = "eu-central-1";

async fn describe(house: &House, arn: &str) -> KeyMetadata {
    let at = arn.split(':').nth(3).unwrap();
    let input = DescribeKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
    house.call_in::<DescribeKey>(at, input).await.unwrap().key_metadata.unwrap()
}

async fn state(house: &House, arn: &str) -> KeyState {
    describe(house, arn).await.key_state.unwrap()
}

/// The kind of the key, its primary's Region and its replicas' Regions, as `DescribeKey` shows them.
async fn relatives(house: &House, arn: &str) -> (MultiRegionKeyType, String, Vec<String>) {
    let shown = describe(house, arn).await;
    assert_eq!(shown.multi_region, Some(true));
    let all = shown.multi_region_configuration.unwrap();
    let primary = all.primary_key.unwrap();
    assert_eq!(primary.arn.unwrap(), twin(arn, primary.region.as_ref().unwrap()));
    let replicas = all.replica_keys.unwrap().into_iter().map(|replica| replica.region.unwrap());
    (all.multi_region_key_type.unwrap(), primary.region.unwrap(), replicas.collect())
}

async fn sealed(house: &House, arn: &str, text: &[u8]) -> Vec<u8> {
    let at = arn.split(':').nth(3).unwrap();
    house.call_in::<Encrypt>(at, encrypt(arn, text)).await.unwrap().ciphertext_blob.unwrap()
}

async fn opened(house: &House, region: &str, blob: &[u8]) -> (Vec<u8>, String) {
    let input = DecryptRequest { ciphertext_blob: Some(blob.to_vec()), ..Default::default() };
    let output = house.call_in::<Decrypt>(region, input).await.unwrap();
    (output.plaintext.unwrap().expose().to_vec(), output.key_id.unwrap())
}

async fn schedule(house: &House, arn: &str) -> ScheduleKeyDeletionResponse {
    let at = arn.split(':').nth(3).unwrap();
    let input = ScheduleKeyDeletionRequest { key_id: arn.to_owned(), pending_window_in_days: Some(7) };
    house.call_in::<ScheduleKeyDeletion>(at, input).await.unwrap()
}

#[tokio::test]
async fn a_ciphertext_of_one_region_decrypts_in_another() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, FAR]).await;
    for made in [HOME, AWAY, FAR] {
        let blob = sealed(&house, &twin(&arn, made), made.as_bytes()).await;
        for read in [HOME, AWAY, FAR] {
            assert_eq!(opened(&house, read, &blob).await, (made.as_bytes().to_vec(), twin(&arn, read)));
        }
        let input = DecryptRequest { ciphertext_blob: Some(blob), ..Default::default() };
        let nowhere = refusal(house.call_in::<Decrypt>("ap-south-1", input).await);
        assert!(nowhere.starts_with("AccessDeniedException"), "{nowhere}");
    }
    house.check_families();
}

#[tokio::test]
async fn a_token_that_is_put_under_another_multi_region_key_does_not_work() {
    let house = House::new().await;
    let (one, other) = (house.family(&[AWAY]).await, house.family(&[AWAY]).await);
    let stolen = house.record(&one).await.unwrap().materials;
    house.rewrite(&twin(&other, AWAY), |record| record.materials = stolen).await;
    let answer = house.call_in::<Encrypt>(AWAY, encrypt(&twin(&other, AWAY), b"x")).await;
    assert!(refusal(answer).starts_with("KMSInternalException"));
}

#[tokio::test]
async fn asymmetric_and_hmac_replicas_have_the_primarys_material() {
    for (spec, usage) in [
        (KeySpec::EccNistP256, KeyUsageType::SignVerify),
        (KeySpec::MlKem512, KeyUsageType::EncapsulateDecapsulate),
        (KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac),
    ] {
        let house = House::new().await;
        let arn = house.multi_region(spec, usage).await;
        house.call::<ReplicateKey>(&root(), replicate_key(&arn, AWAY)).await.unwrap();
        house.kms.settle_due(None).await.unwrap();
        let of = |region: &str| GetPublicKeyRequest { key_id: twin(&arn, region), grant_tokens: None };
        if spec == KeySpec::Hmac256 {
            let mac = |region: &str| {
                crate::testing::generate_mac(&twin(&arn, region), MacAlgorithmSpec::HmacSha256, b"message")
            };
            let here = house.call::<GenerateMac>(&root(), mac(HOME)).await.unwrap().mac;
            assert_eq!(house.call_in::<GenerateMac>(AWAY, mac(AWAY)).await.unwrap().mac, here);
        } else {
            let here = house.call::<GetPublicKey>(&root(), of(HOME)).await.unwrap().public_key;
            assert_eq!(house.call_in::<GetPublicKey>(AWAY, of(AWAY)).await.unwrap().public_key, here);
        }
    }
}

#[tokio::test]
async fn what_is_not_shared_is_each_keys_own() {
    let house = House::new().await;
    let arn = house.family(&[AWAY]).await;
    let replica = twin(&arn, AWAY);
    for operation in ["DisableKey", "TagResource", "UpdateKeyDescription", "CreateAlias"] {
        attempt(&house, &root(), operation, &arn, &[]).await.unwrap();
    }
    let (here, there) = (house.record(&arn).await.unwrap(), house.record(&replica).await.unwrap());
    assert_eq!((here.lifecycle, there.lifecycle), (Lifecycle::Disabled, Lifecycle::Enabled));
    assert_ne!(here.tags, there.tags);
    assert_ne!(here.description, there.description);
    assert_eq!((here.aliases.len(), there.aliases.len()), (1, 0));
    sealed(&house, &replica, b"still works").await;
}

#[tokio::test]
async fn a_rotation_of_the_primary_reaches_every_replica_at_once() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, FAR]).await;
    let old = sealed(&house, &twin(&arn, AWAY), b"old").await;
    attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
    house.check_families();
    let new = sealed(&house, &arn, b"new").await;
    assert_eq!(opened(&house, FAR, &new).await.0, b"new");
    assert_eq!(opened(&house, FAR, &old).await.0, b"old");
    let ids = [HOME, AWAY, FAR].map(|at| twin(&arn, at));
    let mut current = Vec::new();
    for id in &ids {
        current.push(describe(&house, id).await.current_key_material_id.unwrap());
    }
    assert!(current.iter().all(|id| *id == current[0]), "{current:?}");

    let input = EnableKeyRotationRequest { key_id: arn.clone(), rotation_period_in_days: Some(90) };
    house.call::<EnableKeyRotation>(&root(), input).await.unwrap();
    house.clock.advance(DAY * 90);
    assert_eq!(house.kms.rotate_due(None).await.unwrap(), 1);
    house.check_families();
    for id in &ids {
        let at = id.split(':').nth(3).unwrap();
        let status = GetKeyRotationStatusRequest { key_id: id.clone() };
        let status = house.call_in::<GetKeyRotationStatus>(at, status).await.unwrap();
        assert_eq!(status.rotation_period_in_days, Some(90));
        assert_eq!(house.record(id).await.unwrap().materials.len(), 3);
        let list = ListKeyRotationsRequest {
            key_id: id.clone(),
            include_key_material: None,
            limit: None,
            marker: None,
        };
        let list = house.call_in::<ListKeyRotations>(at, list).await.unwrap();
        assert_eq!(list.rotations.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn replicas_are_not_rotated_by_themselves() {
    let house = House::new().await;
    let arn = house.family(&[AWAY]).await;
    let replica = twin(&arn, AWAY);
    let expected = format!("UnsupportedOperationException: {replica} is not a multi-region primary key.");
    let enable = EnableKeyRotationRequest { key_id: replica.clone(), rotation_period_in_days: None };
    assert_eq!(refusal(house.call_in::<EnableKeyRotation>(AWAY, enable).await), expected);
    let disable = DisableKeyRotationRequest { key_id: replica.clone() };
    assert_eq!(refusal(house.call_in::<DisableKeyRotation>(AWAY, disable).await), expected);
    let rotate = RotateKeyOnDemandRequest { key_id: replica.clone() };
    assert_eq!(refusal(house.call_in::<RotateKeyOnDemand>(AWAY, rotate).await), expected);
}

#[tokio::test]
async fn the_plan_of_rotations_moves_with_the_primary() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, FAR]).await;
    let input = EnableKeyRotationRequest { key_id: arn.clone(), rotation_period_in_days: Some(90) };
    house.call::<EnableKeyRotation>(&root(), input).await.unwrap();
    house.move_primary(&arn, AWAY).await.unwrap();
    house.kms.settle_due(None).await.unwrap();
    house.check_families();
    house.clock.advance(DAY * 90);
    assert_eq!(house.kms.rotate_due(None).await.unwrap(), 1);
    house.check_families();
    let record = house.record(&arn).await.unwrap();
    assert_eq!(record.materials.len(), 2);
    let rotate = RotateKeyOnDemandRequest { key_id: twin(&arn, AWAY) };
    house.call_in::<RotateKeyOnDemand>(AWAY, rotate).await.unwrap();
    house.check_families();
}

#[tokio::test]
async fn a_rotation_that_is_due_while_the_primary_changes_is_made() {
    let house = House::new().await;
    let arn = house.family(&[AWAY]).await;
    let input = EnableKeyRotationRequest { key_id: arn.clone(), rotation_period_in_days: Some(90) };
    house.call::<EnableKeyRotation>(&root(), input).await.unwrap();
    house.clock.advance(DAY * 90);
    house.move_primary(&arn, AWAY).await.unwrap();
    assert_eq!(house.kms.rotate_due(None).await.unwrap(), 1);
    house.kms.settle_due(None).await.unwrap();
    house.check_families();
    assert_eq!(house.record(&arn).await.unwrap().materials.len(), 2);
}

#[tokio::test]
async fn a_changed_primary_is_shown_everywhere_and_settles() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, FAR]).await;
    house.move_primary(&arn, AWAY).await.unwrap();
    assert_eq!(state(&house, &arn).await, KeyState::Updating);
    assert_eq!(state(&house, &twin(&arn, AWAY)).await, KeyState::Updating);
    assert_eq!(state(&house, &twin(&arn, FAR)).await, KeyState::Enabled);
    sealed(&house, &arn, b"works meanwhile").await;
    assert_eq!(house.kms.settle_due(None).await.unwrap(), 2);
    assert_eq!(house.kms.settle_due(None).await.unwrap(), 0);
    let replicas = vec![FAR.to_owned(), HOME.to_owned()];
    for (at, kind) in [
        (HOME, MultiRegionKeyType::Replica),
        (AWAY, MultiRegionKeyType::Primary),
        (FAR, MultiRegionKeyType::Replica),
    ] {
        let shown = relatives(&house, &twin(&arn, at)).await;
        assert_eq!(shown, (kind, AWAY.to_owned(), replicas.clone()));
        assert_eq!(state(&house, &twin(&arn, at)).await, KeyState::Enabled);
    }
    house.check_families();
}

#[tokio::test]
async fn a_primary_waits_for_its_replicas_and_then_its_own_period() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, FAR]).await;
    let answer = schedule(&house, &arn).await;
    assert_eq!(answer.key_state, Some(KeyState::PendingReplicaDeletion));
    assert_eq!((answer.deletion_date, answer.pending_window_in_days), (None, Some(7)));
    let shown = describe(&house, &arn).await;
    assert_eq!((shown.pending_deletion_window_in_days, shown.deletion_date), (Some(7), None));
    house.clock.advance(DAY * 100);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 0);

    schedule(&house, &twin(&arn, AWAY)).await;
    house.clock.advance(DAY * 7);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert_eq!(state(&house, &arn).await, KeyState::PendingReplicaDeletion);
    assert_eq!(relatives(&house, &arn).await.2, [FAR]);
    house.check_families();

    schedule(&house, &twin(&arn, FAR)).await;
    house.clock.advance(DAY * 7);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    let shown = describe(&house, &arn).await;
    assert_eq!(shown.key_state, Some(KeyState::PendingDeletion));
    assert_eq!(shown.deletion_date, Some(START.plus(DAY * (100 + 7 + 7 + 7))));
    house.clock.advance(DAY * 7);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert_eq!(house.rows().len(), 1, "only the marker key");
}

#[tokio::test]
async fn a_cancelled_deletion_of_a_primary_leaves_it_disabled_and_a_primary() {
    let house = House::new().await;
    let arn = house.family(&[AWAY]).await;
    schedule(&house, &arn).await;
    attempt(&house, &root(), "CancelKeyDeletion", &arn, &[]).await.unwrap();
    assert_eq!(state(&house, &arn).await, KeyState::Disabled);
    schedule(&house, &twin(&arn, AWAY)).await;
    house.clock.advance(DAY * 7);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert_eq!(state(&house, &arn).await, KeyState::Disabled, "its own deletion was called off");
    house.check_families();
}

#[tokio::test]
async fn a_replica_whose_deletion_is_asked_for_while_it_is_made_stays_so() {
    let house = House::new().await;
    let arn = house.multi_region(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    house.call::<ReplicateKey>(&root(), replicate_key(&arn, AWAY)).await.unwrap();
    schedule(&house, &twin(&arn, AWAY)).await;
    assert_eq!(house.kms.settle_due(None).await.unwrap(), 0);
    assert_eq!(state(&house, &twin(&arn, AWAY)).await, KeyState::PendingDeletion);
}

#[tokio::test]
async fn of_two_replications_to_one_region_the_second_learns_that_it_exists() {
    let house = House::new().await;
    let arn = house.multi_region(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    let (handle, input) = (house.handle.clone(), replicate_key(&arn, AWAY));
    house.store.before_next_txn(async move {
        handle.call::<ReplicateKey>(&root(), &region(), input).await.unwrap();
    });
    let answer = refusal(house.call::<ReplicateKey>(&root(), replicate_key(&arn, AWAY)).await);
    assert_eq!(answer, format!("AlreadyExistsException: The key {} already exists", twin(&arn, AWAY)));
    house.check_families();
}

#[tokio::test]
async fn a_replica_that_comes_while_the_key_is_rotated_has_the_new_material() {
    let house = House::new().await;
    let arn = house.multi_region(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    let (handle, input) = (house.handle.clone(), replicate_key(&arn, AWAY));
    house.store.before_next_txn(async move {
        handle.call::<ReplicateKey>(&root(), &region(), input).await.unwrap();
    });
    attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
    house.check_families();
    assert_eq!(house.record(&twin(&arn, AWAY)).await.unwrap().materials.len(), 2);
}

#[tokio::test]
async fn a_replica_that_is_changed_while_the_primary_moves_keeps_the_change() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, FAR]).await;
    let (handle, key_id) = (house.handle.clone(), twin(&arn, FAR));
    house.store.before_next_txn(async move {
        let input = DisableKeyRequest { key_id };
        handle.call::<DisableKey>(&root(), &FAR.parse().unwrap(), input).await.unwrap();
    });
    house.move_primary(&arn, AWAY).await.unwrap();
    house.kms.settle_due(None).await.unwrap();
    assert_eq!(state(&house, &twin(&arn, FAR)).await, KeyState::Disabled);
    house.check_families();
}

#[tokio::test]
async fn a_primary_that_moved_meanwhile_can_not_move_again_from_where_it_was() {
    let house = House::new().await;
    let arn = house.family(&[AWAY, FAR]).await;
    let (handle, key_id) = (house.handle.clone(), arn.clone());
    house.store.before_next_txn(async move {
        let input = UpdatePrimaryRegionRequest { key_id, primary_region: FAR.to_owned() };
        handle.call::<UpdatePrimaryRegion>(&root(), &region(), input).await.unwrap();
    });
    let answer = refusal(house.move_primary(&arn, AWAY).await);
    assert_eq!(answer, format!("UnsupportedOperationException: {arn} is not a multi-region primary key."));
    house.kms.settle_due(None).await.unwrap();
    house.check_families();
}

/// Every step is one transaction: whether it fails before or after it took place, the family agrees, and
/// whoever comes back finishes it.
#[tokio::test]
async fn a_crash_between_the_steps_leaves_the_family_in_agreement() {
    for failure in [Failure::Before, Failure::After] {
        let house = House::new().await;
        let arn = house.family(&[AWAY]).await;
        // From here on keys are counted in that Region, so that the next transaction is the replication's.
        house.call_in::<CreateKey>(FAR, CreateKeyRequest::default()).await.unwrap();
        house.store.fail_next_txn(failure);
        house.call::<ReplicateKey>(&root(), replicate_key(&arn, FAR)).await.unwrap_err();
        house.check_families();
        house.store.fail_next_txn(failure);
        let _ = house.kms.settle_due(None).await;
        house.kms.settle_due(None).await.unwrap();
        let made = house.record(&twin(&arn, FAR)).await;
        assert_eq!(
            made.map(|made| made.lifecycle),
            match failure {
                Failure::Before => None,
                Failure::After => Some(Lifecycle::Enabled),
            }
        );

        house.store.fail_next_txn(failure);
        house.move_primary(&arn, AWAY).await.unwrap_err();
        house.check_families();
        house.kms.settle_due(None).await.unwrap();
        assert_eq!(state(&house, &twin(&arn, AWAY)).await, KeyState::Enabled);

        house.store.fail_next_txn(failure);
        let home = if house.record(&arn).await.unwrap().is_replica() { AWAY } else { HOME };
        let input = RotateKeyOnDemandRequest { key_id: twin(&arn, home) };
        house.call_in::<RotateKeyOnDemand>(home, input).await.unwrap_err();
        house.check_families();

        let replica = twin(&arn, if home == HOME { AWAY } else { HOME });
        schedule(&house, &replica).await;
        house.clock.advance(DAY * 7);
        house.store.fail_next_txn(failure);
        let _ = house.kms.destroy_due(None).await;
        house.check_families();
        house.kms.destroy_due(None).await.unwrap();
        assert!(house.record(&replica).await.is_none());
        house.check_families();
    }
}
