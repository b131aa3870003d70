//! A user's life: made, shown, listed, deleted, and each error on the way.

use crate::testhouse::{House, policy};

#[tokio::test]
async fn a_user_lives_and_dies() {
    let house = House::new().await;
    let made = house
        .iam(
            &house.root,
            "Action=CreateUser&UserName=Alice&Path=/ops/&Tags.member.1.Key=k&Tags.member.1.Value=v",
        )
        .await
        .ok();
    assert_eq!(made.text("Arn"), "arn:aws:iam::111122223333:user/ops/Alice");
    assert!(made.text("UserId").starts_with("AIDA"));
    assert_eq!(made.text("CreateDate"), "2026-01-02T12:00:00Z");
    let shown = house.iam(&house.root, "Action=GetUser&UserName=alice").await.ok();
    assert_eq!((shown.text("UserId"), shown.text("Value")), (made.text("UserId"), "v"));
    house.iam(&house.root, "Action=DeleteUser&UserName=ALICE").await.ok();
    let gone = house.iam(&house.root, "Action=GetUser&UserName=Alice").await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.error(), ("NoSuchEntity", "The user with name Alice cannot be found."));
}

#[tokio::test]
async fn names_are_unique_in_any_case() {
    let house = House::new().await;
    house.user("alice", None).await;
    let again = house.iam(&house.root, "Action=CreateUser&UserName=ALICE").await;
    assert_eq!(again.status, 409);
    assert_eq!(again.error(), ("EntityAlreadyExists", "User with name alice already exists."));
}

#[tokio::test]
async fn a_user_with_keys_or_policies_stays() {
    let house = House::new().await;
    let alice = house.user("alice", Some(&policy("Allow", "kms:*", "*"))).await;
    let refused = house.iam(&house.root, "Action=DeleteUser&UserName=alice").await;
    assert_eq!(refused.error(), ("DeleteConflict", "Cannot delete entity, must delete access keys first."));
    let form = format!("Action=DeleteAccessKey&UserName=alice&AccessKeyId={}", alice.id);
    house.iam(&house.root, &form).await.ok();
    let refused = house.iam(&house.root, "Action=DeleteUser&UserName=alice").await;
    assert_eq!(refused.error(), ("DeleteConflict", "Cannot delete entity, must delete policies first."));
    house.iam(&house.root, "Action=DeleteUserPolicy&UserName=alice&PolicyName=p").await.ok();
    house.iam(&house.root, "Action=DeleteUser&UserName=alice").await.ok();
}

#[tokio::test]
async fn lists_come_in_pages_and_by_path() {
    let house = House::new().await;
    for name in ["c", "a", "b"] {
        house.iam(&house.root, &format!("Action=CreateUser&UserName={name}")).await.ok();
    }
    house.iam(&house.root, "Action=CreateUser&UserName=d&Path=/ops/").await.ok();
    let first = house.iam(&house.root, "Action=ListUsers&MaxItems=2").await.ok();
    assert_eq!(first.texts("UserName").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(first.text("IsTruncated"), "true");
    let next = format!("Action=ListUsers&MaxItems=2&Marker={}", first.text("Marker"));
    let second = house.iam(&house.root, &next).await.ok();
    assert_eq!(second.texts("UserName").collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!(second.text("IsTruncated"), "false");
    let ops = house.iam(&house.root, "Action=ListUsers&PathPrefix=/ops/").await.ok();
    assert_eq!(ops.texts("UserName").collect::<Vec<_>>(), ["d"]);
    let wrong = house.iam(&house.root, "Action=ListUsers&Marker=%2A").await;
    assert_eq!(wrong.error(), ("ValidationError", "Invalid Marker."));
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let house = House::new().await;
    house.user("alice", None).await;
    let (_, other) = house.accounts.create("other").await.unwrap();
    let other = crate::testhouse::Client::of(other);
    assert_eq!(house.iam(&other, "Action=ListUsers").await.ok().texts("UserName").count(), 0);
    assert_eq!(house.iam(&other, "Action=GetUser&UserName=alice").await.status, 404);
}

#[tokio::test]
async fn a_user_needs_permission() {
    let house = House::new().await;
    let bare = house.user("bare", None).await;
    let refused = house.iam(&bare, "Action=CreateUser&UserName=x").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.error(),
        (
            "AccessDenied",
            "User: arn:aws:iam::111122223333:user/bare is not authorized to perform: iam:CreateUser on \
             resource: arn:aws:iam::111122223333:user/x because no identity-based policy allows the \
             iam:CreateUser action"
        )
    );
    let able =
        house.user("able", Some(&policy("Allow", "iam:CreateUser", "arn:aws:iam::*:user/ops/*"))).await;
    house.iam(&able, "Action=CreateUser&UserName=x&Path=/ops/").await.ok();
    assert_eq!(house.iam(&able, "Action=CreateUser&UserName=y").await.status, 403);
    let tags = "Action=CreateUser&UserName=z&Path=/ops/&Tags.member.1.Key=k&Tags.member.1.Value=v";
    assert!(house.iam(&able, tags).await.error().1.contains("iam:TagUser"));
}

#[tokio::test]
async fn the_root_can_ask_about_itself() {
    let house = House::new().await;
    let root = house.iam(&house.root, "Action=GetUser").await.ok();
    assert_eq!(root.text("Arn"), "arn:aws:iam::111122223333:root");
    assert_eq!(root.text("UserId"), "111122223333");
}

#[tokio::test]
async fn constraints_and_boundaries_are_refused() {
    let house = House::new().await;
    let wrong = house.iam(&house.root, "Action=CreateUser&UserName=a%20b").await;
    assert_eq!(wrong.error().0, "ValidationError");
    let missing = house.iam(&house.root, "Action=CreateUser").await;
    assert_eq!(
        missing.error().1,
        "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null"
    );
    let boundary = "arn:aws:iam::aws:policy/PowerUserAccess";
    let bounded =
        house.iam(&house.root, &format!("Action=CreateUser&UserName=a&PermissionsBoundary={boundary}")).await;
    assert_eq!(bounded.error().0, "NoSuchEntity");
    let twice = "Action=CreateUser&UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=&Tags.member.2.Key=K&Tags.member.2.Value=";
    assert_eq!(house.iam(&house.root, twice).await.error().0, "InvalidInput");
}
