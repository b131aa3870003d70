//! Lists: filters, orders, pages; and the bytes of the rows behind them.

use keyward_registry::{Delegation, DsRecord, NameServer};
use keyward_schema::route53domains::{
    FilterCondition, ListDomains, ListDomainsAttributeName as Attribute, ListDomainsRequest, ListOperations,
    ListOperationsRequest, OperationType, Operator, SortCondition, SortOrder,
};

use super::*;
use crate::domain::Effect;
use crate::name::DomainName;
use crate::operation::{Operation as Asked, OperationId, Stage};
use crate::rows::{self, Place};

async fn three_domains() -> House {
    let house = house().await;
    for (domain, years) in [("b.org", 3), ("a.org", 1), ("abc.com", 2)] {
        let input = RegisterDomainRequest { duration_in_years: years, ..registration(domain) };
        house.ask::<route53domains::RegisterDomain>(input).await.unwrap();
        house.settle().await;
        house.clock.advance(Duration::from_secs(10));
    }
    house
}

async fn names(house: &House, input: ListDomainsRequest) -> Result<(Vec<String>, Option<String>), Fault> {
    let output = house.ask::<ListDomains>(input).await?;
    let domains = output.domains.unwrap();
    Ok((domains.into_iter().map(|domain| domain.domain_name.unwrap()).collect(), output.next_page_marker))
}

fn sorted(name: Attribute, sort_order: SortOrder) -> ListDomainsRequest {
    ListDomainsRequest { sort_condition: Some(SortCondition { name, sort_order }), ..Default::default() }
}

fn filtered(name: Attribute, operator: Operator, value: &str) -> ListDomainsRequest {
    let condition = FilterCondition { name, operator, values: vec![value.to_owned()] };
    ListDomainsRequest { filter_conditions: Some(vec![condition]), ..Default::default() }
}

#[tokio::test]
async fn domains_are_listed_in_the_order_asked_for() {
    let house = three_domains().await;
    let list = async |input| names(&house, input).await.unwrap().0;
    assert_eq!(list(ListDomainsRequest::default()).await, ["a.org", "abc.com", "b.org"]);
    assert_eq!(list(sorted(Attribute::DomainName, SortOrder::Desc)).await, ["b.org", "abc.com", "a.org"]);
    assert_eq!(list(sorted(Attribute::Expiry, SortOrder::Asc)).await, ["a.org", "abc.com", "b.org"]);
    assert_eq!(list(sorted(Attribute::Expiry, SortOrder::Desc)).await, ["b.org", "abc.com", "a.org"]);
    house.register("under-way.org").await;
    assert_eq!(list(ListDomainsRequest::default()).await.len(), 3, "a registration under way is not listed");
}

#[tokio::test]
async fn domains_are_filtered() {
    let house = three_domains().await;
    let list = async |input| names(&house, input).await.map(|(names, _)| names);
    assert_eq!(list(filtered(Attribute::DomainName, Operator::BeginsWith, "AB")).await.unwrap(), ["abc.com"]);
    let two_years = "1863072010";
    assert_eq!(
        list(filtered(Attribute::Expiry, Operator::Ge, two_years)).await.unwrap(),
        ["abc.com", "b.org"]
    );
    assert_eq!(
        list(filtered(Attribute::Expiry, Operator::Le, "2028-06-01T00:00:00Z")).await.unwrap(),
        ["a.org"]
    );
    for wrong in [
        filtered(Attribute::DomainName, Operator::Le, "a"),
        filtered(Attribute::Expiry, Operator::BeginsWith, "1"),
        filtered(Attribute::Expiry, Operator::Ge, "soon"),
    ] {
        assert_eq!(list(wrong).await.unwrap_err().code(), "InvalidInput");
    }
}

#[tokio::test]
async fn domains_come_in_pages() {
    let house = three_domains().await;
    let page = |marker| ListDomainsRequest { max_items: Some(2), marker, ..Default::default() };
    let (first, marker) = names(&house, page(None)).await.unwrap();
    assert_eq!(first, ["a.org", "abc.com"]);
    let (second, end) = names(&house, page(marker.clone())).await.unwrap();
    assert_eq!((second, end), (vec!["b.org".to_owned()], None));
    let other_order = ListDomainsRequest { marker, ..sorted(Attribute::DomainName, SortOrder::Desc) };
    assert_eq!(names(&house, other_order).await.unwrap_err().code(), "InvalidInput");
    assert_eq!(names(&house, page(Some("x".to_owned()))).await.unwrap_err().code(), "InvalidInput");
}

#[tokio::test]
async fn operations_are_listed_filtered_and_paged() {
    let house = three_domains().await;
    house.register("d.org").await;
    let list = async |input| {
        let output = house.ask::<ListOperations>(input).await.unwrap();
        let names = output.operations.unwrap().into_iter().map(|one| one.domain_name.unwrap());
        (names.collect::<Vec<_>>(), output.next_page_marker)
    };
    let all = ListOperationsRequest::default();
    assert_eq!(list(all.clone()).await.0, ["b.org", "a.org", "abc.com", "d.org"]);
    let newest =
        ListOperationsRequest { sort_order: Some(SortOrder::Desc), max_items: Some(1), ..all.clone() };
    let (page, marker) = list(newest.clone()).await;
    assert_eq!(page, ["d.org"]);
    assert_eq!(list(ListOperationsRequest { marker, ..newest }).await.0, ["abc.com"]);
    let open = ListOperationsRequest { status: Some(vec![OperationStatus::Submitted]), ..all.clone() };
    assert_eq!(list(open).await.0, ["d.org"]);
    let keys = ListOperationsRequest { r#type: Some(vec![OperationType::AddDnssec]), ..all.clone() };
    assert!(list(keys).await.0.is_empty());
    let since = Some(Timestamp::from_unix_seconds(1_800_000_015));
    assert_eq!(list(ListOperationsRequest { submitted_since: since, ..all }).await.0, ["abc.com", "d.org"]);
    let stranger = testing::root(other_account());
    let none = house.call::<ListOperations>(&stranger, ListOperationsRequest::default()).await.unwrap();
    assert_eq!(none.operations.unwrap(), []);
}

#[test]
fn rows_of_version_1_have_these_bytes() {
    let operation = Asked {
        id: OperationId::parse("aab822b7-0000-4000-8000-000000000000").unwrap(),
        account: account(),
        domain: DomainName::parse("a.b").unwrap(),
        effect: Effect::AddKey(DsRecord { tag: 300, algorithm: 13, digest_type: 2, digest: vec![9, 9] }),
        stage: Stage::Failed("no".to_owned()),
        submitted: Timestamp::from_unix_millis(1),
        updated: Timestamp::from_unix_millis(2),
    };
    let bytes = rows::encode(&operation).unwrap();
    let expected = [
        &[0, 36][..],
        b"aab822b7-0000-4000-8000-000000000000",
        b"\x0c111122223333",
        b"\x03a.b",
        &[2, 0xac, 2, 13, 2, 2, 9, 9],
        b"\x03\x02no",
        &[2, 4],
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(rows::decode::<Asked>(&bytes).unwrap(), operation);
    let place = Place::of(&operation);
    assert_eq!(place.last, "00000000000000000001-aab822b7-0000-4000-8000-000000000000");
    let server = NameServer { name: name("a.b"), glue: vec!["192.0.2.1".parse().unwrap()] };
    let delegation = Delegation { name_servers: vec![server], ds: vec![] };
    assert_eq!(rows::encode(&delegation).unwrap(), [0, 1, 5, 1, b'a', 1, b'b', 0, 1, 0, 192, 0, 2, 1, 0]);
}
