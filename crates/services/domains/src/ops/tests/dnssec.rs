//! A key given to the registrar enters the TLD's zone as a DS record, and leaves it.

use keyward_schema::route53domains::{
    AssociateDelegationSignerToDomain, AssociateDelegationSignerToDomainRequest,
    DisassociateDelegationSignerFromDomain, DisassociateDelegationSignerFromDomainRequest,
    DnssecSigningAttributes, OperationType,
};

use super::*;

/// The worked key of the private scalar 1 for animalsforlife.org.
const KSK: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==";
const DIGEST: &str = "21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA";

async fn add(house: &House, domain: &str, public_key: &str) -> Result<String, Fault> {
    let input = AssociateDelegationSignerToDomainRequest {
        domain_name: domain.to_owned(),
        signing_attributes: DnssecSigningAttributes {
            algorithm: Some(13),
            flags: Some(257),
            public_key: Some(public_key.to_owned()),
        },
    };
    Ok(house.ask::<AssociateDelegationSignerToDomain>(input).await?.operation_id.unwrap())
}

async fn remove(house: &House, domain: &str, id: &str) -> Result<String, Fault> {
    let input =
        DisassociateDelegationSignerFromDomainRequest { domain_name: domain.to_owned(), id: id.to_owned() };
    Ok(house.ask::<DisassociateDelegationSignerFromDomain>(input).await?.operation_id.unwrap())
}

fn other_key(number: u8) -> String {
    data_encoding::BASE64.encode(&[number; 64])
}

#[tokio::test]
async fn a_ds_record_enters_the_zone_and_leaves_it() {
    let house = house().await;
    house.registered("animalsforlife.org").await;
    let operation = add(&house, "animalsforlife.org", KSK).await.unwrap();
    assert!(house.keys("animalsforlife.org").await.is_empty(), "shown when it is served");
    house.settle().await;
    let detail = house.operation(&operation).await;
    assert_eq!(
        (detail.status, detail.r#type),
        (Some(OperationStatus::Successful), Some(OperationType::AddDnssec))
    );
    let keys = house.keys("animalsforlife.org").await;
    let id = format!("DS:27578-13-2-{DIGEST}");
    assert_eq!((keys[0].id.as_deref(), keys[0].key_tag), (Some(id.as_str()), Some(27578)));
    assert_eq!((keys[0].flags, keys[0].public_key.as_deref()), (None, None));
    assert_eq!(house.records("org", "animalsforlife.org", Rtype::DS).await, [format!("27578 13 2 {DIGEST}")]);
    let operation = remove(&house, "animalsforlife.org", &id).await.unwrap();
    house.settle().await;
    assert_eq!(house.operation(&operation).await.r#type, Some(OperationType::RemoveDnssec));
    assert!(house.keys("animalsforlife.org").await.is_empty());
    assert!(house.records("org", "animalsforlife.org", Rtype::DS).await.is_empty());
    assert_eq!(house.records("org", "animalsforlife.org", Rtype::NS).await.len(), 4, "the delegation stays");
}

#[tokio::test]
async fn one_key_at_a_time_and_each_once() {
    let house = house().await;
    house.registered("animalsforlife.org").await;
    add(&house, "animalsforlife.org", KSK).await.unwrap();
    let error = add(&house, "animalsforlife.org", &other_key(1)).await.unwrap_err();
    assert_eq!(error.code(), "DuplicateRequest");
    house.settle().await;
    let error = add(&house, "animalsforlife.org", KSK).await.unwrap_err();
    assert_eq!(error.code(), "DuplicateRequest");
    remove(&house, "animalsforlife.org", DIGEST).await.unwrap();
    assert_eq!(remove(&house, "animalsforlife.org", DIGEST).await.unwrap_err().code(), "DuplicateRequest");
}

#[tokio::test]
async fn two_keys_given_at_once_do_not_overwrite_each_other() {
    let house = house().await;
    house.registered("animalsforlife.org").await;
    let key = other_key(1);
    let (one, two) =
        tokio::join!(add(&house, "animalsforlife.org", KSK), add(&house, "animalsforlife.org", &key));
    assert!(one.is_ok() != two.is_ok());
    house.settle().await;
    assert_eq!(house.keys("animalsforlife.org").await.len(), 1);
}

#[tokio::test]
async fn org_takes_four_keys() {
    let house = house().await;
    house.registered("animalsforlife.org").await;
    for number in 1..=4 {
        add(&house, "animalsforlife.org", &other_key(number)).await.unwrap();
        house.settle().await;
    }
    let error = add(&house, "animalsforlife.org", &other_key(5)).await.unwrap_err();
    assert_eq!(error.code(), "DnssecLimitExceeded");
    assert_eq!(house.records("org", "animalsforlife.org", Rtype::DS).await.len(), 4);
}

#[tokio::test]
async fn wrong_keys_ids_and_domains_are_refused_and_change_nothing() {
    let house = house().await;
    house.registered("animalsforlife.org").await;
    for wrong in ["", "x", &KSK[..20]] {
        let error = add(&house, "animalsforlife.org", wrong).await.unwrap_err();
        assert_eq!(error.code(), "InvalidInput", "{wrong:?}");
    }
    for wrong in ["", "27578", DIGEST] {
        let error = remove(&house, "animalsforlife.org", wrong).await.unwrap_err();
        assert_eq!(error.code(), "InvalidInput", "{wrong:?}");
    }
    for wrong in ["example.org", "animalsforlife.com", "no name"] {
        assert_eq!(add(&house, wrong, KSK).await.unwrap_err().code(), "InvalidInput", "{wrong}");
    }
    assert_eq!(house.domains.settle_all().await.unwrap(), 0);
    assert!(house.keys("animalsforlife.org").await.is_empty());
}

#[tokio::test]
async fn a_user_without_permission_is_refused() {
    let house = house().await;
    house.registered("animalsforlife.org").await;
    let user = testing::user(account(), "joe", &[]);
    let input = DisassociateDelegationSignerFromDomainRequest {
        domain_name: "animalsforlife.org".to_owned(),
        id: DIGEST.to_owned(),
    };
    let error = house.call::<DisassociateDelegationSignerFromDomain>(&user, input).await.unwrap_err();
    assert!(error.code().contains("AccessDenied"), "{error}");
}
