//! Roles and their trust policies.

use crate::testhouse::{House, form};

fn trust(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}}}"#
    )
}

fn create(name: &str, trust: &str) -> String {
    format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={}", form(trust))
}

#[tokio::test]
async fn a_role_lives_and_dies() {
    let house = House::new().await;
    let document = trust(r#"{"Service":"kms.amazonaws.com"}"#);
    let more = "&Path=/a/b/&Description=d&MaxSessionDuration=7200";
    let made = house.iam(&house.root, &(create("r", &document) + more)).await.ok();
    assert_eq!(made.text("Arn"), "arn:aws:iam::111122223333:role/a/b/r");
    assert!(made.text("RoleId").starts_with("AROA"));
    let shown = house.iam(&house.root, "Action=GetRole&RoleName=r").await.ok();
    assert_eq!(shown.text("AssumeRolePolicyDocument"), form(&document));
    assert_eq!((shown.text("MaxSessionDuration"), shown.text("Description")), ("7200", "d"));
    let again = house.iam(&house.root, &create("R", &document)).await;
    assert_eq!(again.error(), ("EntityAlreadyExists", "Role with name r already exists."));
    let listed = house.iam(&house.root, "Action=ListRoles&PathPrefix=/a/").await.ok();
    assert_eq!(listed.texts("RoleName").collect::<Vec<_>>(), ["r"]);
    house.iam(&house.root, "Action=DeleteRole&RoleName=r").await.ok();
    let gone = house.iam(&house.root, "Action=GetRole&RoleName=r").await;
    assert_eq!(gone.error(), ("NoSuchEntity", "The role with name r cannot be found."));
}

#[tokio::test]
async fn trust_must_name_whoever_exists() {
    let house = House::new().await;
    let nobody = trust(r#"{"AWS":"arn:aws:iam::111122223333:user/alice"}"#);
    let refused = house.iam(&house.root, &create("r", &nobody)).await;
    let (code, text) = refused.error();
    assert_eq!(code, "MalformedPolicyDocument");
    assert_eq!(text, r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/alice""#);
    house.user("alice", None).await;
    house.iam(&house.root, &create("r", &nobody)).await.ok();
}

#[tokio::test]
async fn a_deleted_principal_shows_as_its_unique_id() {
    let house = House::new().await;
    let alice = house.user("alice", None).await;
    let id = house.iam(&house.root, "Action=GetUser&UserName=alice").await.ok().text("UserId").to_owned();
    let named = trust(r#"{"AWS":"arn:aws:iam::111122223333:user/alice"}"#);
    house.iam(&house.root, &create("r", &named)).await.ok();
    let delete = format!("Action=DeleteAccessKey&UserName=alice&AccessKeyId={}", alice.id);
    house.iam(&house.root, &delete).await.ok();
    house.iam(&house.root, "Action=DeleteUser&UserName=alice").await.ok();
    let again = house.user("alice", None).await;
    let shown = house.iam(&house.root, "Action=GetRole&RoleName=r").await.ok();
    assert!(shown.text("AssumeRolePolicyDocument").contains(&id));
    // The new alice is not the one whom the role trusts.
    let form = "Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/r&RoleSessionName=s1";
    assert_eq!(house.sts(&again, form).await.error().0, "AccessDenied");
}

#[tokio::test]
async fn another_trust_policy_takes_its_place() {
    let house = House::new().await;
    house.iam(&house.root, &create("r", &trust(r#"{"Service":"kms.amazonaws.com"}"#))).await.ok();
    let other = trust(r#"{"AWS":"111122223333"}"#);
    let update = format!("Action=UpdateAssumeRolePolicy&RoleName=r&PolicyDocument={}", form(&other));
    house.iam(&house.root, &update).await.ok();
    let shown = house.iam(&house.root, "Action=GetRole&RoleName=r").await.ok();
    assert_eq!(shown.text("AssumeRolePolicyDocument"), form(&other));
    let bad = format!("Action=UpdateAssumeRolePolicy&RoleName=r&PolicyDocument={}", form("{}"));
    assert_eq!(house.iam(&house.root, &bad).await.error().0, "MalformedPolicyDocument");
    let long = trust(&format!(r#"{{"Service":"{}.amazonaws.com"}}"#, "k".repeat(2048)));
    assert_eq!(
        house.iam(&house.root, &create("s", &long)).await.error(),
        ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
    );
}
