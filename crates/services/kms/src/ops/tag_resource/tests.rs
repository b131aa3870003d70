//! Adding and removing tags, and what is refused.

use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{House, account, refusal, root};

fn tag(key: &str, value: &str) -> Tag {
    Tag { tag_key: key.to_owned(), tag_value: value.to_owned() }
}

async fn tagged(house: &House, arn: &str) -> Vec<Tag> {
    let input = ListResourceTagsRequest { key_id: arn.to_owned(), limit: None, marker: None };
    house.call::<ListResourceTags>(&root(), input).await.unwrap().tags.unwrap()
}

async fn add(house: &House, arn: &str, tags: Vec<Tag>) -> String {
    let input = TagResourceRequest { key_id: arn.to_owned(), tags };
    refusal(house.call::<TagResource>(&root(), input).await)
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    add(&house, &arn, vec![tag("b", "1"), tag("a", "")]).await;
    add(&house, &arn, vec![tag("b", "2")]).await;
    assert_eq!(tagged(&house, &arn).await, [tag("a", ""), tag("b", "2")]);
    let keys = vec!["a".to_owned(), "nothing".to_owned()];
    let input = UntagResourceRequest { key_id: arn.clone(), tag_keys: keys };
    house.call::<UntagResource>(&root(), input).await.unwrap();
    assert_eq!(tagged(&house, &arn).await, [tag("b", "2")]);
}

#[tokio::test]
async fn fifty_tags_are_enough() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let many = |from: usize, to: usize| (from..to).map(|number| tag(&number.to_string(), "")).collect();
    assert_eq!(add(&house, &arn, many(0, 50)).await, "no error");
    assert_eq!(add(&house, &arn, many(0, 50)).await, "no error");
    assert_eq!(add(&house, &arn, many(50, 51)).await, "TagException: Too many tags");
    assert_eq!(
        add(&house, &arn, vec![tag("AWS:x", "")]).await,
        "TagException: Tags beginning with aws: are reserved"
    );
    assert_eq!(add(&house, &arn, vec![tag("1", ""), tag("1", "")]).await, "TagException: Duplicate tag keys");
    assert_eq!(tagged(&house, &arn).await.len(), 50);
}

#[tokio::test]
async fn the_tags_of_the_request_are_condition_keys() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let statement = json!({
        "Effect": "Allow",
        "Action": "kms:TagResource",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:RequestTag/team": "a"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
        },
    });
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let caller = keyward_gate::testing::user(account(), "erik", &[&policy]);
    let cases = [
        (vec![tag("team", "a")], true),
        (vec![tag("team", "b")], false),
        (vec![tag("team", "a"), tag("x", "")], false),
    ];
    for (tags, allowed) in cases {
        let input = TagResourceRequest { key_id: arn.clone(), tags: tags.clone() };
        assert_eq!(house.call::<TagResource>(&caller, input).await.is_ok(), allowed, "{tags:?}");
    }
}
