//! Tags in pages.

use keyward_schema::kms::*;

use crate::testing::{House, refusal, root};

#[tokio::test]
async fn pages_hold_every_tag_once_and_markers_belong_to_their_key() {
    let house = House::new().await;
    let (arn, other) = (house.symmetric().await, house.symmetric().await);
    let tags: Vec<_> =
        (0..5).map(|number| Tag { tag_key: number.to_string(), tag_value: String::new() }).collect();
    for key_id in [arn.clone(), other.clone()] {
        house.call::<TagResource>(&root(), TagResourceRequest { key_id, tags: tags.clone() }).await.unwrap();
    }
    let list = |key: &str, limit, marker| ListResourceTagsRequest { key_id: key.to_owned(), limit, marker };
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let page = house.call::<ListResourceTags>(&root(), list(&arn, Some(2), marker)).await.unwrap();
        found.extend(page.tags.unwrap());
        assert_eq!(page.truncated, Some(page.next_marker.is_some()));
        marker = page.next_marker;
        let Some(marker) = &marker else { break };
        let wrong = list(&other, Some(2), Some(marker.clone()));
        let answer = refusal(house.call::<ListResourceTags>(&root(), wrong).await);
        assert!(answer.starts_with("InvalidMarkerException"), "{answer}");
    }
    assert_eq!(found, tags);
    let answer = refusal(house.call::<ListResourceTags>(&root(), list(&arn, Some(51), None)).await);
    assert!(answer.starts_with("ValidationException"), "{answer}");
}
