//! Making and removing aliases, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, encrypt, refusal, root, user_allowed};

fn create(name: &str, target: &str) -> CreateAliasRequest {
    CreateAliasRequest { alias_name: name.to_owned(), target_key_id: target.to_owned() }
}

#[tokio::test]
async fn an_alias_names_the_key_until_it_is_deleted() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    house.call::<CreateAlias>(&root(), create("alias/a", &arn)).await.unwrap();
    house.call::<Encrypt>(&root(), encrypt("alias/a", b"x")).await.unwrap();
    let delete = || DeleteAliasRequest { alias_name: "alias/a".to_owned() };
    house.call::<DeleteAlias>(&root(), delete()).await.unwrap();
    let missing = "NotFoundException: Alias arn:aws:kms:us-east-1:111122223333:alias/a is not found.";
    assert_eq!(refusal(house.call::<Encrypt>(&root(), encrypt("alias/a", b"x")).await), missing);
    assert_eq!(refusal(house.call::<DeleteAlias>(&root(), delete()).await), missing);
    assert!(house.record(&arn).await.unwrap().aliases.is_empty());
}

#[tokio::test]
async fn names_and_targets_must_be_what_they_should() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    house.call::<CreateAlias>(&root(), create("alias/a", &arn)).await.unwrap();
    let cases = [
        (
            create("a", &arn),
            "ValidationException: Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ),
        (create("alias/aws/x", &arn), "NotAuthorizedException"),
        (create("alias/", &arn), "InvalidAliasNameException"),
        (create("alias/b", "alias/a"), "ValidationException: Aliases must refer to keys. Not aliases"),
        (create("alias/b", "x"), "NotFoundException: Invalid keyId 'x'"),
        (
            create("alias/a", &arn),
            "AlreadyExistsException: An alias with the name arn:aws:kms:us-east-1:111122223333:alias/a \
             already exists",
        ),
    ];
    for (input, expected) in cases {
        let answer = refusal(house.call::<CreateAlias>(&root(), input).await);
        assert!(answer.starts_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn a_key_has_at_most_fifty_aliases() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    for number in 0..50 {
        house.call::<CreateAlias>(&root(), create(&format!("alias/{number}"), &arn)).await.unwrap();
    }
    let answer = refusal(house.call::<CreateAlias>(&root(), create("alias/50", &arn)).await);
    assert!(answer.starts_with("LimitExceededException"), "{answer}");
    // Fifty aliases go with their key in one transaction.
    let input = ScheduleKeyDeletionRequest { key_id: arn, pending_window_in_days: Some(7) };
    house.call::<ScheduleKeyDeletion>(&root(), input).await.unwrap();
    house.clock.advance(std::time::Duration::from_secs(7 * 86_400));
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert_eq!(house.rows().len(), 1);
}

#[tokio::test]
async fn permission_is_needed_on_the_alias_and_on_the_key() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let only = |resource: &str| {
        let statement =
            serde_json::json!({"Effect": "Allow", "Action": "kms:CreateAlias", "Resource": resource});
        let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        keyward_gate::testing::user(crate::testing::account(), "dora", &[&policy])
    };
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/*";
    let answer = refusal(house.call::<CreateAlias>(&only(alias), create("alias/a", &arn)).await);
    assert!(answer.contains(&format!("kms:CreateAlias on resource: {arn}")), "{answer}");
    let answer = refusal(house.call::<CreateAlias>(&only(&arn), create("alias/a", &arn)).await);
    assert!(answer.contains("kms:CreateAlias on resource: arn:aws:kms:us-east-1:111122223333:alias/a"));
    let both = user_allowed(&["kms:CreateAlias"]);
    assert!(house.call::<CreateAlias>(&both, create("alias/a", &arn)).await.is_ok());
}
