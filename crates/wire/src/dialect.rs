//! How a request's sender speaks: protocol and service, known even when the operation is not.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use keyward_schema::{Protocol, ServiceFacts};

use crate::{path, query};

/// The protocol of a request and, where it shows, the service. Every answer, errors too, follows it.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The protocol.
    pub protocol: Protocol,
    /// The service that the request names; where it names none, the one in the credential scope.
    pub service: Option<&'static ServiceFacts>,
    /// Whether the sender speaks AWS JSON 1.0 rather than 1.1.
    pub(crate) json_1_0: bool,
}

impl Dialect {
    /// The dialect of a request. `scope_service` is the service in its credential scope; an unsigned
    /// request has none.
    pub fn of(head: &Parts, body: &[u8], scope_service: Option<&str>) -> Self {
        let (protocol, named) = spoken(head, body);
        let scope = scope_service.and_then(signed_for);
        let service = named.or_else(|| scope.filter(|service| service.speaks(protocol)));
        Self { protocol, service, json_1_0: content_type(head).starts_with("application/x-amz-json-1.0") }
    }
}

/// The service whose signing name stands in the credential scope.
fn signed_for(name: &str) -> Option<&'static ServiceFacts> {
    keyward_schema::services().iter().find(|service| service.signing_name == name).copied()
}

fn spoken(head: &Parts, body: &[u8]) -> (Protocol, Option<&'static ServiceFacts>) {
    if let Some((prefix, _)) = path::rpc(head.uri.path()) {
        return (Protocol::Cbor, with_target_prefix(prefix));
    }
    if let Some(target) = header(head, "x-amz-target") {
        let prefix = target.rsplit_once('.').map_or("", |(prefix, _)| prefix);
        return (Protocol::Json, with_target_prefix(prefix));
    }
    let version = path::segments(head.uri.path()).next().unwrap_or_default();
    if let Some(service) = with_version(Protocol::RestXml, version) {
        return (Protocol::RestXml, Some(service));
    }
    if let Some((_, version)) = query::action_and_version(head, body) {
        return (Protocol::Query, with_version(Protocol::Query, &version));
    }
    let protocol = match content_type(head) {
        text if text.starts_with("application/x-amz-json") => Protocol::Json,
        text if text.starts_with("application/cbor") => Protocol::Cbor,
        _ => Protocol::RestXml,
    };
    (protocol, None)
}

/// The service whose target prefix, or its last part, is `prefix`.
pub(crate) fn with_target_prefix(prefix: &str) -> Option<&'static ServiceFacts> {
    let last = prefix.rsplit('.').next().unwrap_or(prefix);
    keyward_schema::services()
        .iter()
        .find(|service| service.target_prefix.is_some_and(|target| target == prefix || target == last))
        .copied()
}

fn with_version(protocol: Protocol, version: &str) -> Option<&'static ServiceFacts> {
    keyward_schema::services()
        .iter()
        .find(|service| service.speaks(protocol) && service.api_version == version)
        .copied()
}

/// A header's text; `None` where it is absent or no text.
pub(crate) fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

fn content_type(head: &Parts) -> &str {
    head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
