//! Registration: from the name taken to the delegation served, and every way in which it ends earlier.

use keyward_base::Blame;
use keyward_schema::route53domains::{
    CheckDomainAvailability, CheckDomainAvailabilityRequest, DomainAvailability, GetOperationDetail,
    OperationType, RegisterDomain,
};
use keyward_store::{Store, StoreFault, Txn};

use super::*;
use crate::operation::OperationId;
use crate::rows::{self, Place};

async fn availability(house: &House, domain: &str) -> Result<DomainAvailability, Fault> {
    let input = CheckDomainAvailabilityRequest { domain_name: domain.to_owned(), idn_lang_code: None };
    Ok(house.ask::<CheckDomainAvailability>(input).await?.availability.unwrap())
}

async fn refuse(house: &House, registration: RegisterDomainRequest) -> String {
    house.ask::<RegisterDomain>(registration).await.unwrap_err().code().to_owned()
}

#[tokio::test]
async fn a_registration_ends_when_every_name_server_serves_the_delegation() {
    let house = house().await;
    assert_eq!(availability(&house, "animalsforlife.org").await.unwrap(), DomainAvailability::Available);
    let operation = house.register("AnimalsForLife.org").await;
    assert_eq!(house.status(&operation).await, OperationStatus::Submitted);
    assert_eq!(availability(&house, "animalsforlife.org").await.unwrap(), DomainAvailability::Unavailable);
    assert_eq!(house.domains.settle_all().await.unwrap(), 1);
    assert_eq!(house.status(&operation).await, OperationStatus::InProgress);
    assert_eq!(house.detail("animalsforlife.org").await.unwrap_err().code(), "InvalidInput");
    assert_eq!(house.records("org", "animalsforlife.org", Rtype::NS).await.len(), 4);
    house.serve().await;
    assert_eq!(house.domains.settle_all().await.unwrap(), 0);
    let detail = house.operation(&operation).await;
    assert_eq!(detail.status, Some(OperationStatus::Successful));
    assert_eq!(detail.r#type, Some(OperationType::RegisterDomain));
    assert_eq!(detail.domain_name.as_deref(), Some("animalsforlife.org"));
    assert_eq!((detail.message, detail.operation_id), (None, Some(operation)));
}

#[tokio::test]
async fn a_registered_domain_shows_all_about_itself() {
    let house = house().await;
    house.registered("animalsforlife.org").await;
    let detail = house.detail("animalsforlife.org").await.unwrap();
    let servers: Vec<String> = detail.nameservers.unwrap().into_iter().map(|server| server.name).collect();
    assert_eq!(servers, SERVERS);
    assert_eq!(
        (detail.auto_renew, detail.admin_privacy, detail.tech_privacy),
        (Some(true), Some(true), Some(false))
    );
    assert_eq!(detail.registrant_contact.unwrap(), ada());
    assert_eq!((detail.billing_contact, detail.dnssec_keys), (None, Some(Vec::new())));
    assert_eq!(detail.creation_date, Some(Timestamp::from_unix_seconds(1_800_000_000)));
    assert_eq!(detail.expiration_date.unwrap().iso8601_seconds(), "2028-01-15T08:00:00Z");
    assert_eq!(detail.status_list.unwrap(), ["clientTransferProhibited"]);
    assert!(detail.registry_domain_id.unwrap().ends_with("-ORG"));
}

#[tokio::test]
async fn the_hosted_zone_is_made_as_the_caller() {
    let house = house().await;
    let operation = house.register("animalsforlife.org").await;
    let made = house.zones.made.lock().unwrap().clone();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].name, "animalsforlife.org");
    assert_eq!(made[0].caller_reference, format!("RISWorkflow-RD:{operation}"));
    assert!(made[0].vpc.is_none());
}

