//! Key policies mean the users and roles that had the names when they were stored, and nobody who takes them later.

use keyward_gate::{Caller, Principal, testing};
use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{
    ACCOUNT, House, account, account_principal, allow, attempt, encrypt, policy, refusal, replicate_key,
    root, twin, user,
};

const ANOTHER: &str = "AIDAANOTHERBOBAAAAAAA";

fn bob() -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/bob")
}

/// Somebody else who is called bob too.
fn another_bob() -> Caller {
    let (account, id) = (account(), ANOTHER.to_owned());
    let principal = Principal::User { account, id, path: "/".to_owned(), name: "bob".to_owned() };
    testing::caller(principal, &[])
}

/// A session of the role `r` with this id.
fn session(role_id: &str) -> Caller {
    let principal = Principal::AssumedRole {
        account: account(),
        role_id: role_id.to_owned(),
        role_path: "/".to_owned(),
        role_name: "r".to_owned(),
        session: "s".to_owned(),
    };
    testing::caller(principal, &[])
}

fn open_to(principal: &str) -> String {
    let condition = json!({"StringNotEquals": {"aws:PrincipalArn": principal}});
    let mut elsewhere = allow(&json!({"AWS": principal}), "kms:Decrypt");
    elsewhere["Condition"] = condition;
    let encrypts = allow(&json!({"AWS": [principal]}), "kms:Encrypt");
    policy(&[allow(&account_principal(), "kms:*"), encrypts, elsewhere])
}

async fn may_encrypt(house: &House, caller: &Caller, arn: &str) -> bool {
    house.call::<Encrypt>(caller, encrypt(arn, b"x")).await.is_ok()
}

async fn shown(house: &House, arn: &str) -> String {
    let input = GetKeyPolicyRequest { key_id: arn.to_owned(), policy_name: None };
    house.call::<GetKeyPolicy>(&root(), input).await.unwrap().policy.unwrap()
}

fn put(arn: &str, policy: &str) -> PutKeyPolicyRequest {
    PutKeyPolicyRequest {
        key_id: arn.to_owned(),
        policy_name: None,
        policy: policy.to_owned(),
        bypass_policy_lockout_safety_check: None,
    }
}

#[tokio::test]
async fn a_user_who_is_made_again_is_somebody_else() {
    let house = House::new().await;
    let text = open_to(&bob());
    let input = CreateKeyRequest { policy: Some(text.clone()), ..Default::default() };
    let arn = house.create(&root(), input).await.unwrap();
    assert!(may_encrypt(&house, &user(), &arn).await);
    assert!(!may_encrypt(&house, &another_bob(), &arn).await);
    assert_eq!(shown(&house, &arn).await, text);
    let id = house.people_id(&bob()).await;
    let gone = text.replacen(&format!("[\"{}\"]", bob()), &format!("[\"{id}\"]"), 1).replacen(
        &format!("{{\"AWS\":\"{}\"}}", bob()),
        &format!("{{\"AWS\":\"{id}\"}}"),
        1,
    );
    for now in [None, Some(ANOTHER)] {
        house.people.set(&bob(), now);
        assert_eq!(shown(&house, &arn).await, gone, "the condition keeps its ARN");
        assert!(!may_encrypt(&house, &another_bob(), &arn).await);
        // Another change of the key does not bind the name anew.
        attempt(&house, &root(), "UpdateKeyDescription", &arn, &[]).await.unwrap();
        assert_eq!(shown(&house, &arn).await, gone);
    }
    // Put once more under the name, it means the new one.
    house.call::<PutKeyPolicy>(&root(), put(&arn, &text)).await.unwrap();
    assert_eq!(shown(&house, &arn).await, text);
    assert!(may_encrypt(&house, &another_bob(), &arn).await);
    assert!(!may_encrypt(&house, &user(), &arn).await);
}

#[tokio::test]
async fn a_role_that_is_made_again_has_other_sessions() {
    let house = House::new().await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
    let input = CreateKeyRequest { policy: Some(open_to(&role)), ..Default::default() };
    let arn = house.create(&root(), input).await.unwrap();
    let id = house.people_id(&role).await;
    assert!(may_encrypt(&house, &session(&id), &arn).await);
    assert!(!may_encrypt(&house, &session("AROAANOTHERROLEAAAAAA"), &arn).await);
    house.people.set(&role, None);
    assert!(shown(&house, &arn).await.contains(&format!("[\"{id}\"]")));
}

/// A session has no id of its own: it is meant by its ARN.
#[tokio::test]
async fn sessions_accounts_and_ids_stay_as_they_are() {
    let house = House::new().await;
    let session_arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/r/s");
    let id = house.people_id(&bob()).await;
    for principal in [session_arn.as_str(), ACCOUNT, &id] {
        let input = CreateKeyRequest { policy: Some(open_to(principal)), ..Default::default() };
        let arn = house.create(&root(), input).await.unwrap();
        assert!(house.record(&arn).await.unwrap().bound_principals.is_empty(), "{principal}");
    }
}

#[tokio::test]
async fn a_denial_goes_on_with_the_one_whom_it_meant() {
    let house = House::new().await;
    let everybody = allow(&json!({"AWS": "*"}), "kms:Encrypt");
    let deny =
        json!({"Effect": "Deny", "Principal": {"AWS": bob()}, "Action": "kms:Encrypt", "Resource": "*"});
    let text = policy(&[allow(&account_principal(), "kms:*"), everybody, deny]);
    let input = CreateKeyRequest { policy: Some(text), ..Default::default() };
    let arn = house.create(&root(), input).await.unwrap();
    assert!(!may_encrypt(&house, &user(), &arn).await);
    assert!(may_encrypt(&house, &another_bob(), &arn).await);
}

#[tokio::test]
async fn who_does_not_exist_is_refused_by_name_and_by_id() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    house.people.set("AIDAGONEAAAAAAAAAAAAA", None);
    house.people.set(&bob(), None);
    for principal in ["AIDAGONEAAAAAAAAAAAAA", &bob()] {
        let answer = refusal(house.call::<PutKeyPolicy>(&root(), put(&arn, &open_to(principal))).await);
        let expected = "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid \
                        principals.";
        assert_eq!(answer, expected, "{principal}");
    }
}

#[tokio::test]
async fn a_replicas_own_policy_is_bound_too() {
    let house = House::new().await;
    let input = CreateKeyRequest { multi_region: Some(true), ..Default::default() };
    let arn = house.create(&root(), input).await.unwrap();
    let input = ReplicateKeyRequest { policy: Some(open_to(&bob())), ..replicate_key(&arn, "eu-west-1") };
    house.call::<ReplicateKey>(&root(), input).await.unwrap();
    let replica = twin(&arn, "eu-west-1");
    let id = house.people_id(&bob()).await;
    assert_eq!(house.record(&replica).await.unwrap().bound_principals, [(bob(), id)]);
    assert!(house.record(&arn).await.unwrap().bound_principals.is_empty());
}

/// Whose policy was stored before principals were bound is meant by name, until it is put anew.
#[tokio::test]
async fn an_older_keys_principals_are_meant_by_name() {
    let house = House::new().await;
    let text = open_to(&bob());
    let input = CreateKeyRequest { policy: Some(text.clone()), ..Default::default() };
    let arn = house.create(&root(), input).await.unwrap();
    house.rewrite(&arn, |record| record.bound_principals.clear()).await;
    house.people.set(&bob(), Some(ANOTHER));
    assert!(may_encrypt(&house, &another_bob(), &arn).await && may_encrypt(&house, &user(), &arn).await);
    assert_eq!(shown(&house, &arn).await, text);
}
