//! Pages of keys, through changes, and markers that can't be made up.

use keyward_schema::kms::*;

use crate::testing::{House, foreigner, refusal, root};

async fn page(house: &House, limit: i32, marker: Option<String>) -> ListKeysResponse {
    let input = ListKeysRequest { limit: Some(limit), marker, ..Default::default() };
    house.call::<ListKeys>(&root(), input).await.unwrap()
}

fn ids(page: &ListKeysResponse) -> Vec<String> {
    page.keys.iter().flatten().filter_map(|key| key.key_id.clone()).collect()
}

#[tokio::test]
async fn pages_hold_every_key_once() {
    let house = House::new().await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(house.symmetric().await.rsplit('/').next().unwrap().to_owned());
    }
    expected.sort();
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let page = page(&house, 2, marker).await;
        found.extend(ids(&page));
        assert_eq!(page.truncated, Some(page.next_marker.is_some()));
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
    let whole = page(&house, 5, None).await;
    assert_eq!((whole.truncated, whole.next_marker), (Some(false), None));
    let arn = whole.keys.unwrap()[0].key_arn.clone().unwrap();
    assert_eq!(arn, format!("arn:aws:kms:us-east-1:111122223333:key/{}", expected[0]));
}

#[tokio::test]
async fn a_marker_survives_the_key_that_it_names() {
    let house = House::new().await;
    for _ in 0..3 {
        house.symmetric().await;
    }
    let first = page(&house, 1, None).await;
    let key_id = ids(&first)[0].clone();
    let input = ScheduleKeyDeletionRequest { key_id, pending_window_in_days: Some(7) };
    house.call::<ScheduleKeyDeletion>(&root(), input).await.unwrap();
    house.clock.advance(std::time::Duration::from_secs(8 * 86_400));
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    let rest = page(&house, 10, first.next_marker).await;
    assert_eq!(ids(&rest).len(), 2);
}

#[tokio::test]
async fn foreign_and_made_up_markers_are_refused() {
    let house = House::new().await;
    for _ in 0..2 {
        house.symmetric().await;
    }
    let marker = page(&house, 1, None).await.next_marker;
    let input = |marker: Option<String>| ListKeysRequest { marker, ..Default::default() };
    for (caller, marker) in [(foreigner(), marker.clone()), (root(), Some("made-up".to_owned()))] {
        let answer = refusal(house.call::<ListKeys>(&caller, input(marker)).await);
        assert!(answer.starts_with("InvalidMarkerException"), "{answer}");
    }
    let elsewhere = ListAliasesRequest { marker, ..Default::default() };
    let answer = refusal(house.call::<ListAliases>(&root(), elsewhere).await);
    assert!(answer.starts_with("InvalidMarkerException"), "{answer}");
}

#[tokio::test]
async fn other_accounts_keys_are_not_listed_and_none_are_shared() {
    let house = House::new().await;
    house.symmetric().await;
    let answer = house.call::<ListKeys>(&foreigner(), Default::default()).await.unwrap();
    assert!(ids(&answer).is_empty());
    let shared = Some(vec![ResourceOwnerType::OtherAccountsViaRam]);
    let input = ListKeysRequest { resource_owners: shared, ..Default::default() };
    assert!(ids(&house.call::<ListKeys>(&root(), input).await.unwrap()).is_empty());
}
