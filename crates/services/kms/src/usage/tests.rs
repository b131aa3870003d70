//! Uses over writes, restarts and the end of a key.

use keyward_base::SimulatedClock;
use keyward_schema::kms::{Encrypt, ScheduleKeyDeletion, ScheduleKeyDeletionRequest};
use keyward_store::SimulatedStore;
use keyward_vault::VaultClient;

use super::*;
use crate::testing::{House, START, encrypt, place, root};

async fn loaded(house: &House, arn: &str) -> Arc<LoadedKey> {
    let row = house.store.get(&place(arn)).await.unwrap().unwrap();
    let (account, region, id) = rows::parse_key(&row.key).unwrap();
    let arn = KeyArn { partition: "aws".parse().unwrap(), region, account, id };
    house.kms.keys.load(arn, &row, house.kms.clock.now()).unwrap()
}

async fn last(house: &House, arn: &str) -> Option<Timestamp> {
    let key = loaded(house, arn).await;
    house.kms.last_use(&key).await.unwrap().map(|last| last.at)
}

#[test]
fn a_row_of_version_1_keeps_its_bytes() {
    let row = UseRow::V1("Sign".to_owned(), Timestamp::from_unix_millis(1), "r".to_owned());
    let bytes = rows::encode(&row).unwrap();
    assert_eq!(bytes, [0, 4, b'S', b'i', b'g', b'n', 2, 1, b'r']);
    assert_eq!(rows::decode::<UseRow>(&bytes).unwrap(), row);
    let since = TrackedSinceRow::V1(Timestamp::from_unix_millis(1));
    assert_eq!(rows::encode(&since).unwrap(), [0, 2]);
}

#[tokio::test]
async fn a_written_use_is_known_after_a_restart_and_an_unwritten_one_is_not() {
    let clock = Arc::new(SimulatedClock::new(START));
    let (store, vault) = (SimulatedStore::new(clock.clone()), VaultClient::in_process());
    let house = House::on(store.clone(), clock.clone(), vault.clone()).await;
    let (written, unwritten) = (house.symmetric().await, house.symmetric().await);
    house.call::<Encrypt>(&root(), encrypt(&written, b"x")).await.unwrap();
    house.kms.write_usage().await.unwrap();
    house.call::<Encrypt>(&root(), encrypt(&unwritten, b"x")).await.unwrap();
    assert_eq!(last(&house, &unwritten).await, Some(START));
    clock.advance(Duration::from_secs(100));
    let after = House::on(store, clock, vault).await;
    assert_eq!((last(&after, &written).await, last(&after, &unwritten).await), (Some(START), None));
    assert_eq!(after.kms.usage.since, START);
}

#[tokio::test]
async fn a_use_outlives_a_change_of_its_key_before_it_is_written() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap();
    house.rewrite(&arn, |record| record.description = "changed".to_owned()).await;
    assert_eq!(last(&house, &arn).await, Some(START));
    house.kms.write_usage().await.unwrap();
    assert!(house.kms.usage.lock().is_empty());
    assert_eq!(last(&house, &arn).await, Some(START));
    // Nothing is written twice, and an older use does not replace a newer one.
    house.kms.write_usage().await.unwrap();
    let row = house.store.get(&rows::usage(&loaded(&house, &arn).await.arn)).await.unwrap().unwrap();
    house.kms.usage.wait(&loaded(&house, &arn).await.usage);
    house.kms.write_usage().await.unwrap();
    let again = house.store.get(&rows::usage(&loaded(&house, &arn).await.arn)).await.unwrap().unwrap();
    assert_eq!(row.revision, again.revision);
}

#[tokio::test]
async fn a_destroyed_key_leaves_no_use_behind() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let key = loaded(&house, &arn).await;
    house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap();
    house.kms.write_usage().await.unwrap();
    house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await.unwrap();
    let input = ScheduleKeyDeletionRequest { key_id: arn.clone(), pending_window_in_days: Some(7) };
    house.call::<ScheduleKeyDeletion>(&root(), input).await.unwrap();
    house.clock.advance(Duration::from_secs(8 * 24 * 3600));
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    // One that was noted before the key went and is written after.
    house.kms.write_usage().await.unwrap();
    assert!(house.store.get(&rows::usage(&key.arn)).await.unwrap().is_none());
}
