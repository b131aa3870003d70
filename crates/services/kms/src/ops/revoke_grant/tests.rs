//! Ending grants by the key's managers, and with the key.

use std::time::Duration;

use keyward_schema::kms::*;

use crate::testing::{ACCOUNT, House, attempt, create_grant, encrypt, refusal, region, root, user};

fn bob() -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/bob")
}

async fn granted(house: &House, arn: &str) -> String {
    let input = CreateGrantRequest {
        name: Some("one".to_owned()),
        retiring_principal: Some(bob()),
        ..create_grant(arn, &bob(), &[GrantOperation::Encrypt])
    };
    house.call::<CreateGrant>(&root(), input).await.unwrap().grant_id.unwrap()
}

fn revoke(arn: &str, id: &str) -> RevokeGrantRequest {
    RevokeGrantRequest { key_id: arn.to_owned(), grant_id: id.to_owned(), dry_run: None }
}

#[tokio::test]
async fn a_revoked_grant_allows_nothing_and_leaves_nothing() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let before = house.store.inner.rows().len();
    let id = granted(&house, &arn).await;
    house.call::<Encrypt>(&user(), encrypt(&arn, b"x")).await.unwrap();
    let dry = RevokeGrantRequest { dry_run: Some(true), ..revoke(&arn, &id) };
    assert!(refusal(house.call::<RevokeGrant>(&root(), dry).await).starts_with("DryRunOperationException"));
    house.call::<RevokeGrant>(&root(), revoke(&arn, &id)).await.unwrap();
    assert!(house.call::<Encrypt>(&user(), encrypt(&arn, b"x")).await.is_err());
    assert_eq!(house.store.inner.rows().len(), before + 1, "only the count");
    let gone = refusal(house.call::<RevokeGrant>(&root(), revoke(&arn, &id)).await);
    assert_eq!(gone, format!("NotFoundException: Grant '{id}' does not exist"));
    let malformed = refusal(house.call::<RevokeGrant>(&root(), revoke(&arn, "x")).await);
    assert!(malformed.starts_with("InvalidGrantIdException"), "{malformed}");
    assert_ne!(granted(&house, &arn).await, id);
}

#[tokio::test]
async fn a_grant_that_was_revoked_meanwhile_is_not_there() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let id = granted(&house, &arn).await;
    let (handle, input) = (house.handle.clone(), revoke(&arn, &id));
    house.store.before_next_txn(async move {
        handle.call::<RevokeGrant>(&root(), &region(), input).await.unwrap();
    });
    let refused = refusal(house.call::<RevokeGrant>(&root(), revoke(&arn, &id)).await);
    assert!(refused.starts_with("NotFoundException"), "{refused}");
}

#[tokio::test]
async fn the_grants_of_a_destroyed_key_go_however_many_they_are() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    for number in 0..600 {
        let input = CreateGrantRequest {
            name: Some(format!("n{number}")),
            ..create_grant(&arn, &bob(), &[GrantOperation::Encrypt])
        };
        house.call::<CreateGrant>(&root(), input).await.unwrap();
    }
    attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &[]).await.unwrap();
    house.clock.advance(Duration::from_secs(8 * 86_400));
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    let refused = refusal(house.call::<Encrypt>(&user(), encrypt(&arn, b"x")).await);
    assert!(refused.starts_with("NotFoundException"), "{refused}");
    // Somebody else begins the same work: the rows are removed once all the same.
    let other = house.kms.clone();
    house.store.before_next_txn(async move {
        assert_eq!(other.sweep_due(None).await.unwrap(), 1);
    });
    house.kms.sweep_due(None).await.unwrap();
    assert_eq!(house.kms.sweep_due(None).await.unwrap(), 0);
    assert_eq!(house.rows().len(), 1, "only the marker key");
}
