//! Key policies and grants mean the users and roles that had the names when they were stored, and nobody who takes them later.

use keyward_gate::{Caller, Principal, testing};
use keyward_schema::kms::*;
use serde_json::json;

use crate::grant::{GrantId, GrantPlaces, GrantRow, Party};
use crate::rows;
use crate::testing::{
    ACCOUNT, House, account, account_principal, allow, attempt, create_grant, encrypt, list_grants, policy,
    refusal, replicate_key, root, twin, user,
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

/// A grant that lets Bob encrypt, and retire it.
fn to_bob(arn: &str) -> CreateGrantRequest {
    let input = create_grant(arn, &bob(), &[GrantOperation::Encrypt, GrantOperation::RetireGrant]);
    CreateGrantRequest { retiring_principal: Some(bob()), name: Some("to-bob".to_owned()), ..input }
}

async fn grantees(house: &House, arn: &str, filter: Option<&str>) -> Vec<(Option<String>, Option<String>)> {
    let input = ListGrantsRequest { grantee_principal: filter.map(str::to_owned), ..list_grants(arn) };
    let grants = house.call::<ListGrants>(&root(), input).await.unwrap().grants.unwrap();
    grants.into_iter().map(|grant| (grant.grantee_principal, grant.retiring_principal)).collect()
}

async fn retirable(house: &House) -> usize {
    let input = ListRetirableGrantsRequest { retiring_principal: Some(bob()), ..Default::default() };
    house.call::<ListRetirableGrants>(&root(), input).await.unwrap().grants.unwrap().len()
}

#[tokio::test]
async fn a_grant_stays_with_whom_it_was_made_for() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let made = house.call::<CreateGrant>(&root(), to_bob(&arn)).await.unwrap();
    assert!(may_encrypt(&house, &user(), &arn).await && !may_encrypt(&house, &another_bob(), &arn).await);
    let both = |name: &str| vec![(Some(name.to_owned()), Some(name.to_owned()))];
    assert_eq!(grantees(&house, &arn, Some(&bob())).await, both(&bob()));
    assert_eq!(retirable(&house).await, 1);
    let id = house.people_id(&bob()).await;
    let retire = RetireGrantRequest {
        key_id: Some(arn.clone()),
        grant_id: made.grant_id.clone(),
        ..Default::default()
    };
    for now in [None, Some(ANOTHER)] {
        house.people.set(&bob(), now);
        assert!(!may_encrypt(&house, &another_bob(), &arn).await);
        assert!(house.call::<RetireGrant>(&another_bob(), retire.clone()).await.is_err());
        assert_eq!(grantees(&house, &arn, None).await, both(&id));
        assert_eq!(grantees(&house, &arn, Some(&id)).await, both(&id));
        assert_eq!(grantees(&house, &arn, Some(&bob())).await, []);
        assert_eq!(retirable(&house).await, 0);
    }
    // The same grant for the new one is another grant, and leaves with it.
    let again = house.call::<CreateGrant>(&root(), to_bob(&arn)).await.unwrap();
    assert_ne!(again.grant_id, made.grant_id);
    assert!(may_encrypt(&house, &another_bob(), &arn).await);
    assert_eq!((grantees(&house, &arn, Some(&bob())).await, retirable(&house).await), (both(&bob()), 1));
    let retire = RetireGrantRequest { grant_id: again.grant_id, ..retire };
    house.call::<RetireGrant>(&another_bob(), retire).await.unwrap();
    assert_eq!(grantees(&house, &arn, None).await, both(&id));
    let input = RevokeGrantRequest { key_id: arn.clone(), grant_id: made.grant_id.unwrap(), dry_run: None };
    house.call::<RevokeGrant>(&root(), input).await.unwrap();
    assert_eq!(grantees(&house, &arn, None).await, []);
    assert!(!may_encrypt(&house, &user(), &arn).await);
}

#[tokio::test]
async fn a_roles_grant_is_for_its_sessions_and_not_for_those_of_another_role_of_the_name() {
    let house = House::new().await;
    let (arn, role) = (house.symmetric().await, format!("arn:aws:iam::{ACCOUNT}:role/r"));
    let input = create_grant(&arn, &role, &[GrantOperation::Encrypt]);
    house.call::<CreateGrant>(&root(), input).await.unwrap();
    let id = house.people_id(&role).await;
    assert!(may_encrypt(&house, &session(&id), &arn).await);
    assert!(!may_encrypt(&house, &session("AROAANOTHERROLEAAAAAA"), &arn).await);
}

/// Grants of older versions know their grantees by name.
#[tokio::test]
async fn an_older_grant_goes_on_by_name() {
    use keyward_store::{Store, Txn};
    let house = House::new().await;
    let arn = house.symmetric().await;
    let made = house.call::<CreateGrant>(&root(), to_bob(&arn)).await.unwrap().grant_id.unwrap();
    let id = GrantId::parse(&made).unwrap();
    let row = house.store.get(&crate::testing::place(&arn)).await.unwrap().unwrap();
    let (account, region, key) = rows::parse_key(&row.key).unwrap();
    let key_arn = crate::key::KeyArn { partition: "aws".parse().unwrap(), region, account, id: key };
    let places = GrantPlaces(&key_arn);
    let row = house.store.get(&places.grant(&id)).await.unwrap().unwrap();
    let GrantRow::V1(record) = rows::decode(&row.value).unwrap();
    let txn = places.remove(Txn::default(), &id, &record).unwrap();
    house.store.txn(txn).await.unwrap();
    let mut older = record.clone();
    (older.grantee, older.retiring) = (Party::Principal(bob()), Some(Party::Principal(bob())));
    house.store.txn(places.file(Txn::default(), &id, &older).unwrap()).await.unwrap();
    assert!(may_encrypt(&house, &user(), &arn).await && may_encrypt(&house, &another_bob(), &arn).await);
    assert_eq!((grantees(&house, &arn, Some(&bob())).await.len(), retirable(&house).await), (1, 1));
    let retire = RetireGrantRequest { key_id: Some(arn.clone()), grant_id: Some(made), ..Default::default() };
    house.call::<RetireGrant>(&another_bob(), retire).await.unwrap();
    assert_eq!(grantees(&house, &arn, None).await, []);
}
