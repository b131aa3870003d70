//! Aliases in pages, of the account and of one key.

use keyward_schema::kms::*;

use crate::key::ManagedService;
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

/// The names of customers' aliases.
async fn names(house: &House, key_id: Option<String>, limit: Option<i32>) -> Vec<String> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let input = ListAliasesRequest { key_id: key_id.clone(), limit, marker };
        let page = house.call::<ListAliases>(&root(), input).await.unwrap();
        found.extend(page.aliases.into_iter().flatten().filter_map(|entry| entry.alias_name));
        marker = page.next_marker;
        if marker.is_none() {
            found.retain(|name| !name.starts_with("alias/aws/"));
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

/// Every entry, in pages of `limit`; `between` happens after each page.
async fn pages(house: &House, limit: i32, mut between: impl AsyncFnMut(usize)) -> Vec<AliasListEntry> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let input = ListAliasesRequest { limit: Some(limit), marker, ..Default::default() };
        let page = house.call::<ListAliases>(&root(), input).await.unwrap();
        let entries = page.aliases.unwrap();
        assert!(entries.len() <= usize::try_from(limit).unwrap());
        found.extend(entries);
        marker = page.next_marker;
        if marker.is_none() {
            return found;
        }
        between(found.len()).await;
    }
}

#[tokio::test]
async fn every_services_alias_is_listed_once_with_its_key_when_there_is_one() {
    let (house, one, _) = house_with_aliases().await;
    let describe = |alias: &str| DescribeKeyRequest { key_id: alias.to_owned(), grant_tokens: None };
    for alias in ["alias/aws/s3", "alias/aws/acm", "alias/aws/ssm"] {
        house.call::<DescribeKey>(&root(), describe(alias)).await.unwrap();
    }
    // It sorts between the aliases of services.
    let alias = CreateAliasRequest { alias_name: "alias/aws0".to_owned(), target_key_id: one.clone() };
    house.call::<CreateAlias>(&root(), alias).await.unwrap();
    for limit in [1, 2, 7, 100] {
        let entries = pages(&house, limit, async |_| {}).await;
        let names: Vec<_> = entries.iter().map(|entry| entry.alias_name.clone().unwrap()).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert_eq!(names.len(), 5 + ManagedService::all().count(), "{names:?}");
        for entry in entries {
            let name = entry.alias_name.unwrap();
            let made = !name.starts_with("alias/aws/") || ["s3", "acm", "ssm"].contains(&&name[10..]);
            assert_eq!(entry.target_key_id.is_some(), made, "{name}");
            assert_eq!((entry.creation_date.is_some(), entry.last_updated_date.is_some()), (made, made));
            assert_eq!(entry.alias_arn.unwrap(), format!("arn:aws:kms:us-east-1:111122223333:{name}"));
        }
    }
}

/// A key that is made while somebody turns the pages neither adds an alias nor hides one.
#[tokio::test]
async fn pages_stay_whole_while_managed_keys_are_made() {
    let (house, ..) = house_with_aliases().await;
    let aliases: Vec<_> = ManagedService::all().map(|service| service.alias().to_string()).collect();
    let entries = pages(&house, 3, async |seen| {
        let key_id = aliases[seen % aliases.len()].clone();
        let input = DescribeKeyRequest { key_id, grant_tokens: None };
        house.call::<DescribeKey>(&root(), input).await.unwrap();
    })
    .await;
    let mut names: Vec<_> = entries.into_iter().filter_map(|entry| entry.alias_name).collect();
    assert_eq!(names.len(), 4 + aliases.len());
    names.dedup();
    assert_eq!(names.len(), 4 + aliases.len());
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
