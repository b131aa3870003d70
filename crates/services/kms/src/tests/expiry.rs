//! Imported material and time: it is gone at its moment, whether or not a duty has looked, and then for good.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_schema::kms::*;
use keyward_store::{Store, Txn};

use crate::planned::Plan;
use crate::rows;
use crate::testing::{House, START, attempt, encrypt, expiring, place, refusal, root};

const HOUR: Duration = Duration::from_secs(3600);

fn at(hours: u32) -> Timestamp {
    START.plus(HOUR * hours)
}

async fn key(house: &House, hours: u32) -> String {
    let arn = house.external(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    house.import(&arn, &[1; 32], |input| expiring(input, at(hours))).await.unwrap();
    arn
}

async fn encrypts(house: &House, arn: &str) -> String {
    refusal(house.call::<Encrypt>(&root(), encrypt(arn, b"x")).await)
}

async fn shown(house: &House, arn: &str) -> KeyMetadata {
    let input = DescribeKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
    house.call::<DescribeKey>(&root(), input).await.unwrap().key_metadata.unwrap()
}

async fn held(house: &House, arn: &str) -> usize {
    house.record(arn).await.unwrap().materials.iter().filter(|material| material.is_held()).count()
}

async fn due(house: &House) -> usize {
    house.kms.expire_due(None).await.unwrap()
}

#[tokio::test]
async fn nothing_is_usable_past_its_time_even_if_no_duty_runs() {
    let house = House::new().await;
    let arn = key(&house, 5).await;
    house.clock.advance(HOUR * 5 - Duration::from_millis(1));
    assert_eq!(encrypts(&house, &arn).await, "no error");
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(encrypts(&house, &arn).await, format!("KMSInvalidStateException: {arn} is pending import."));
    assert_eq!(shown(&house, &arn).await.key_state, Some(KeyState::PendingImport));
    assert_eq!(held(&house, &arn).await, 1, "the store still has it");
}

#[tokio::test]
async fn the_duty_removes_what_has_expired_and_the_plan_with_it() {
    let house = House::new().await;
    let arn = key(&house, 5).await;
    house.clock.advance(HOUR * 4);
    assert_eq!(due(&house).await, 0);
    house.clock.advance(HOUR);
    assert_eq!((due(&house).await, held(&house, &arn).await), (1, 0));
    house.check_rows();
    assert_eq!(due(&house).await, 0);
    house.import(&arn, &[1; 32], |_| {}).await.unwrap();
    assert_eq!(encrypts(&house, &arn).await, "no error");
}

#[tokio::test]
async fn importing_again_sets_the_time_anew() {
    let house = House::new().await;
    let arn = key(&house, 5).await;
    house.import(&arn, &[1; 32], |input| expiring(input, at(9))).await.unwrap();
    house.check_rows();
    house.clock.advance(HOUR * 6);
    assert_eq!((due(&house).await, encrypts(&house, &arn).await.as_str()), (0, "no error"));
    house.import(&arn, &[1; 32], |_| {}).await.unwrap();
    house.check_rows();
    house.clock.advance(HOUR * 600);
    assert_eq!((due(&house).await, encrypts(&house, &arn).await.as_str()), (0, "no error"));
}

/// What an operation writes after the moment does not bring the material back.
#[tokio::test]
async fn a_change_after_the_moment_keeps_the_material_gone() {
    let house = House::new().await;
    let arn = key(&house, 5).await;
    house.clock.advance(HOUR * 5);
    attempt(&house, &root(), "UpdateKeyDescription", &arn, &[]).await.unwrap();
    assert_eq!(held(&house, &arn).await, 0);
    assert_eq!(due(&house).await, 0, "the plan is outdated");
    house.check_rows();
}

#[tokio::test]
async fn two_materials_that_expire_at_once_go_at_once() {
    let house = House::new().await;
    let arn = key(&house, 5).await;
    let second = |input: &mut ImportKeyMaterialRequest| {
        expiring(input, at(5));
        input.import_type = Some(ImportType::NewKeyMaterial);
    };
    house.import(&arn, &[2; 32], second).await.unwrap();
    house.check_rows();
    assert_eq!(shown(&house, &arn).await.valid_to, Some(at(5)));
    house.clock.advance(HOUR * 5);
    assert_eq!((due(&house).await, held(&house, &arn).await), (1, 0));
    assert_eq!(house.record(&arn).await.unwrap().pending(), None);
    house.check_rows();
}

#[tokio::test]
async fn the_earliest_moment_is_shown() {
    let house = House::new().await;
    let arn = key(&house, 9).await;
    house
        .import(&arn, &[2; 32], |input| {
            expiring(input, at(5));
            input.import_type = Some(ImportType::NewKeyMaterial);
        })
        .await
        .unwrap();
    assert_eq!(shown(&house, &arn).await.valid_to, Some(at(9)), "what waits is no part of the key yet");
    attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
    assert_eq!(shown(&house, &arn).await.valid_to, Some(at(5)));
    house.clock.advance(HOUR * 5);
    assert_eq!((due(&house).await, held(&house, &arn).await), (1, 1));
    house.check_rows();
    assert_eq!(shown(&house, &arn).await.key_state, Some(KeyState::PendingImport));
}

#[tokio::test]
async fn a_destroyed_key_leaves_no_plan() {
    let house = House::new().await;
    let arn = key(&house, 1000).await;
    attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &[]).await.unwrap();
    house.clock.advance(HOUR * 24 * 7);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert_eq!(house.rows().len(), 1, "only the marker key");
}

#[tokio::test]
async fn an_outdated_plan_does_nothing_and_is_forgotten() {
    let house = House::new().await;
    let arn = house.imported(1).await;
    let before = house.rows();
    let (account, region, id) = rows::parse_key(&place(&arn)).unwrap();
    let arn = crate::key::KeyArn { partition: "aws".parse().unwrap(), region, account, id };
    house.store.txn(Txn::default().put(Plan::Expiry.of(&arn, START).row(), Vec::new())).await.unwrap();
    assert_eq!(due(&house).await, 0);
    assert_eq!(house.rows(), before);
}

#[tokio::test]
async fn who_lost_the_duty_lets_go_of_nothing() {
    let house = House::new().await;
    let arn = key(&house, 1).await;
    house.clock.advance(HOUR);
    let lease = house.store.lease("somebody's", HOUR).await.unwrap();
    let fence = lease.fence();
    lease.release().await;
    assert_eq!(house.kms.expire_due(Some(fence)).await.unwrap(), 0);
    assert_eq!(held(&house, &arn).await, 1);
}

#[tokio::test]
async fn running_duties_let_go_of_expired_material() {
    let house = House::new().await;
    let arn = key(&house, 1).await;
    let duties = tokio::spawn(house.kms.clone().run_duties());
    while held(&house, &arn).await > 0 {
        house.clock.advance(HOUR);
        tokio::task::yield_now().await;
    }
    duties.abort();
}
