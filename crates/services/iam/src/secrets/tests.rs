//! What is at rest, what opens, and what an older version left.

use keyward_gate::IdentitySource;

use super::*;
use crate::rows::{KeptSecret, SessionSecrets, StoredSecret};
use crate::testhouse::{Client, House, form};

const TRUST: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#;

async fn everything(house: &House) -> Vec<u8> {
    let (rows, _) = house.store.range(&KeyRange::prefix(&place::all()), usize::MAX).await.unwrap();
    rows.into_iter().flat_map(|row| row.value).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn session(house: &House) -> Client {
    let create = format!("Action=CreateRole&RoleName=r&AssumeRolePolicyDocument={}", form(TRUST));
    house.iam(&house.root, &create).await.ok();
    let policy = crate::testhouse::policy("Allow", "sts:AssumeRole", "*");
    let alice = house.user("alice", Some(&policy)).await;
    let assume = format!(
        "Action=AssumeRole&RoleSessionName=work&RoleArn={}",
        form(&format!("arn:aws:iam::{}:role/r", house.account))
    );
    Client::session(&house.sts(&alice, &assume).await.ok())
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_sealing_key_row_of_version_1_keeps_its_bytes() {
    let row = SealingKeyRow::V1(MaterialId([7; 32]), Ekt::from_bytes(vec![1, 2]));
    let bytes = postcard::to_stdvec(&row).unwrap();
    assert_eq!(bytes, [&[0][..], &[7; 32], &[2, 1, 2]].concat());
}

#[tokio::test]
async fn no_secret_is_in_the_store_in_clear() {
    let house = House::new().await;
    let session = session(&house).await;
    let stored = everything(&house).await;
    assert!(holds(&stored, "alice"));
    for secret in [&house.root.secret, &session.secret, session.token.as_ref().unwrap()] {
        assert!(!holds(&stored, secret));
    }
    assert_eq!(house.secrets.seal_old_rows().await.unwrap(), 0);
}

#[tokio::test]
async fn a_secret_opens_for_its_own_access_key_only() {
    let house = House::new().await;
    let sealed = house.secrets.seal("AKIAONE", "secret").await.unwrap();
    assert_eq!(*house.secrets.open("AKIAONE", &sealed).await.unwrap(), "secret");
    assert!(house.secrets.open("AKIATWO", &sealed).await.is_err());
    // A secret that was moved to another key's row makes no credential.
    let (alice, bob) = (house.user("alice", None).await, house.user("bob", None).await);
    let place = |client: &Client| place::access_key(house.account, &client.id);
    let value = house.store.get(&place(&alice)).await.unwrap().unwrap().value;
    let moved = AccessKeyRecord::decode(&value).unwrap().secret;
    let value = house.store.get(&place(&bob)).await.unwrap().unwrap().value;
    let stolen = AccessKeyRecord { secret: moved, ..AccessKeyRecord::decode(&value).unwrap() };
    house.store.txn(Txn::default().put(place(&bob), stolen.encode().unwrap())).await.unwrap();
    assert!(house.iam.credential(&bob.id).await.is_err());
}

/// Puts the rows of a user's key and a session back as version 1 wrote them.
async fn age(house: &House, user: &Client, session: &Client) {
    let place = place::access_key(house.account, &user.id);
    let value = house.store.get(&place).await.unwrap().unwrap().value;
    let secret = KeptSecret::Clear(StoredSecret::new(&user.secret));
    let old = AccessKeyRecord { secret, ..AccessKeyRecord::decode(&value).unwrap() };
    let place_of_session = place::session(house.account, &session.id);
    let value = house.store.get(&place_of_session).await.unwrap().unwrap().value;
    let secrets = SessionSecrets::Clear {
        secret: StoredSecret::new(&session.secret),
        token: StoredSecret::new(session.token.as_ref().unwrap()),
    };
    let old_session = SessionRecord { secrets, ..SessionRecord::decode(&value).unwrap() };
    let txn = Txn::default().put(place, old.encode().unwrap());
    house.store.txn(txn.put(place_of_session, old_session.encode().unwrap())).await.unwrap();
}

#[tokio::test]
async fn what_an_older_version_stored_is_read_and_then_sealed() {
    let house = House::new().await;
    let session = session(&house).await;
    let carol = house.user("carol", None).await;
    age(&house, &carol, &session).await;
    let stored = everything(&house).await;
    assert!(holds(&stored, &carol.secret) && holds(&stored, &session.secret));
    for client in [&carol, &session] {
        house.sts(client, "Action=GetCallerIdentity").await.ok();
    }
    assert_eq!(house.secrets.seal_old_rows().await.unwrap(), 2);
    let stored = everything(&house).await;
    assert!(!holds(&stored, &carol.secret) && !holds(&stored, &session.secret));
    for client in [&carol, &session] {
        house.sts(client, "Action=GetCallerIdentity").await.ok();
    }
}

#[tokio::test]
async fn the_next_write_seals_too() {
    let house = House::new().await;
    let session = session(&house).await;
    let carol = house.user("carol", None).await;
    age(&house, &carol, &session).await;
    let form = format!("Action=UpdateAccessKey&UserName=carol&AccessKeyId={}&Status=Inactive", carol.id);
    house.iam(&house.root, &form).await.ok();
    assert!(!holds(&everything(&house).await, &carol.secret));
}
