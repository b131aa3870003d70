//! Keys by every identifier, with the words for what is none.

use keyward_schema::kms::*;

use crate::testing::{FOREIGN, House, attempt, refusal, root};

fn describe(key: &str) -> DescribeKeyRequest {
    DescribeKeyRequest { key_id: key.to_owned(), grant_tokens: None }
}

#[tokio::test]
async fn it_shows_what_create_key_showed_and_what_changed_since() {
    let house = House::new().await;
    let made = house.call::<CreateKey>(&root(), Default::default()).await.unwrap().key_metadata.unwrap();
    let shown = house.call::<DescribeKey>(&root(), describe(&made.key_id)).await.unwrap();
    assert_eq!(shown.key_metadata.as_ref(), Some(&made));
    let arn = made.arn.unwrap();
    attempt(&house, &root(), "UpdateKeyDescription", &arn, &[]).await.unwrap();
    attempt(&house, &root(), "DisableKey", &arn, &[]).await.unwrap();
    let shown = house.call::<DescribeKey>(&root(), describe(&arn)).await.unwrap().key_metadata.unwrap();
    assert_eq!(shown.description.as_deref(), Some("new"));
    assert_eq!((shown.enabled, shown.key_state), (Some(false), Some(KeyState::Disabled)));
}

#[tokio::test]
async fn malformed_arns_and_foreign_keys_have_their_words() {
    let house = House::new().await;
    let answer = refusal(house.call::<DescribeKey>(&root(), describe("arn:aws:kms:us-east-1:1:x")).await);
    assert_eq!(answer, "InvalidArnException: Invalid arn arn:aws:kms:us-east-1:1:x");
    for name in ["key/00000000-0000-4000-8000-000000000000", "alias/x"] {
        let arn = format!("arn:aws:kms:us-east-1:{FOREIGN}:{name}");
        let answer = refusal(house.call::<DescribeKey>(&root(), describe(&arn)).await);
        assert!(answer.starts_with("AccessDeniedException"), "{answer}");
        assert!(answer.contains("because the resource does not exist in this Region"), "{answer}");
    }
}

/// Managing another account's key has no effect, whatever its policy says.
#[tokio::test]
async fn another_accounts_key_can_not_be_managed() {
    use crate::testing::{account_principal, allow, foreigner, policy};
    let house = House::new().await;
    let everyone = serde_json::json!({"AWS": "*"});
    let open = policy(&[allow(&account_principal(), "kms:*"), allow(&everyone, "kms:*")]);
    let input = CreateKeyRequest { policy: Some(open), ..Default::default() };
    let arn = house.create(&root(), input).await.unwrap();
    assert!(house.call::<DescribeKey>(&foreigner(), describe(&arn)).await.is_ok());
    for operation in ["DisableKey", "EnableKey", "PutKeyPolicy", "TagResource", "ScheduleKeyDeletion"] {
        let answer = refusal(attempt(&house, &foreigner(), operation, &arn, &[]).await);
        assert!(answer.starts_with("AccessDeniedException"), "{operation}: {answer}");
    }
}
