//! The history of a key's materials, in pages.

use std::time::Duration;

use keyward_schema::kms::*;

use crate::testing::{House, START, attempt, refusal, root};

const DAY: Duration = Duration::from_secs(86_400);

/// A key that was rotated on demand, by plan, and on demand, a day apart.
async fn rotated(house: &House) -> String {
    let arn = house.symmetric().await;
    let input = EnableKeyRotationRequest { key_id: arn.clone(), rotation_period_in_days: Some(90) };
    house.call::<EnableKeyRotation>(&root(), input).await.unwrap();
    house.clock.advance(DAY * 89);
    attempt(house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
    house.clock.advance(DAY);
    assert_eq!(house.kms.rotate_due(None).await.unwrap(), 1);
    house.clock.advance(DAY);
    attempt(house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
    arn
}

fn request(arn: &str, all: bool) -> ListKeyRotationsRequest {
    let include_key_material = all.then_some(IncludeKeyMaterial::AllKeyMaterial);
    ListKeyRotationsRequest { key_id: arn.to_owned(), include_key_material, limit: None, marker: None }
}

async fn list(house: &House, input: ListKeyRotationsRequest) -> ListKeyRotationsResponse {
    house.call::<ListKeyRotations>(&root(), input).await.unwrap()
}

#[tokio::test]
async fn rotations_are_listed_with_their_causes_and_the_first_material_on_request() {
    let house = House::new().await;
    let arn = rotated(&house).await;
    let answer = list(&house, request(&arn, false)).await;
    assert_eq!((answer.truncated, answer.next_marker), (Some(false), None));
    let rotations = answer.rotations.unwrap();
    let shown: Vec<_> = rotations.iter().map(|one| (one.rotation_date, one.rotation_type)).collect();
    let at = |days: u32| Some(START.plus(DAY * days));
    let expected = [
        (at(89), Some(RotationType::OnDemand)),
        (at(90), Some(RotationType::Automatic)),
        (at(91), Some(RotationType::OnDemand)),
    ];
    assert_eq!(shown, expected);
    let all = list(&house, request(&arn, true)).await.rotations.unwrap();
    assert_eq!(all[1..], rotations[..]);
    let states: Vec<_> = all.iter().map(|one| one.key_material_state.unwrap()).collect();
    use KeyMaterialState::{Current, NonCurrent};
    assert_eq!(states, [NonCurrent, NonCurrent, NonCurrent, Current]);
    let first = RotationsListEntry {
        key_id: Some(arn.clone()),
        key_material_id: all[0].key_material_id.clone(),
        key_material_state: Some(NonCurrent),
        ..Default::default()
    };
    assert_eq!(all[0], first);
    let ids: std::collections::BTreeSet<_> = all.iter().map(|one| one.key_material_id.clone()).collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn pages_hold_every_rotation_once_and_markers_belong_to_their_list() {
    let house = House::new().await;
    let arn = rotated(&house).await;
    let whole = list(&house, request(&arn, true)).await.rotations.unwrap();
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let input = ListKeyRotationsRequest { limit: Some(1), marker, ..request(&arn, true) };
        let page = list(&house, input).await;
        found.extend(page.rotations.unwrap());
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(found, whole);
    let input = ListKeyRotationsRequest { limit: Some(1), ..request(&arn, true) };
    let marker = list(&house, input).await.next_marker;
    let other = house.symmetric().await;
    for input in [request(&arn, false), request(&other, true)] {
        let input = ListKeyRotationsRequest { marker: marker.clone(), ..input };
        let refused = refusal(house.call::<ListKeyRotations>(&root(), input).await);
        assert!(refused.starts_with("InvalidMarkerException"), "{refused}");
    }
}

#[tokio::test]
async fn a_key_that_was_never_rotated_has_one_material() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    assert_eq!(list(&house, request(&arn, false)).await.rotations, Some(Vec::new()));
    let all = list(&house, request(&arn, true)).await.rotations.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].key_material_state, Some(KeyMaterialState::Current));
    assert_eq!((all[0].rotation_date, all[0].rotation_type), (None, None));
}
