//! Whom policies may name, and what another node writes.

use keyward_gate::{IdentitySource, PrincipalDirectory};
use keyward_store::Txn;

use crate::place;
use crate::rows::{AccessKeyRecord, KeyOwner, Stored};
use crate::testhouse::{House, form};

const TRUST: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#;

#[tokio::test]
async fn knows_users_roles_and_sessions_by_arn_and_by_id() {
    let house = House::new().await;
    let user = house.iam(&house.root, "Action=CreateUser&UserName=u&Path=/a/").await.ok();
    let create = format!("Action=CreateRole&RoleName=r&AssumeRolePolicyDocument={}", form(TRUST));
    let role = house.iam(&house.root, &create).await.ok();
    for (principal, there) in [
        ("arn:aws:iam::111122223333:user/a/u", true),
        ("arn:aws:iam::111122223333:user/u", false),
        ("arn:aws:iam::111122223333:user/a/U", false),
        ("arn:aws:iam::444455556666:user/a/u", false),
        ("arn:aws:iam::111122223333:role/r", true),
        ("arn:aws:iam::111122223333:role/u", false),
        ("arn:aws:sts::111122223333:assumed-role/r/any", true),
        ("arn:aws:sts::111122223333:assumed-role/x/any", false),
        (user.text("UserId"), true),
        (role.text("RoleId"), true),
        ("AIDACKCEVSQ6C2EXAMPLE", false),
        ("nonsense", false),
    ] {
        let found = house.iam.unique_id(principal).await.unwrap();
        assert_eq!(found.is_some(), there, "{principal}");
        let expected = [(":user/", user.text("UserId")), (":role/", role.text("RoleId"))];
        let expected = expected.into_iter().find(|(kind, _)| principal.contains(kind)).map(|(_, id)| id);
        assert!(!there || found.as_deref() == Some(expected.unwrap_or(principal)), "{principal}: {found:?}");
    }
}

#[tokio::test]
async fn what_another_node_writes_is_noticed() {
    let house = House::new().await;
    let follower = tokio::spawn(std::sync::Arc::clone(&house.iam).follow());
    tokio::task::yield_now().await;
    let id = house.root.id.clone();
    assert!(house.iam.credential(&id).await.unwrap().is_some());
    // Past this node's own way of writing, as another node's write would come.
    let key = place::access_key(house.account, &id);
    let row = house.store.get(&key).await.unwrap().unwrap();
    let record = AccessKeyRecord { active: false, ..AccessKeyRecord::decode(&row.value).unwrap() };
    house.store.txn(Txn::default().put(key, record.encode().unwrap())).await.unwrap();
    while house.iam.credential(&id).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    follower.abort();
}

#[tokio::test]
async fn a_key_that_is_not_there_is_nobodys() {
    let house = House::new().await;
    for id in
        ["", "AKIA", "AKIAIOSFODNN7EXAMPLE", "ASIAQNZGKIQY56JQ7WML", "ABCDEFGHIJKLMNOPQRST", "ÄÖÜÄÖÜÄÖÜÄ"]
    {
        assert!(house.iam.credential(id).await.unwrap().is_none(), "{id}");
    }
}

#[tokio::test]
async fn a_key_of_a_user_who_was_made_again_is_nobodys() {
    let house = House::new().await;
    let alice = house.user("alice", None).await;
    let key = place::access_key(house.account, &alice.id);
    let row = house.store.get(&key).await.unwrap().unwrap();
    let record = AccessKeyRecord::decode(&row.value).unwrap();
    let owner = KeyOwner::User { id: "AIDAANOTHERALICE00000".to_owned(), name: "alice".to_owned() };
    let stale = AccessKeyRecord { owner, ..record };
    house.store.txn(Txn::default().put(key, stale.encode().unwrap())).await.unwrap();
    assert!(house.iam.credential(&alice.id).await.unwrap().is_none());
}
