//! Lists of grants by key and by who retires them, in pages.

use keyward_schema::kms::*;

use crate::testing::{ACCOUNT, House, START, create_grant, list_grants, refusal, root, user, user_allowed};

fn name(user: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{user}")
}

#[tokio::test]
async fn grants_are_listed_as_they_were_made_and_filtered() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let mut ids = Vec::new();
    for user in ["bob", "carol", "bob"] {
        let input = CreateGrantRequest {
            retiring_principal: Some(name("rita")),
            ..create_grant(&arn, &name(user), &[GrantOperation::Encrypt])
        };
        ids.push(house.call::<CreateGrant>(&root(), input).await.unwrap().grant_id);
    }
    let list = async |input: ListGrantsRequest| {
        house.call::<ListGrants>(&root(), input).await.unwrap().grants.unwrap()
    };
    let by_carol = ListGrantsRequest { grantee_principal: Some(name("carol")), ..list_grants(&arn) };
    let expected = GrantListEntry {
        key_id: Some(arn.clone()),
        grant_id: ids[1].clone(),
        name: Some(String::new()),
        creation_date: Some(START),
        grantee_principal: Some(name("carol")),
        retiring_principal: Some(name("rita")),
        issuing_account: Some(format!("arn:aws:iam::{ACCOUNT}:root")),
        operations: Some(vec![GrantOperation::Encrypt]),
        ..Default::default()
    };
    assert_eq!(list(by_carol).await, vec![expected.clone()]);
    let by_id = ListGrantsRequest { grant_id: ids[1].clone(), ..list_grants(&arn) };
    assert_eq!(list(by_id).await, [expected]);
    assert_eq!(list(list_grants(&arn)).await.len(), 3);

    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let input = ListGrantsRequest { limit: Some(1), marker, ..list_grants(&arn) };
        let page = house.call::<ListGrants>(&root(), input).await.unwrap();
        found.extend(page.grants.unwrap().into_iter().map(|entry| entry.grant_id));
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    ids.sort();
    assert_eq!(found, ids);
    let malformed = ListGrantsRequest { grant_id: Some("x".to_owned()), ..list_grants(&arn) };
    let refused = refusal(house.call::<ListGrants>(&root(), malformed).await);
    assert!(refused.starts_with("InvalidGrantIdException"), "{refused}");
}

#[tokio::test]
async fn retirable_grants_are_those_of_the_callers_account() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let arn = house.symmetric().await;
        let input = CreateGrantRequest {
            retiring_principal: Some(name("rita")),
            ..create_grant(&arn, &name("bob"), &[GrantOperation::Encrypt])
        };
        ids.push(house.call::<CreateGrant>(&root(), input).await.unwrap().grant_id);
    }
    let input = |principal: Option<String>| ListRetirableGrantsRequest {
        limit: Some(2),
        marker: None,
        retiring_principal: principal,
        retiring_service_principal: None,
    };
    let first = house.call::<ListRetirableGrants>(&root(), input(Some(name("rita")))).await.unwrap();
    let next = ListRetirableGrantsRequest { marker: first.next_marker, ..input(Some(name("rita"))) };
    let second = house.call::<ListRetirableGrants>(&root(), next).await.unwrap();
    assert_eq!(second.truncated, Some(false));
    let mut found: Vec<_> =
        first.grants.into_iter().chain(second.grants).flatten().map(|one| one.grant_id).collect();
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
    let bob = house.call::<ListRetirableGrants>(&root(), input(Some(name("bob")))).await.unwrap();
    assert_eq!(bob.grants, Some(Vec::new()));
    for (principal, code) in [
        (None, "ValidationException"),
        (Some("x".to_owned()), "InvalidArnException"),
        (Some("arn:aws:iam::444455556666:user/rita".to_owned()), "AccessDeniedException"),
    ] {
        let fault = house.call::<ListRetirableGrants>(&root(), input(principal)).await.unwrap_err();
        assert_eq!(fault.code(), code);
    }
    let refused = refusal(house.call::<ListRetirableGrants>(&user(), input(Some(name("rita")))).await);
    assert!(refused.ends_with("because no identity-based policy allows the kms:ListRetirableGrants action"));
    let may = user_allowed(&["kms:ListRetirableGrants"]);
    house.call::<ListRetirableGrants>(&may, input(Some(name("rita")))).await.unwrap();
}
