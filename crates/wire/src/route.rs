//! Which operation a request asks for. One that AWS has and Keyward has not is told from one that
//! nobody has.

use http::Method;
use http::request::Parts;
use keyward_base::Fault;
use keyward_schema::{OperationFacts, Protocol, ServiceFacts};

use crate::dialect::header;
use crate::{Dialect, path, query};

/// The operation that a request asks for.
#[derive(Debug)]
pub struct Target {
    /// The operation.
    pub operation: &'static OperationFacts,
    /// The labels of the path, by wire name; empty but for REST-XML.
    pub(crate) labels: Vec<(&'static str, String)>,
}

/// Finds the operation.
///
/// # Errors
/// `UnknownOperationException` when there is no such operation (each protocol shows its own name for
/// it), `NotImplemented` when AWS has it and Keyward does not serve it.
pub fn route(dialect: &Dialect, head: &Parts, body: &[u8]) -> Result<Target, Fault> {
    match dialect.protocol {
        Protocol::RestXml => by_path(dialect, head),
        Protocol::Json => {
            let target = header(head, "x-amz-target").unwrap_or_default();
            let name = target.rsplit_once('.').map_or(target, |(_, name)| name);
            by_name(
                dialect,
                post_only(head, name),
                Fault::caller_without_message("UnknownOperationException"),
            )
        }
        Protocol::Cbor => {
            let name = path::rpc(head.uri.path()).map_or("", |(_, name)| name);
            by_name(
                dialect,
                post_only(head, name),
                Fault::caller_without_message("UnknownOperationException"),
            )
        }
        Protocol::Query => {
            let (action, version) = query::action_and_version(head, body).unwrap_or_default();
            let unknown = query::unknown_action(&action, &version);
            let versions_agree =
                dialect.service.is_some_and(|service| version.is_empty() || version == service.api_version);
            by_name(dialect, if versions_agree { &action } else { "" }, unknown)
        }
    }
}

/// The name of an operation that is only asked for by POST; empty for another method.
fn post_only<'a>(head: &Parts, name: &'a str) -> &'a str {
    if head.method == Method::POST { name } else { "" }
}

fn by_name(dialect: &Dialect, name: &str, unknown: Fault) -> Result<Target, Fault> {
    let Some(service) = dialect.service.filter(|service| service.speaks(dialect.protocol)) else {
        return Err(unknown);
    };
    if let Some(operation) = service.operation(name) {
        return Ok(Target { operation, labels: Vec::new() });
    }
    Err(if service.unserved(name).is_some() { not_implemented(service, name) } else { unknown })
}

fn by_path(dialect: &Dialect, head: &Parts) -> Result<Target, Fault> {
    let (method, path) = (head.method.as_str(), head.uri.path());
    let unknown =
        || Fault::caller("UnknownOperationException", format!("There is no operation {method} {path}"));
    let service = dialect.service.ok_or_else(unknown)?;
    let fitting = service.operations.iter().filter(|operation| operation.method == method);
    let fitting = fitting.filter_map(|operation| Some((*operation, path::labels(operation.uri, path)?)));
    // `/tags/{ResourceType}` and the like: of two that fit, the one with fewer labels is meant.
    if let Some((operation, labels)) = fitting.min_by_key(|(_, labels)| labels.len()) {
        return Ok(Target { operation, labels });
    }
    let unserved = service
        .unserved
        .iter()
        .find(|operation| operation.method == method && path::labels(operation.uri, path).is_some());
    Err(unserved.map_or_else(unknown, |operation| not_implemented(service, operation.name)))
}

fn not_implemented(service: &ServiceFacts, name: &str) -> Fault {
    let service = service.name;
    Fault::caller(
        "NotImplemented",
        format!("{service}:{name} is an operation of AWS that Keyward does not serve yet."),
    )
}

#[cfg(test)]
mod tests;
