//! Sessions: who may assume a role, what the session may do, and for how long.

use std::time::Duration;

use crate::testhouse::{Client, House, form, policy};

const ASSUME: &str = "Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/ops/r&RoleSessionName=s1";

/// A house with the role `/ops/r`, which trusts `principal` and may list users.
async fn house(principal: &str, condition: &str) -> House {
    let house = House::new().await;
    house.user("alice", None).await;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},
        "Action":["sts:AssumeRole","sts:TagSession"]{condition}}}}}"#
    );
    let form = format!("Action=CreateRole&RoleName=r&Path=/ops/&AssumeRolePolicyDocument={}", form(&trust));
    house.iam(&house.root, &form).await.ok();
    allow(&house, &policy("Allow", "iam:ListUsers", "*")).await;
    house
}

async fn allow(house: &House, document: &str) {
    let put = format!("Action=PutRolePolicy&RoleName=r&PolicyName=p&PolicyDocument={}", form(document));
    house.iam(&house.root, &put).await.ok();
}

async fn key(house: &House, name: &str) -> Client {
    let key = house.iam(&house.root, &format!("Action=CreateAccessKey&UserName={name}")).await.ok();
    Client { id: key.text("AccessKeyId").into(), secret: key.text("SecretAccessKey").into(), token: None }
}

const ALICE: &str = r#"{"AWS":"arn:aws:iam::111122223333:user/alice"}"#;
const ACCOUNT: &str = r#"{"AWS":"111122223333"}"#;

#[tokio::test]
async fn a_named_user_gets_a_session_that_can_what_the_role_can() {
    let house = house(ALICE, "").await;
    let alice = key(&house, "alice").await;
    let answer = house.sts(&alice, ASSUME).await.ok();
    assert_eq!(answer.text("Arn"), "arn:aws:sts::111122223333:assumed-role/r/s1");
    assert!(
        answer.text("AssumedRoleId").starts_with("AROA") && answer.text("AssumedRoleId").ends_with(":s1")
    );
    assert_eq!(answer.text("Expiration"), "2026-01-02T13:00:00Z");
    let session = Client::session(&answer);
    let who = house.sts(&session, "Action=GetCallerIdentity").await.ok();
    assert_eq!(who.text("UserId"), answer.text("AssumedRoleId"));
    house.iam(&session, "Action=ListUsers").await.ok();
    let refused = house.iam(&session, "Action=ListRoles").await;
    assert!(
        refused.error().1.starts_with("User: arn:aws:sts::111122223333:assumed-role/r/s1 is not authorized")
    );
}

#[tokio::test]
async fn a_session_ends_and_needs_its_token() {
    let house = house(ALICE, "").await;
    let alice = key(&house, "alice").await;
    let session = Client::session(&house.sts(&alice, &format!("{ASSUME}&DurationSeconds=900")).await.ok());
    let without = Client { token: None, ..session.clone() };
    assert_eq!(house.sts(&without, "Action=GetCallerIdentity").await.error().0, "InvalidClientTokenId");
    house.advance(Duration::from_secs(899));
    house.sts(&session, "Action=GetCallerIdentity").await.ok();
    house.advance(Duration::from_secs(1));
    let expired = house.sts(&session, "Action=GetCallerIdentity").await;
    assert_eq!(expired.error(), ("ExpiredToken", "The security token included in the request is expired"));
}

#[tokio::test]
async fn the_account_as_principal_leaves_it_to_identity_policies() {
    let house = house(ACCOUNT, "").await;
    let alice = key(&house, "alice").await;
    let refused = house.sts(&alice, ASSUME).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.error().1,
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on resource: \
         arn:aws:iam::111122223333:role/ops/r because no identity-based policy allows the sts:AssumeRole action"
    );
    let able =
        house.user("able", Some(&policy("Allow", "sts:AssumeRole", "arn:aws:iam::*:role/ops/*"))).await;
    house.sts(&able, ASSUME).await.ok();
}

#[tokio::test]
async fn a_role_that_is_not_there_reads_as_one_that_trusts_somebody_else() {
    let house = house(ALICE, "").await;
    let able = house.user("able", Some(&policy("Allow", "sts:*", "*"))).await;
    let bare = |arn: &str| {
        format!(
            "User: arn:aws:iam::111122223333:user/able is not authorized to perform: sts:AssumeRole on resource: {arn}"
        )
    };
    let distrusted = house.sts(&able, ASSUME).await;
    assert_eq!(distrusted.error(), ("AccessDenied", bare("arn:aws:iam::111122223333:role/ops/r").as_str()));
    let absent = house.sts(&able, &ASSUME.replace("/ops/r", "/x")).await;
    assert_eq!(absent.error(), ("AccessDenied", bare("arn:aws:iam::111122223333:role/x").as_str()));
    assert_eq!(
        house.sts(&house.root, ASSUME).await.error(),
        ("AccessDenied", "Roles may not be assumed by root accounts.")
    );
}

