//! REST-XML: labels in the path, parameters in the query string, an XML body. Source: the Smithy
//! specification of restXml; error texts as Route 53 shows them.
//!
//! Lenient on the order of elements, strict on their content: an element that the model does not have,
//! a missing or a wrong one is refused. Ids may come with their kind before them (`/hostedzone/Z1`).

mod body;

use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use keyward_base::{Fault, RequestId};
use keyward_schema::{Kind, Location, MemberFacts, OperationFacts, ShapeFacts, Value};

use crate::codec::{Codec, Misfit};
use crate::codes::WireError;
use crate::reply::Reply;
use crate::xml::{self, Style, Writer};
use crate::{Dialect, Target, path, query};

/// The codec.
pub(crate) struct RestXml;

impl Codec for RestXml {
    fn read(&self, target: &Target, head: &Parts, body: &[u8]) -> Result<Value, Fault> {
        let operation = target.operation;
        let mut body = body::read(operation, body)?;
        for (member, slot) in operation.input.members().iter().zip(&mut body) {
            let text = match member.location {
                Location::Body => continue,
                Location::Uri => label(target, member.wire_name),
                Location::Query => parameter(head.uri.query().unwrap_or_default(), member.wire_name),
                Location::Header => header(&head.headers, member.wire_name),
            };
            *slot = text.map(|text| outside(member, &text)).transpose()?;
        }
        Ok(Value::Structure(body))
    }

    fn write(
        &self,
        _dialect: &Dialect,
        operation: &OperationFacts,
        output: &Value,
        _id: &RequestId,
    ) -> Result<Reply, Misfit> {
        let Some(shape) = operation.output else { return Ok(Reply::empty()) };
        let mut writer = Writer::new(Style::Millis);
        let root = format!("{}Response", operation.name);
        writer.structure(&root, operation.service.xml_namespace, shape, output)?;
        let mut reply = Reply::new(operation.status, xml::CONTENT_TYPE, writer.finish());
        reply.headers = headers(shape, output)?;
        Ok(reply)
    }

    fn write_fault(&self, dialect: &Dialect, error: &WireError<'_>, id: &RequestId) -> Reply {
        query::fault_reply(dialect, error, id)
    }
}

/// The text of a label; the template has it under the member's wire name.
fn label(target: &Target, name: &str) -> Option<String> {
    target.labels.iter().find(|(label, _)| *label == name).map(|(_, text)| text.clone())
}

/// The text of a parameter in the query string.
fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
        (path::decode(key)? == name).then(|| path::decode(&text.replace('+', " "))).flatten()
    })
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// A member that is not in the body.
fn outside(member: &MemberFacts, text: &str) -> Result<Value, Fault> {
    query::scalar(member.shape, without_kind(member.shape, text))
}

/// `/hostedzone/Z1` → `Z1`, for the shapes whose values Route 53 shows with their kind before them.
fn without_kind<'a>(shape: &ShapeFacts, text: &'a str) -> &'a str {
    match shape.name {
        "ResourceId" | "ChangeId" | "DelegationSetId" | "TagResourceId" => {
            text.rsplit_once('/').map_or(text, |(_, id)| id)
        }
        _ => text,
    }
}

/// The members of an output that go in headers.
fn headers(shape: &'static ShapeFacts, output: &Value) -> Result<Vec<(HeaderName, String)>, Misfit> {
    let (Kind::Structure { members }, Value::Structure(slots)) = (&shape.kind, output) else {
        return Err(Misfit(shape.name));
    };
    let found = members.iter().zip(slots).filter(|(member, _)| member.location == Location::Header);
    let found = found.filter_map(|(member, slot)| Some((member, slot.as_ref()?)));
    found
        .map(|(member, value)| {
            let name = HeaderName::from_bytes(member.wire_name.as_bytes()).unwrap_or(LOCATION);
            let text = xml::scalar(member.shape, value, Style::Millis).ok_or(Misfit(member.shape.name))?;
            Ok((name, text.into_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests;
