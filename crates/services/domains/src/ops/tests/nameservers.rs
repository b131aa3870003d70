//! A domain goes to other name servers, with glue where they lie in the domain.

use keyward_schema::route53domains::{
    OperationType, UpdateDomainNameservers, UpdateDomainNameserversRequest,
};

use super::*;

async fn update(house: &House, domain: &str, servers: Vec<Nameserver>) -> Result<String, Fault> {
    let input = UpdateDomainNameserversRequest {
        domain_name: domain.to_owned(),
        fi_auth_key: None,
        nameservers: servers,
    };
    Ok(house.ask::<UpdateDomainNameservers>(input).await?.operation_id.unwrap())
}

#[tokio::test]
async fn the_zone_delegates_to_the_new_servers() {
    let house = house().await;
    house.registered("example.org").await;
    let servers =
        vec![server("ns1.example.org", &["192.0.2.1", "2001:db8::1"]), server("ns.example.net", &[])];
    let operation = update(&house, "example.org", servers.clone()).await.unwrap();
    house.settle().await;
    let detail = house.operation(&operation).await;
    assert_eq!(detail.r#type, Some(OperationType::UpdateNameserver));
    let shown = house.detail("example.org").await.unwrap().nameservers.unwrap();
    assert_eq!(shown[0], servers[0]);
    assert_eq!((shown[1].name.as_str(), shown[1].glue_ips.as_deref()), ("ns.example.net", Some(&[][..])));
    assert_eq!(house.records("org", "ns1.example.org", Rtype::A).await, ["192.0.2.1"]);
    assert_eq!(house.records("org", "example.org", Rtype::NS).await, ["ns.example.net.", "ns1.example.org."]);
    update(&house, "example.org", vec![server("ns.example.net", &[])]).await.unwrap();
    house.settle().await;
    assert!(house.records("org", "ns1.example.org", Rtype::A).await.is_empty());
}

#[tokio::test]
async fn servers_that_could_not_be_reached_are_refused() {
    let house = house().await;
    house.registered("example.org").await;
    let before = house.detail("example.org").await.unwrap();
    for wrong in [
        vec![],
        vec![server("ns1.example.org", &[])],
        vec![server("ns.example.net", &["192.0.2.1"])],
        vec![server("ns1.example.org", &["no address"])],
    ] {
        assert_eq!(update(&house, "example.org", wrong).await.unwrap_err().code(), "InvalidInput");
    }
    let error = update(&house, "example.com", vec![server("ns.example.net", &[])]).await.unwrap_err();
    assert_eq!(error.code(), "InvalidInput");
    assert_eq!(house.detail("example.org").await.unwrap(), before);
}
