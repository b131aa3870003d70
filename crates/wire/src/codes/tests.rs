//! Tests of codes and statuses.

use keyward_schema::{OperationShape, cloudhsmv2, iam, kms, route53, route53domains, sts};

use super::*;

fn shown(protocol: Protocol, operation: &'static OperationFacts, fault: &Fault) -> (String, u16) {
    let dialect = Dialect { protocol, service: Some(operation.service), json_1_0: false };
    let error = WireError::of(&dialect, Some(operation), fault);
    (error.code.into_owned(), error.status)
}

fn caller(code: &'static str) -> Fault {
    Fault::caller(code, "m")
}

#[test]
fn authentication_errors_have_their_name_in_each_protocol() {
    // The table of the facts sheet: JSON name, XML name, XML status.
    let table = [
        ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
        ("IncompleteSignatureException", "IncompleteSignature", 400),
        ("UnrecognizedClientException", "InvalidClientTokenId", 403),
        ("ExpiredTokenException", "ExpiredToken", 403),
        ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
        ("AccessDeniedException", "AccessDenied", 403),
        ("ThrottlingException", "Throttling", 400),
    ];
    for (json, xml, status) in table {
        let fault = caller(json);
        assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &fault), (json.to_owned(), 400));
        assert_eq!(shown(Protocol::Cbor, route53domains::ListDomains::FACTS, &fault), (json.to_owned(), 400));
        assert_eq!(shown(Protocol::Query, sts::GetCallerIdentity::FACTS, &fault), (xml.to_owned(), status));
        assert_eq!(shown(Protocol::RestXml, route53::GetChange::FACTS, &fault), (xml.to_owned(), status));
    }
}

#[test]
fn a_services_own_errors_have_the_models_code_and_status() {
    let gone = caller(iam::errors::NO_SUCH_ENTITY);
    assert_eq!(shown(Protocol::Query, iam::GetUser::FACTS, &gone), ("NoSuchEntity".to_owned(), 404));
    let zone = caller(route53::errors::NO_SUCH_HOSTED_ZONE);
    assert_eq!(
        shown(Protocol::RestXml, route53::GetHostedZone::FACTS, &zone),
        ("NoSuchHostedZone".to_owned(), 404)
    );
    for internal in
        [Fault::dependency(kms::errors::KMS_INTERNAL_EXCEPTION, "m"), Fault::ours("the store failed")]
    {
        let expected = ("KMSInternalException".to_owned(), 500);
        assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &internal), expected);
    }
    let key = caller(kms::errors::NOT_FOUND_EXCEPTION);
    assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &key), ("NotFoundException".to_owned(), 400));
}

#[test]
fn a_listed_error_wins_over_a_common_one() {
    // Route 53's tag operations model ThrottlingException themselves.
    let throttled = caller("ThrottlingException");
    let tags = route53::ListTagsForResource::FACTS;
    assert_eq!(shown(Protocol::RestXml, tags, &throttled), ("ThrottlingException".to_owned(), 400));
    let zone = route53::GetHostedZone::FACTS;
    assert_eq!(shown(Protocol::RestXml, zone, &throttled), ("Throttling".to_owned(), 400));
}

#[test]
fn bad_input_has_each_protocols_name() {
    let invalid = caller("ValidationException");
    assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &invalid).0, "ValidationException");
    assert_eq!(shown(Protocol::Query, iam::GetUser::FACTS, &invalid).0, "ValidationError");
    assert_eq!(shown(Protocol::RestXml, route53::GetHostedZone::FACTS, &invalid).0, "InvalidInput");
    let unknown = caller("UnknownOperationException");
    assert_eq!(shown(Protocol::Query, iam::GetUser::FACTS, &unknown), ("InvalidAction".to_owned(), 400));
    assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &unknown).1, 400);
    assert_eq!(shown(Protocol::Cbor, route53domains::ListDomains::FACTS, &unknown).1, 404);
    assert_eq!(shown(Protocol::RestXml, route53::GetHostedZone::FACTS, &unknown).1, 404);
}

#[test]
fn what_nobody_models_is_judged_by_its_blame() {
    assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &caller("Odd")), ("Odd".to_owned(), 400));
    assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &Fault::dependency("Away", "m")).1, 503);
    assert_eq!(
        shown(Protocol::Query, iam::GetUser::FACTS, &Fault::ours("disk")),
        ("InternalFailure".to_owned(), 500)
    );
}

#[test]
fn an_operation_that_is_not_served_is_not_retried() {
    assert_eq!(shown(Protocol::Json, kms::Sign::FACTS, &caller("NotImplemented")).1, 501);
}

#[test]
fn cloudhsm_has_its_own_names_for_common_errors() {
    let operation = cloudhsmv2::DescribeClusters::FACTS;
    let table = [
        ("AccessDeniedException", "CloudHsmAccessDeniedException", 400),
        ("ValidationException", "CloudHsmInvalidRequestException", 400),
        ("InternalFailure", "CloudHsmInternalFailureException", 500),
        ("ServiceUnavailableException", "CloudHsmServiceException", 400),
        ("InvalidSignatureException", "InvalidSignatureException", 400),
    ];
    for (common, own, status) in table {
        for protocol in [Protocol::Json, Protocol::Cbor] {
            assert_eq!(shown(protocol, operation, &caller(common)), (own.to_owned(), status));
        }
    }
}

#[test]
fn a_name_of_a_services_own_is_listed_by_its_every_operation() {
    for (service, _, own) in OWN_NAMES {
        let facts =
            [&cloudhsmv2::FACTS, &kms::FACTS].into_iter().find(|facts| facts.name == *service).unwrap();
        for operation in facts.operations {
            assert!(operation.errors.contains(own), "{}", operation.name);
        }
    }
}