#[tokio::test]
async fn another_account_needs_both_sides() {
    let house =
        house(r#"{"AWS":"444455556666"}"#, r#","Condition":{"StringEquals":{"sts:ExternalId":"e1"}}"#).await;
    let (_, root) = house.accounts.ensure_first(Some("444455556666".parse().unwrap())).await.unwrap();
    let root = Client::of(root.unwrap());
    house.iam(&root, "Action=CreateUser&UserName=bob").await.ok();
    let key = house.iam(&root, "Action=CreateAccessKey&UserName=bob").await.ok();
    let bob = Client {
        id: key.text("AccessKeyId").into(),
        secret: key.text("SecretAccessKey").into(),
        token: None,
    };
    let with_id = format!("{ASSUME}&ExternalId=e1");
    assert_eq!(house.sts(&bob, &with_id).await.error().0, "AccessDenied");
    let document = form(&policy("Allow", "sts:AssumeRole", "*"));
    let put = format!("Action=PutUserPolicy&UserName=bob&PolicyName=p&PolicyDocument={document}");
    house.iam(&root, &put).await.ok();
    assert_eq!(house.sts(&bob, ASSUME).await.error().0, "AccessDenied");
    house.sts(&bob, &with_id).await.ok();
}

#[tokio::test]
async fn a_session_policy_only_narrows() {
    let house = house(ALICE, "").await;
    allow(&house, &policy("Allow", "iam:List*", "*")).await;
    let alice = key(&house, "alice").await;
    let narrow = |document: &str| format!("{ASSUME}&Policy={}", form(document));
    let session =
        Client::session(&house.sts(&alice, &narrow(&policy("Allow", "iam:ListUsers", "*"))).await.ok());
    house.iam(&session, "Action=ListUsers").await.ok();
    let refused = house.iam(&session, "Action=ListRoles").await;
    assert!(refused.error().1.ends_with("because no session policy allows the iam:ListRoles action"));
    let wide = Client::session(&house.sts(&alice, &narrow(&policy("Allow", "*", "*"))).await.ok());
    assert_eq!(house.iam(&wide, "Action=CreateUser&UserName=x").await.status, 403);
    assert_eq!(house.sts(&alice, &narrow("{}")).await.error().0, "MalformedPolicyDocument");
}

#[tokio::test]
async fn tags_of_a_session_show_in_conditions() {
    let house = house(ALICE, "").await;
    allow(
        &house,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*",
        "Condition":{"StringEquals":{"aws:PrincipalTag/team":"dns"}}}}"#,
    )
    .await;
    let alice = key(&house, "alice").await;
    let plain = Client::session(&house.sts(&alice, ASSUME).await.ok());
    assert_eq!(house.iam(&plain, "Action=ListUsers").await.status, 403);
    let tagged = format!("{ASSUME}&Tags.member.1.Key=team&Tags.member.1.Value=dns");
    let tagged = Client::session(&house.sts(&alice, &tagged).await.ok());
    house.iam(&tagged, "Action=ListUsers").await.ok();
}

#[tokio::test]
async fn durations_are_limited() {
    let house = house(r#"{"AWS":["111122223333","arn:aws:iam::111122223333:user/alice"]}"#, "").await;
    allow(&house, &policy("Allow", "sts:AssumeRole", "*")).await;
    let alice = key(&house, "alice").await;
    let long = house.sts(&alice, &format!("{ASSUME}&DurationSeconds=3601")).await;
    assert_eq!(
        long.error(),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    );
    assert_eq!(house.sts(&alice, &format!("{ASSUME}&DurationSeconds=1")).await.error().0, "ValidationError");
    let session = Client::session(&house.sts(&alice, ASSUME).await.ok());
    house.sts(&session, ASSUME).await.ok();
}

#[tokio::test]
async fn a_deleted_role_ends_its_sessions() {
    let house = house(ALICE, "").await;
    let alice = key(&house, "alice").await;
    let session = Client::session(&house.sts(&alice, ASSUME).await.ok());
    house.iam(&session, "Action=ListUsers").await.ok();
    house.iam(&house.root, "Action=DeleteRolePolicy&RoleName=r&PolicyName=p").await.ok();
    assert_eq!(house.iam(&session, "Action=ListUsers").await.error().0, "AccessDenied");
    house.iam(&house.root, "Action=DeleteRole&RoleName=r").await.ok();
    assert_eq!(house.iam(&session, "Action=ListUsers").await.error().0, "InvalidClientTokenId");
}

#[tokio::test]
async fn what_is_not_served_is_refused() {
    let house = house(ALICE, "").await;
    let alice = key(&house, "alice").await;
    let mfa = format!("{ASSUME}&SerialNumber=arn:aws:iam::111122223333:mfa/a&TokenCode=123456");
    assert_eq!(house.sts(&alice, &mfa).await.error().0, "AccessDenied");
    let managed = format!("{ASSUME}&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess");
    assert!(house.sts(&alice, &managed).await.status >= 400);
    assert_eq!(
        house.sts(&alice, &ASSUME.replace("role/ops/r", "user/alice")).await.error().0,
        "ValidationError"
    );
}
