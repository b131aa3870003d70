//! Aliases in pages, of the account and of one key.

use keyward_schema::kms::*;

use crate::testing::{House, START, refusal, root};

async fn house_with_aliases() -> (House, String, String) {
    let house = House::new().await;
    let (one, two) = (house.symmetric().await, house.symmetric().await);
    for (name, target) in [("a", &one), ("b/c", &two), ("b", &one), ("Z", &one)] {
        let alias = CreateAliasRequest { alias_name: format!("alias/{name}"), target_key_id: target.clone() };
        house.call::<CreateAlias>(&root(), alias).await.unwrap();
    }
    (house, one, two)
}

async fn names(house: &House, key_id: Option<String>, limit: Option<i32>) -> Vec<String> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let input = ListAliasesRequest { key_id: key_id.clone(), limit, marker };
        let page = house.call::<ListAliases>(&root(), input).await.unwrap();
        found.extend(page.aliases.into_iter().flatten().filter_map(|entry| entry.alias_name));
        marker = page.next_marker;
        if marker.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn all_aliases_or_those_of_one_key_in_pages_of_any_size() {
    let (house, one, two) = house_with_aliases().await;
    for limit in [None, Some(1), Some(3)] {
        assert_eq!(names(&house, None, limit).await, ["alias/Z", "alias/a", "alias/b", "alias/b/c"]);
        assert_eq!(names(&house, Some(one.clone()), limit).await, ["alias/Z", "alias/a", "alias/b"]);
        assert_eq!(names(&house, Some(two.clone()), limit).await, ["alias/b/c"]);
    }
}

#[tokio::test]
async fn an_entry_tells_name_arn_target_and_dates() {
    let (house, _, two) = house_with_aliases().await;
    let input = ListAliasesRequest { key_id: Some(two.clone()), ..Default::default() };
    let page = house.call::<ListAliases>(&root(), input).await.unwrap();
    assert_eq!((page.truncated, page.next_marker), (Some(false), None));
    let expected = AliasListEntry {
        alias_name: Some("alias/b/c".to_owned()),
        alias_arn: Some("arn:aws:kms:us-east-1:111122223333:alias/b/c".to_owned()),
        target_key_id: Some(two.rsplit('/').next().unwrap().to_owned()),
        creation_date: Some(START),
        last_updated_date: Some(START),
    };
    assert_eq!(page.aliases, Some(vec![expected]));
}

#[tokio::test]
async fn unknown_keys_and_too_long_pages_are_refused() {
    let (house, ..) = house_with_aliases().await;
    let input = ListAliasesRequest { key_id: Some("x".to_owned()), ..Default::default() };
    let answer = refusal(house.call::<ListAliases>(&root(), input).await);
    assert_eq!(answer, "NotFoundException: Invalid keyId 'x'");
    let input = ListAliasesRequest { limit: Some(101), ..Default::default() };
    let answer = refusal(house.call::<ListAliases>(&root(), input).await);
    let expected = "ValidationException: 1 validation error detected: Value '101' at 'limit' failed to satisfy \
                    constraint: Member must have value less than or equal to 100";
    assert_eq!(answer, expected);
}
