//! A key with very many grants: what is asked of it reads those that can matter, of however many there are.

use std::collections::BTreeMap;

use keyward_gate::{Caller, testing};
use keyward_schema::kms::*;
use keyward_store::{Store, Txn};

use crate::grant::{Constraints, GrantId, GrantPlaces, GrantRecord, Party};
use crate::key::{KeyArn, KeyId};
use crate::testing::{House, START, account, create_grant, encrypt, list_grants, refusal, region, root};

const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const MANY: usize = 4_000;
/// What a call may read, whatever the number of grants.
const ROWS_MAX: usize = 60;

fn bob() -> Caller {
    testing::user(account(), "bob", &[])
}

fn pair(key: &str, value: usize) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_string())])
}

/// A grant of Bob's, which allows all sorts of things and never what the tests ask.
fn record(number: usize) -> GrantRecord {
    let operations: &[&str] = match number % 3 {
        0 => &["Decrypt"],
        1 => &["Encrypt"],
        _ => &["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"],
    };
    let constraints = match number % 12 {
        // Those that allow Encrypt are all constrained; the others may be not.
        1 => Constraints { equals: Some(pair("tenant", number)), ..Constraints::default() },
        4 => Constraints { subset: Some(pair("tenant", number)), ..Constraints::default() },
        7 | 10 => Constraints {
            source_arn: Some(format!("arn:aws:s3:::bucket-{number}")),
            ..Constraints::default()
        },
        _ => Constraints::default(),
    };
    GrantRecord {
        name: String::new(),
        grantee: Party::Principal(BOB.to_owned()),
        retiring: None,
        issuer: account(),
        created: START,
        operations: operations.iter().map(|&name| name.to_owned()).collect(),
        constraints,
    }
}

/// A key on which Bob has very many grants.
async fn house() -> (House, String) {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let id = KeyId::parse(arn.rsplit('/').next().unwrap()).unwrap();
    let key = KeyArn { partition: "aws".parse().unwrap(), region: region(), account: account(), id };
    let places = GrantPlaces(&key);
    for batch in 0..MANY / 200 {
        let mut txn = Txn::default();
        for number in batch * 200..(batch + 1) * 200 {
            let id = GrantId::random(&*house.kms.random);
            txn = places.file(txn, &id, &record(number)).unwrap();
        }
        let count = u32::try_from((batch + 1) * 200).unwrap();
        house.store.txn(places.set_count(txn, count).unwrap()).await.unwrap();
    }
    (house, arn)
}

async fn encrypts(house: &House, arn: &str, context: BTreeMap<String, String>) -> bool {
    let input = EncryptRequest { encryption_context: Some(context), ..encrypt(arn, b"x") };
    house.call::<Encrypt>(&bob(), input).await.is_ok()
}

#[tokio::test]
async fn authorization_reads_only_what_can_fit() {
    let (house, arn) = house().await;
    let before = house.store.rows_read();
    let mut calls = 0;
    let mut read = |what: &str| {
        calls += 1;
        let read = house.store.rows_read() - before;
        assert!(read <= calls * ROWS_MAX, "{what}: {read} rows in {calls} calls");
    };
    assert!(!encrypts(&house, &arn, BTreeMap::new()).await);
    read("no grant without a context");
    assert!(encrypts(&house, &arn, pair("tenant", 13)).await, "exactly this context");
    read("exactly");
    let mut more = pair("tenant", 16);
    more.insert("more".to_owned(), "than that".to_owned());
    assert!(encrypts(&house, &arn, more).await, "a context that includes the grant's");
    read("subset");
    assert!(!encrypts(&house, &arn, pair("tenant", 14)).await);
    read("another tenant");
    let describe = DescribeKeyRequest { key_id: arn.clone(), grant_tokens: None };
    assert!(refusal(house.call::<DescribeKey>(&bob(), describe).await).starts_with("AccessDenied"));
    read("describing");
    let child = create_grant(&arn, BOB, &[GrantOperation::Encrypt]);
    assert!(refusal(house.call::<CreateGrant>(&bob(), child.clone()).await).starts_with("AccessDenied"));
    read("delegating");
    house.call::<CreateGrant>(&root(), child).await.unwrap();
    read("making one more");
    assert!(encrypts(&house, &arn, BTreeMap::new()).await);
    read("the new one");
}

#[tokio::test]
async fn lists_read_a_page() {
    let (house, arn) = house().await;
    let other = "arn:aws:iam::111122223333:user/carol";
    let mine = create_grant(&arn, other, &[GrantOperation::Encrypt]);
    let made = house.call::<CreateGrant>(&root(), mine).await.unwrap().grant_id.unwrap();
    let page = |filter: ListGrantsRequest| ListGrantsRequest { limit: Some(20), ..filter };
    let by_grantee = ListGrantsRequest { grantee_principal: Some(other.to_owned()), ..list_grants(&arn) };
    let by_id = ListGrantsRequest { grant_id: Some(made), ..list_grants(&arn) };
    let of_bob = ListGrantsRequest { grantee_principal: Some(BOB.to_owned()), ..list_grants(&arn) };
    for (input, expected) in [(list_grants(&arn), 20), (by_grantee, 1), (by_id, 1), (of_bob, 20)] {
        let before = house.store.rows_read();
        let found = house.call::<ListGrants>(&root(), page(input)).await.unwrap().grants.unwrap();
        assert_eq!(found.len(), expected);
        let read = house.store.rows_read() - before;
        assert!(read <= ROWS_MAX, "{read}");
    }
}

#[tokio::test]
async fn all_grants_of_a_grantee_are_listed_in_pages_and_each_once() {
    let (house, arn) = house().await;
    let (mut seen, mut marker) = (std::collections::BTreeSet::new(), None);
    loop {
        let input = ListGrantsRequest {
            grantee_principal: Some(BOB.to_owned()),
            limit: Some(100),
            marker,
            ..list_grants(&arn)
        };
        let page = house.call::<ListGrants>(&root(), input).await.unwrap();
        for grant in page.grants.unwrap() {
            assert!(seen.insert(grant.grant_id.unwrap()));
        }
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), MANY);
}
