//! Tests of the generated types and tables.

use std::collections::BTreeMap;

use crate::{
    FromValue, IntoValue, OperationShape, Sensitive, Unit, Value, iam, kms, route53, route53domains, sts,
};

#[path = "../build/names.rs"]
mod names;

#[test]
fn names_are_rusts_own() {
    let fields = [
        ("AWSAccountId", "aws_account_id"),
        ("VPCs", "vpcs"),
        ("VPCRegion", "vpc_region"),
        ("DNSName", "dns_name"),
        ("KeyIds", "key_ids"),
        ("Type", "r#type"),
        ("arn", "arn"),
        ("BIRTH_DATE", "birth_date"),
    ];
    for (name, field) in fields {
        assert_eq!(names::field(name), field);
    }
    let variants = [
        ("ECC_NIST_P256", "EccNistP256"),
        ("us-east-1", "UsEast1"),
        ("PendingDeletion", "PendingDeletion"),
        ("SELF", "SelfOwned"),
        ("2FA", "V2fa"),
    ];
    for (value, variant) in variants {
        assert_eq!(names::variant(value), variant);
    }
    assert_eq!(names::constant("NoSuchEntity"), "NO_SUCH_ENTITY");
    assert_eq!(names::constant("KMSInternalException"), "KMS_INTERNAL_EXCEPTION");
    assert_eq!(names::type_name("statusType"), "StatusType");
}

#[test]
fn a_structure_survives_the_way_through_a_value() {
    let request = kms::CreateKeyRequest {
        description: Some("d".to_owned()),
        key_spec: Some(kms::KeySpec::EccNistP256),
        key_usage: Some(kms::KeyUsageType::SignVerify),
        tags: Some(vec![kms::Tag { tag_key: "a".to_owned(), tag_value: "b".to_owned() }]),
        ..Default::default()
    };
    assert_eq!(kms::CreateKeyRequest::from_value(request.clone().into_value()).unwrap(), request);
}

#[test]
fn maps_are_ordered_by_key() {
    let context = BTreeMap::from([("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())]);
    let Value::Map(entries) = context.into_value() else { panic!("not a map") };
    assert_eq!(entries[0].0, "a");
}

#[test]
fn a_missing_required_member_is_refused() {
    let members = kms::Sign::FACTS.input.members().len();
    assert!(kms::SignRequest::from_value(Value::Structure(vec![None; members])).is_err());
    assert!(kms::SignRequest::from_value(Value::Boolean(true)).is_err());
}

#[test]
fn an_unknown_enum_value_is_refused() {
    assert!(kms::KeySpec::from_value(Value::String("RSA_1".to_owned())).is_err());
    assert_eq!("us-east-1".parse(), Ok(route53::VPCRegion::UsEast1));
    assert_eq!(route53::RRType::Aaaa.to_string(), "AAAA");
    assert_eq!(kms::KeySpec::ALL.len(), 20);
    assert_eq!(serde_json::to_string(&kms::KeyState::PendingDeletion).unwrap(), "\"PendingDeletion\"");
    assert_eq!(serde_json::from_str::<kms::KeyState>("\"Enabled\"").unwrap(), kms::KeyState::Enabled);
}

#[test]
fn sensitive_content_does_not_show() {
    let request = kms::EncryptRequest {
        key_id: "k".to_owned(),
        plaintext: Sensitive::new(b"secret".to_vec()),
        encryption_context: None,
        grant_tokens: None,
        encryption_algorithm: None,
        dry_run: None,
    };
    let shown = format!("{request:?}");
    assert!(shown.contains("\"k\"") && shown.contains("***") && !shown.contains("115"), "{shown}");
    let contact =
        route53domains::ContactDetail { city: Some("Paris".to_owned().into()), ..Default::default() };
    assert_eq!(format!("{contact:?}"), "ContactDetail(***)");
    assert_eq!(contact.clone(), contact);
}

#[test]
fn markers_carry_the_facts() {
    assert_eq!(<kms::CreateKey as OperationShape>::FACTS.name, "CreateKey");
    assert_eq!(kms::CreateAlias::FACTS.output.map(|output| output.name), None);
    let _: <kms::CreateAlias as OperationShape>::Output = Unit;
    let create = route53::CreateHostedZone::FACTS;
    assert_eq!((create.method, create.uri, create.status), ("POST", "/2013-04-01/hostedzone", 201));
    assert_eq!(create.input_root, Some("CreateHostedZoneRequest"));
    assert_eq!(create.service.xml_namespace, Some("https://route53.amazonaws.com/doc/2013-04-01/"));
    assert_eq!(sts::GetCallerIdentity::FACTS.result_wrapper, Some("GetCallerIdentityResult"));
}

#[test]
fn members_keep_the_models_order_and_names() {
    let members = kms::Sign::FACTS.input.members();
    assert_eq!(members[0].name, "KeyId");
    assert!(members[0].required && !members[2].required);
    let location = route53::CreateHostedZone::FACTS.output.unwrap().members().last().unwrap();
    assert_eq!((location.wire_name, location.location), ("Location", crate::Location::Header));
    let maxitems = route53::ListHostedZones::FACTS.input.members()[1].wire_name;
    assert_eq!(maxitems, "maxitems");
}

#[test]
fn errors_have_code_and_status() {
    let no_such_entity = iam::FACTS.error("NoSuchEntity").unwrap();
    assert_eq!((no_such_entity.shape, no_such_entity.status), ("NoSuchEntityException", 404));
    assert_eq!(kms::FACTS.error(kms::errors::KMS_INTERNAL_EXCEPTION).unwrap().status, 500);
    assert_eq!(route53::FACTS.error("NoSuchHostedZone").unwrap().status, 404);
    assert_eq!(route53::FACTS.error("KeySigningKeyInUse").unwrap().status, 400);
}

#[test]
fn unserved_operations_are_known_by_name() {
    assert_eq!(route53::FACTS.unserved("GetCheckerIpRanges").unwrap().method, "GET");
    assert!(route53::FACTS.operation("GetCheckerIpRanges").is_none());
    assert!(route53::FACTS.unserved("FryEgg").is_none());
}
