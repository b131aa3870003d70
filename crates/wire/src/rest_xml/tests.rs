//! Tests of what REST-XML reads and refuses.

use keyward_schema::{FromValue, OperationShape, route53};

use crate::testing::{head, read};

const HOSTED_ZONE: &str = "/2013-04-01/hostedzone";

fn input<Op: OperationShape>(method: &str, uri: &str, body: &str) -> Op::Input {
    let (_, target, value) = read(&head(method, uri, &[]), body.as_bytes(), Some("route53")).unwrap();
    assert_eq!(target.operation.name, Op::NAME);
    Op::Input::from_value(value).unwrap()
}

fn refusal(method: &str, uri: &str, body: &str) -> String {
    let fault = read(&head(method, uri, &[]), body.as_bytes(), Some("route53")).map(drop).unwrap_err();
    fault.message().unwrap_or_default().to_owned()
}

#[test]
fn the_order_of_elements_does_not_matter() {
    let body = "<?xml version=\"1.0\"?><!-- c --><x:CreateHostedZoneRequest xmlns:x=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                <x:CallerReference>r</x:CallerReference>\n <x:Name>a&amp;&#98;<![CDATA[<c>]]></x:Name></x:CreateHostedZoneRequest>";
    let input = input::<route53::CreateHostedZone>("POST", HOSTED_ZONE, body);
    assert_eq!((input.name.as_str(), input.caller_reference.as_str()), ("a&b<c>", "r"));
}

#[test]
fn ids_may_come_with_their_kind() {
    for uri in [
        "/2013-04-01/hostedzone/Z1",
        "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1",
        "/2013-04-01/hostedzone//hostedzone/Z1",
    ] {
        assert_eq!(input::<route53::GetHostedZone>("GET", uri, "").id, "Z1", "{uri}");
    }
    let body = "<CreateKeySigningKeyRequest><CallerReference>r</CallerReference><HostedZoneId>/hostedzone/Z1</HostedZoneId>\
                <KeyManagementServiceArn>arn:aws:kms:us-east-1:123456789012:key/a</KeyManagementServiceArn><Name>ksk</Name>\
                <Status>ACTIVE</Status></CreateKeySigningKeyRequest>";
    let key = input::<route53::CreateKeySigningKey>("POST", "/2013-04-01/keysigningkey", body);
    assert_eq!(key.hosted_zone_id, "Z1");
    assert_eq!(key.key_management_service_arn, "arn:aws:kms:us-east-1:123456789012:key/a");
}

#[test]
fn parameters_of_the_query_string_are_decoded() {
    let uri = "/2013-04-01/hostedzone/Z1/rrset?name=%5C052.example.org&type=NS&maxitems=2&x=y";
    let input = input::<route53::ListResourceRecordSets>("GET", uri, "");
    assert_eq!(input.start_record_name.as_deref(), Some("\\052.example.org"));
    assert_eq!(input.start_record_type, Some(route53::RRType::Ns));
    assert_eq!(input.max_items.as_deref(), Some("2"));
}

#[test]
fn an_unknown_element_is_refused() {
    let body = "<CreateHostedZoneRequest><Name>a</Name><Egg/></CreateHostedZoneRequest>";
    let message = refusal("POST", HOSTED_ZONE, body);
    assert!(
        message.starts_with(
            "Invalid XML ; cvc-complex-type.2.4.a: Invalid content was found starting with element 'Egg'."
        ),
        "{message}"
    );
}

#[test]
fn an_unknown_item_of_a_list_is_refused() {
    let of = |item: &str| {
        format!(
            "<ListTagsForResourcesRequest><ResourceIds><{item}>Z1</{item}></ResourceIds></ListTagsForResourcesRequest>"
        )
    };
    let uri = "/2013-04-01/tags/hostedzone";
    assert!(refusal("POST", uri, &of("Egg")).contains("starting with element 'Egg'"));
    for name in ["ResourceId", "member"] {
        assert_eq!(input::<route53::ListTagsForResources>("POST", uri, &of(name)).resource_ids, ["Z1"]);
    }
}

#[test]
fn an_element_that_comes_twice_is_refused() {
    let body = "<CreateHostedZoneRequest><Name>a</Name><Name>b</Name></CreateHostedZoneRequest>";
    assert!(refusal("POST", HOSTED_ZONE, body).contains("starting with element 'Name'"));
}

#[test]
fn a_missing_element_is_named_as_route_53_names_it() {
    let body = "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet>\
                <Name>a</Name><Type>A</Type><AliasTarget><HostedZoneId>Z2</HostedZoneId><DNSName>b</DNSName></AliasTarget>\
                </ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>";
    assert_eq!(
        refusal("POST", "/2013-04-01/hostedzone/Z1/rrset", body),
        "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'AliasTarget' is not complete. One of \
         '{\"https://route53.amazonaws.com/doc/2013-04-01/\":EvaluateTargetHealth}' is expected."
    );
    assert!(
        refusal("POST", HOSTED_ZONE, "")
            .contains("The content of element 'CreateHostedZoneRequest' is not complete")
    );
}

#[test]
fn a_value_outside_its_enumeration_is_refused_as_route_53_does() {
    let body = "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>X</Action></Change></Changes>\
                </ChangeBatch></ChangeResourceRecordSetsRequest>";
    assert_eq!(
        refusal("POST", "/2013-04-01/hostedzone/Z1/rrset", body),
        "Invalid XML ; cvc-enumeration-valid: Value 'X' is not facet-valid with respect to enumeration \
         '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration."
    );
}

#[test]
fn plain_values_are_typed() {
    let of = |ttl: &str| {
        format!(
            "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet>\
             <Name>a</Name><Type>A</Type><TTL>{ttl}</TTL></ResourceRecordSet></Change></Changes></ChangeBatch>\
             </ChangeResourceRecordSetsRequest>"
        )
    };
    let uri = "/2013-04-01/hostedzone/Z1/rrset";
    let batch = input::<route53::ChangeResourceRecordSets>("POST", uri, &of(" 300 "));
    assert_eq!(batch.change_batch.changes[0].resource_record_set.ttl, Some(300));
    assert!(refusal("POST", uri, &of("5m")).contains("'5m' is not a valid value for 'integer'"));
    assert!(refusal("POST", uri, &of("<a/>")).contains("is a simple type"));
    assert!(refusal("POST", uri, &of("-1")).contains("Member must have value greater than or equal to 0"));
}

#[test]
fn another_root_is_refused() {
    assert!(refusal("POST", HOSTED_ZONE, "<Egg/>").contains("Cannot find the declaration of element 'Egg'"));
    for broken in
        ["<CreateHostedZoneRequest>", "<a></b>", "<a/><b/>", "x<a/>", "<a", "<?xml version=\"1.0\"?>"]
    {
        assert!(refusal("POST", HOSTED_ZONE, broken).starts_with("Invalid XML ;"), "{broken}");
    }
}

#[test]
fn a_body_where_none_belongs_is_not_read() {
    input::<route53::EnableHostedZoneDNSSEC>("POST", "/2013-04-01/hostedzone/Z1/enable-dnssec", "<junk");
}
