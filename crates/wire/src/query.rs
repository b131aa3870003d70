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
        form::read(target.operation.input, &form_of(head, body), "")
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

/// The `Version` of a Query request, perhaps empty; `None` when the request is none.
pub(crate) fn version(head: &Parts, body: &[u8]) -> Option<String> {
    let form = form_of(head, body);
    form.text("Action")?;
    Some(form.text("Version").unwrap_or_default().to_owned())
}

/// The `Action` of a Query request.
pub(crate) fn action(head: &Parts, body: &[u8]) -> String {
    form_of(head, body).text("Action").unwrap_or_default().to_owned()
}

/// AWS's answer to an action that it does not have.
pub(crate) fn unknown_action(action: &str, version: &str) -> Fault {
    Fault::caller(
        "UnknownOperationException",
        format!("Could not find operation {action} for version {version}"),
    )
}

/// The parameters: of the body for a POST that has a form, else of the query string.
fn form_of(head: &Parts, body: &[u8]) -> Form {
    let content_type = crate::dialect::header(head, "content-type").unwrap_or_default();
    let is_form = content_type.is_empty() || content_type.starts_with("application/x-www-form-urlencoded");
    if head.method == Method::POST && is_form && !body.is_empty() {
        Form::parse(body)
    } else {
        Form::parse(head.uri.query().unwrap_or_default().as_bytes())
    }
}
