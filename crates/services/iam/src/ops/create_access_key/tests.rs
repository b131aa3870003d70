//! Access keys: made, used, switched off, deleted; and what the gate's cache must forget.

use crate::testhouse::{Client, House, form, policy};

const INVALID: (&str, &str) =
    ("InvalidClientTokenId", "The security token included in the request is invalid");

#[tokio::test]
async fn a_key_works_until_it_is_switched_off_or_deleted() {
    let house = House::new().await;
    let alice = house.user("alice", None).await;
    let who = house.sts(&alice, "Action=GetCallerIdentity").await.ok();
    assert_eq!(who.text("Arn"), "arn:aws:iam::111122223333:user/alice");
    let set = |status: &str| {
        format!("Action=UpdateAccessKey&UserName=alice&AccessKeyId={}&Status={status}", alice.id)
    };
    house.iam(&house.root, &set("Inactive")).await.ok();
    assert_eq!(house.sts(&alice, "Action=GetCallerIdentity").await.error(), INVALID);
    house.iam(&house.root, &set("Active")).await.ok();
    house.sts(&alice, "Action=GetCallerIdentity").await.ok();
    let delete = format!("Action=DeleteAccessKey&UserName=alice&AccessKeyId={}", alice.id);
    house.iam(&house.root, &delete).await.ok();
    assert_eq!(house.sts(&alice, "Action=GetCallerIdentity").await.error(), INVALID);
    let again = house.iam(&house.root, &delete).await;
    assert_eq!(again.error().0, "NoSuchEntity");
}

#[tokio::test]
async fn a_user_made_again_does_not_inherit_keys() {
    let house = House::new().await;
    let alice = house.user("alice", None).await;
    let delete = format!("Action=DeleteAccessKey&UserName=alice&AccessKeyId={}", alice.id);
    house.iam(&house.root, &delete).await.ok();
    house.iam(&house.root, "Action=DeleteUser&UserName=alice").await.ok();
    house.user("alice", None).await;
    assert_eq!(house.sts(&alice, "Action=GetCallerIdentity").await.error(), INVALID);
}

#[tokio::test]
async fn two_keys_are_the_most() {
    let house = House::new().await;
    let alice = house.user("alice", None).await;
    house.iam(&house.root, "Action=CreateAccessKey&UserName=alice").await.ok();
    let third = house.iam(&house.root, "Action=CreateAccessKey&UserName=alice").await;
    assert_eq!(third.error(), ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"));
    let listed = house.iam(&house.root, "Action=ListAccessKeys&UserName=alice").await.ok();
    assert_eq!(listed.texts("AccessKeyId").filter(|id| **id == *alice.id).count(), 1);
    assert_eq!(listed.texts("AccessKeyId").count(), 2);
    assert!(!listed.body.contains("Secret"));
}

#[tokio::test]
async fn a_key_of_somebody_else_is_not_found() {
    let house = House::new().await;
    let alice = house.user("alice", None).await;
    house.user("bob", None).await;
    let form = format!("Action=DeleteAccessKey&UserName=bob&AccessKeyId={}", alice.id);
    let expected = format!("The Access Key with id {} cannot be found.", alice.id);
    assert_eq!(house.iam(&house.root, &form).await.error(), ("NoSuchEntity", expected.as_str()));
}

#[tokio::test]
async fn without_a_name_it_is_the_callers_own() {
    let house = House::new().await;
    let text = policy("Allow", "iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}");
    let alice = house.user("alice", Some(&text)).await;
    let own = house.iam(&alice, "Action=CreateAccessKey").await.ok();
    assert_eq!(own.text("UserName"), "alice");
    house.user("bob", None).await;
    assert_eq!(house.iam(&alice, "Action=CreateAccessKey&UserName=bob").await.error().0, "AccessDenied");
    let root = house.iam(&house.root, "Action=CreateAccessKey").await.ok();
    let second = Client {
        id: root.text("AccessKeyId").into(),
        secret: root.text("SecretAccessKey").into(),
        token: None,
    };
    let who = house.sts(&second, "Action=GetCallerIdentity").await.ok();
    assert_eq!(who.text("Arn"), "arn:aws:iam::111122223333:root");
}

#[tokio::test]
async fn a_changed_policy_counts_at_once() {
    let house = House::new().await;
    let alice = house.user("alice", Some(&policy("Allow", "iam:ListUsers", "*"))).await;
    house.iam(&alice, "Action=ListUsers").await.ok();
    let deny = form(&policy("Deny", "iam:*", "*"));
    let put = format!("Action=PutUserPolicy&UserName=alice&PolicyName=q&PolicyDocument={deny}");
    house.iam(&house.root, &put).await.ok();
    let refused = house.iam(&alice, "Action=ListUsers").await;
    assert!(
        refused.error().1.ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        refused.body
    );
}