#[tokio::test]
async fn a_caller_without_permission_takes_no_name() {
    let house = house().await;
    let allow = |actions: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":"*"}}]}}"#
        )
    };
    for actions in [r#"["route53domains:GetDomainDetail"]"#, r#"["route53domains:*"]"#, r#"["route53:*"]"#] {
        let user = testing::user(account(), "joe", &[&allow(actions)]);
        let error = house.call::<RegisterDomain>(&user, registration("example.org")).await.unwrap_err();
        assert!(error.code().contains("AccessDenied"), "{actions}: {error}");
    }
    assert_eq!(house.zones.asked.load(Ordering::Relaxed), 0);
    assert_eq!(availability(&house, "example.org").await.unwrap(), DomainAvailability::Available);
    let user =
        testing::user(account(), "joe", &[&allow(r#"["route53domains:*", "route53:CreateHostedZone"]"#)]);
    house.call::<RegisterDomain>(&user, registration("example.org")).await.unwrap();
}

#[tokio::test]
async fn a_name_is_registered_once() {
    let house = house().await;
    house.register("example.org").await;
    assert_eq!(refuse(&house, registration("example.org")).await, "DuplicateRequest");
    let stranger = testing::root(other_account());
    let error = house.call::<RegisterDomain>(&stranger, registration("example.org")).await.unwrap_err();
    assert_eq!(error.code(), "InvalidInput");
    house.settle().await;
    assert_eq!(refuse(&house, registration("example.org")).await, "InvalidInput");
    let error = house
        .call::<route53domains::GetDomainDetail>(
            &stranger,
            GetDomainDetailRequest { domain_name: "example.org".to_owned() },
        )
        .await
        .unwrap_err();
    assert_eq!(error.message().unwrap(), "Domain example.org not found in 444455556666 account");
}

#[tokio::test]
async fn names_that_can_not_be_had_are_refused() {
    let house = house().await;
    for (domain, code) in [
        ("www.example.org", "UnsupportedTLD"),
        ("example.local", "UnsupportedTLD"),
        ("example.onion", "UnsupportedTLD"),
        ("example.123", "UnsupportedTLD"),
        ("org", "InvalidInput"),
        ("exa mple.org", "InvalidInput"),
        ("-example.org", "InvalidInput"),
        ("nic.org", "InvalidInput"),
        ("awsdns-41.com", "InvalidInput"),
    ] {
        assert_eq!(refuse(&house, registration(domain)).await, code, "{domain}");
    }
    assert_eq!(availability(&house, "nic.org").await.unwrap(), DomainAvailability::Reserved);
    assert_eq!(availability(&house, "example.local").await.unwrap_err().code(), "UnsupportedTLD");
    assert_eq!(availability(&house, "exa mple.org").await.unwrap_err().code(), "InvalidInput");
    assert_eq!(house.zones.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_domain_of_a_new_tld_and_of_a_second_level_zone_can_be_had() {
    let house = house().await;
    house.registered("example.dev").await;
    house.registered("example.co.uk").await;
    assert_eq!(house.records("co.uk", "example.co.uk", Rtype::NS).await.len(), 4);
}

#[tokio::test]
async fn wrong_contacts_and_quotas_are_refused() {
    let house = house_with(Quotas { domains: 1, open_operations: 1 }).await;
    let mut wrong = registration("example.org");
    wrong.tech_contact.email = None;
    assert_eq!(refuse(&house, wrong).await, "InvalidInput");
    house.register("one.org").await;
    assert_eq!(refuse(&house, registration("two.org")).await, "DomainLimitExceeded");
    let stranger = testing::root(other_account());
    house.call::<RegisterDomain>(&stranger, registration("two.org")).await.unwrap();
    let house = house_with(Quotas { domains: 5, open_operations: 1 }).await;
    house.register("one.org").await;
    assert_eq!(refuse(&house, registration("two.org")).await, "OperationLimitExceeded");
}

#[tokio::test]
async fn years_are_checked_by_the_model() {
    let house = house().await;
    for years in [0, 11] {
        let wrong = RegisterDomainRequest { duration_in_years: years, ..registration("example.org") };
        assert!(house.ask::<RegisterDomain>(wrong).await.is_err(), "{years}");
    }
}

#[tokio::test]
async fn a_registration_without_hosted_zone_fails_and_frees_the_name() {
    let house = house().await;
    *house.zones.refusal.lock().unwrap() = Some("TooManyHostedZones");
    let operation = house.register("example.org").await;
    let detail = house.operation(&operation).await;
    assert_eq!(detail.status, Some(OperationStatus::Failed));
    assert!(detail.message.unwrap().contains("TooManyHostedZones: No more zones."));
    assert_eq!(availability(&house, "example.org").await.unwrap(), DomainAvailability::Available);
    *house.zones.refusal.lock().unwrap() = None;
    house.registered("example.org").await;
}

#[tokio::test]
async fn a_registration_that_was_cut_off_fails_later_and_frees_the_name() {
    let house = house().await;
    // The transaction that takes the name passes; the one that notes the hosted zone's servers does not.
    house.store.script([StoreFault::Pass, StoreFault::FailBefore]);
    house.ask::<RegisterDomain>(registration("example.org")).await.unwrap_err();
    assert_eq!(house.domains.settle_all().await.unwrap(), 1);
    assert_eq!(refuse(&house, registration("example.org")).await, "DuplicateRequest");
    house.clock.advance(Duration::from_secs(60));
    assert_eq!(house.domains.settle_all().await.unwrap(), 0);
    assert_eq!(availability(&house, "example.org").await.unwrap(), DomainAvailability::Available);
    assert_eq!(house.records("org", "example.org", Rtype::NS).await, Vec::<String>::new());
    house.registered("example.org").await;
}

#[tokio::test]
async fn a_registration_goes_on_after_any_failure_of_the_store() {
    for failing in 2..8 {
        for fault in [StoreFault::FailBefore, StoreFault::FailAfter] {
            let house = house().await;
            house.store.script((0..failing).map(|_| StoreFault::Pass).chain([fault]));
            let operation = house.register("example.org").await;
            // The builder's word is repeated until it is noted; here the store fails only once.
            for _ in 0..3 {
                let _ = house.domains.settle_all().await;
                house.clock.advance(Duration::from_secs(1));
                tokio::join!(house.serve(), async {
                    tokio::task::yield_now().await;
                    house.clock.advance(Duration::from_secs(1));
                });
            }
            assert_eq!(house.domains.settle_all().await.unwrap(), 0, "{failing} {fault:?}");
            assert_eq!(house.status(&operation).await, OperationStatus::Successful, "{failing} {fault:?}");
        }
    }
}

#[tokio::test]
async fn operations_of_others_are_not_shown() {
    let house = house().await;
    let operation = house.register("example.org").await;
    let stranger = testing::root(other_account());
    for id in [operation.as_str(), "", "no-such-operation", "aab822b7-0000-4000-8000-000000000000"] {
        let input = GetOperationDetailRequest { operation_id: id.to_owned() };
        let error = house.call::<GetOperationDetail>(&stranger, input).await.unwrap_err();
        assert_eq!(error.code(), "InvalidInput", "{id}");
    }
}

#[tokio::test]
async fn the_duty_carries_out_what_is_asked_for_meanwhile() {
    let house = house().await;
    let duty = tokio::spawn({
        let domains = house.domains.clone();
        async move { domains.run_duties().await }
    });
    let operation = house.register("example.org").await;
    while house.status(&operation).await != OperationStatus::Successful {
        house.serve().await;
        tokio::task::yield_now().await;
    }
    duty.abort();
}

#[tokio::test]
async fn an_operation_that_can_not_be_read_does_not_hold_up_the_others() {
    let house = house().await;
    let spoiled = house.register("spoiled.org").await;
    let id = OperationId::parse(&spoiled).unwrap();
    let row = house.store.get(&rows::operation_id(&id)).await.unwrap().unwrap();
    let place: Place = rows::decode(&row.value).unwrap();
    house.store.txn(Txn::default().put(place.key(), "spoiled")).await.unwrap();
    let operation = house.register("example.org").await;
    for _ in 0..2 {
        assert_eq!(house.domains.settle_all().await.unwrap_err().blame(), Blame::Ours);
        house.serve().await;
    }
    assert_eq!(house.status(&operation).await, OperationStatus::Successful);
}
