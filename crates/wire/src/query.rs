//! The Query protocol: a form goes in, XML comes out. Source: the Smithy specification of awsQuery.

mod form;

use http::Method;
use http::request::Parts;
use keyward_base::{Fault, RequestId};
use keyward_schema::{OperationFacts, Value};

use crate::codec::{Codec, Misfit};
use crate::codes::WireError;
use crate::json::ERROR_TYPE;
use crate::reply::Reply;
use crate::xml::{self, Style, Writer};
use crate::{Dialect, Target};

use form::Form;
pub(crate) use form::scalar;

/// The codec.
pub(crate) struct AwsQuery;

impl Codec for AwsQuery {
    fn read(&self, target: &Target, head: &Parts, body: &[u8]) -> Result<Value, Fault> {
        form::read(target.operation.input, &Form::parse(encoded(head, body)), "")
    }

    fn write(
        &self,
        _dialect: &Dialect,
        operation: &OperationFacts,
        output: &Value,
        id: &RequestId,
    ) -> Result<Reply, Misfit> {
        let mut writer = Writer::new(Style::Seconds);
        let root = format!("{}Response", operation.name);
        writer.open(&root, operation.service.xml_namespace);
        if let Some(shape) = operation.output {
            let result =
                operation.result_wrapper.map_or_else(|| format!("{}Result", operation.name), str::to_owned);
            writer.structure(&result, None, shape, output)?;
        }
        writer.open("ResponseMetadata", None);
        writer.text("RequestId", id.as_str());
        writer.close("ResponseMetadata");
        writer.close(&root);
        Ok(Reply::new(operation.status, xml::CONTENT_TYPE, writer.finish()))
    }

    fn write_fault(&self, dialect: &Dialect, error: &WireError<'_>, id: &RequestId) -> Reply {
        fault_reply(dialect, error, id)
    }
}

/// The `ErrorResponse` of Query and REST-XML.
pub(crate) fn fault_reply(dialect: &Dialect, error: &WireError<'_>, id: &RequestId) -> Reply {
    let mut writer = Writer::new(Style::Seconds);
    writer.open("ErrorResponse", dialect.service.and_then(|service| service.xml_namespace));
    writer.open("Error", None);
    writer.text("Type", if error.status < 500 { "Sender" } else { "Receiver" });
    writer.text("Code", &error.code);
    writer.text("Message", error.message.unwrap_or_default());
    writer.close("Error");
    writer.text("RequestId", id.as_str());
    writer.close("ErrorResponse");
    let mut reply = Reply::new(error.status, xml::CONTENT_TYPE, writer.finish());
    reply.headers.push((ERROR_TYPE, error.code.clone().into_owned()));
    reply
}

/// The `Action` and `Version` of a Query request, the latter perhaps empty; `None` when the request has
/// no action and so is none.
pub(crate) fn action_and_version(head: &Parts, body: &[u8]) -> Option<(String, String)> {
    let form = encoded(head, body);
    Some((form::first(form, "Action")?, form::first(form, "Version").unwrap_or_default()))
}

/// AWS's answer to an action that it does not have.
pub(crate) fn unknown_action(action: &str, version: &str) -> Fault {
    Fault::caller(
        "UnknownOperationException",
        format!("Could not find operation {action} for version {version}"),
    )
}

/// The form: the body of a POST that has one, else the query string.
fn encoded<'a>(head: &'a Parts, body: &'a [u8]) -> &'a [u8] {
    let content_type = crate::dialect::header(head, "content-type").unwrap_or_default();
    let is_form = content_type.is_empty() || content_type.starts_with("application/x-www-form-urlencoded");
    if head.method == Method::POST && is_form && !body.is_empty() {
        body
    } else {
        head.uri.query().unwrap_or_default().as_bytes()
    }
}
