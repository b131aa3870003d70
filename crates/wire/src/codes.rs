//! Which code and status a fault has in each protocol.
//!
//! A fault carries the code of the service's model, or one of the common codes below under its JSON
//! name. Sources: the models for a service's own errors; the common errors pages of the API references.

use std::borrow::Cow;

use keyward_base::{Blame, Fault};
use keyward_schema::{OperationFacts, Protocol};

use crate::Dialect;

/// A fault as one protocol shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WireError<'a> {
    /// The code.
    pub(crate) code: Cow<'a, str>,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The text; `None` where AWS sends none.
    pub(crate) message: Option<&'a str>,
}

/// A code that every service has, under its name in each protocol.
struct Common {
    /// The code that faults carry.
    key: &'static str,
    /// JSON and CBOR.
    json: (&'static str, u16),
    /// Query.
    query: (&'static str, u16),
    /// REST-XML.
    rest: (&'static str, u16),
    /// The text that Query and REST-XML have instead of the fault's.
    xml_message: Option<&'static str>,
}

const fn common(
    key: &'static str,
    json: (&'static str, u16),
    query: (&'static str, u16),
    rest: (&'static str, u16),
) -> Common {
    Common { key, json, query, rest, xml_message: None }
}

/// A code with one name in JSON and another in both XML protocols.
const fn auth(key: &'static str, json: (&'static str, u16), xml: (&'static str, u16)) -> Common {
    common(key, json, xml, xml)
}

/// A code that is the same everywhere.
const fn same(key: &'static str, status: u16) -> Common {
    common(key, (key, status), (key, status), (key, status))
}

const COMMON: &[Common] = &[
    Common {
        xml_message: Some("Request is missing Authentication Token"),
        ..auth(
            "MissingAuthenticationTokenException",
            ("MissingAuthenticationTokenException", 400),
            ("MissingAuthenticationToken", 403),
        )
    },
    auth("IncompleteSignatureException", ("IncompleteSignatureException", 400), ("IncompleteSignature", 400)),
    Common {
        xml_message: Some("The security token included in the request is invalid"),
        ..auth(
            "UnrecognizedClientException",
            ("UnrecognizedClientException", 400),
            ("InvalidClientTokenId", 403),
        )
    },
    auth("ExpiredTokenException", ("ExpiredTokenException", 400), ("ExpiredToken", 403)),
    auth("InvalidSignatureException", ("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403)),
    auth("RequestExpired", ("InvalidSignatureException", 400), ("RequestExpired", 400)),
    auth("OptInRequired", ("OptInRequired", 400), ("OptInRequired", 403)),
    auth("AccessDeniedException", ("AccessDeniedException", 400), ("AccessDenied", 403)),
    auth("ThrottlingException", ("ThrottlingException", 400), ("Throttling", 400)),
    common(
        "ValidationException",
        ("ValidationException", 400),
        ("ValidationError", 400),
        ("InvalidInput", 400),
    ),
    common(
        "SerializationException",
        ("SerializationException", 400),
        ("MalformedInput", 400),
        ("InvalidInput", 400),
    ),
    common(
        "UnknownOperationException",
        ("UnknownOperationException", 400),
        ("InvalidAction", 400),
        ("UnknownOperationException", 404),
    ),
    // 501 is a status that no SDK retries.
    same("NotImplemented", 501),
    same("RequestEntityTooLarge", 413),
    same("UnsupportedMediaTypeException", 415),
    same("InternalFailure", 500),
    auth("ServiceUnavailableException", ("ServiceUnavailableException", 503), ("ServiceUnavailable", 503)),
];

/// What a service calls a common error, where its model has a name of its own for it and every operation lists
/// that name (CloudHSM and KMS API references, "Errors" of any operation).
const OWN_NAMES: &[(&str, &str, &str)] = &[
    ("cloudhsmv2", "AccessDeniedException", "CloudHsmAccessDeniedException"),
    ("cloudhsmv2", "ValidationException", "CloudHsmInvalidRequestException"),
    ("cloudhsmv2", "InternalFailure", "CloudHsmInternalFailureException"),
    ("cloudhsmv2", "ServiceUnavailableException", "CloudHsmServiceException"),
    ("kms", "InternalFailure", "KMSInternalException"),
];

impl<'a> WireError<'a> {
    /// `fault` as `dialect` shows it. An error that the operation's model lists wins over a common one,
    /// a common one over the rest of the service's model.
    pub(crate) fn of(dialect: &Dialect, operation: Option<&OperationFacts>, fault: &'a Fault) -> Self {
        if let Some(own) = dialect.service.and_then(|service| own_name(service.name, fault.code())) {
            let status =
                dialect.service.and_then(|service| service.error(own)).map_or(400, |facts| facts.status);
            return Self { code: Cow::Borrowed(own), status, message: fault.message() };
        }
        let listed = operation.is_some_and(|operation| operation.errors.contains(&fault.code()));
        let common = COMMON.iter().find(|common| common.key == fault.code());
        match common {
            Some(common) if !listed => Self::common(dialect, common, fault),
            _ => Self::modelled(dialect, fault),
        }
    }

    fn common(dialect: &Dialect, common: &'static Common, fault: &'a Fault) -> Self {
        let (code, status) = match dialect.protocol {
            // A route that RPC v2 does not know is a 404.
            Protocol::Cbor if common.key == "UnknownOperationException" => (common.json.0, 404),
            Protocol::Json | Protocol::Cbor => common.json,
            Protocol::Query => common.query,
            Protocol::RestXml => common.rest,
        };
        let replaced = common.xml_message.filter(|_| is_xml(dialect.protocol));
        Self { code: Cow::Borrowed(code), status, message: replaced.or(fault.message()) }
    }

    fn modelled(dialect: &Dialect, fault: &'a Fault) -> Self {
        let facts = dialect.service.and_then(|service| service.error(fault.code()));
        let Some(facts) = facts else {
            let status = match fault.blame() {
                Blame::Caller => 400,
                Blame::Dependency => 503,
                Blame::Ours => 500,
            };
            return Self { code: Cow::Borrowed(fault.code()), status, message: fault.message() };
        };
        let code = if is_xml(dialect.protocol) { facts.code } else { facts.shape };
        Self { code: Cow::Borrowed(code), status: facts.status, message: fault.message() }
    }
}

/// The name that a service has for a common code.
fn own_name(service: &str, code: &str) -> Option<&'static str> {
    let names = OWN_NAMES.iter().find(|(named, common, _)| *named == service && *common == code);
    names.map(|(_, _, own)| *own)
}

fn is_xml(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Query | Protocol::RestXml)
}

#[cfg(test)]
mod tests;
