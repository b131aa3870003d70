//! One codec a protocol behind one trait, and the functions that pick it.

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use keyward_base::{Fault, RequestId};
use keyward_schema::{OperationFacts, Protocol, Value, constraints};

use crate::codes::WireError;
use crate::reply::Reply;
use crate::{BODY_BYTES_MAX, Dialect, Target, cbor, json, query, rest_xml};

/// What a protocol is to the rest of the house.
pub(crate) trait Codec: Sync {
    /// The input of a request.
    fn read(&self, target: &Target, head: &Parts, body: &[u8]) -> Result<Value, Fault>;

    /// The answer of a success.
    fn write(
        &self,
        dialect: &Dialect,
        operation: &OperationFacts,
        output: &Value,
        id: &RequestId,
    ) -> Result<Reply, Misfit>;

    /// The answer of a failure.
    fn write_fault(&self, dialect: &Dialect, error: &WireError<'_>, id: &RequestId) -> Reply;
}

/// A value that is not of the shape that it is written by: a defect of ours. Holds the shape's name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit(pub(crate) &'static str);

pub(crate) fn codec(protocol: Protocol) -> &'static dyn Codec {
    match protocol {
        Protocol::Json => &json::AwsJson,
        Protocol::Query => &query::AwsQuery,
        Protocol::RestXml => &rest_xml::RestXml,
        Protocol::Cbor => &cbor::RpcCbor,
    }
}

/// Reads a request's input and checks it against the model.
///
/// # Errors
/// `SerializationException` when the bytes are no input of the operation, `ValidationException` with
/// AWS's text when it breaks the model's constraints. Each protocol shows its own names for them.
pub fn decode(dialect: &Dialect, target: &Target, head: &Parts, body: &[u8]) -> Result<Value, Fault> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Fault::caller("RequestEntityTooLarge", "The request's body is too large."));
    }
    let value = codec(dialect.protocol).read(target, head, body)?;
    let violations = constraints::check(target.operation.input, &value);
    if violations.is_empty() {
        Ok(value)
    } else {
        Err(Fault::caller("ValidationException", constraints::message(&violations)))
    }
}

/// Writes the answer of a success.
///
/// # Errors
/// A fault of ours when `output` is not of the operation's output shape.
pub fn encode(
    dialect: &Dialect,
    operation: &'static OperationFacts,
    output: &Value,
    id: &RequestId,
) -> Result<Response<Bytes>, Fault> {
    let reply = codec(dialect.protocol).write(dialect, operation, output, id);
    let reply = reply.map_err(|Misfit(shape)| {
        Fault::ours(format!("{}: the output does not fit the shape {shape}", operation.name))
    })?;
    Ok(reply.into_response(id))
}

/// Writes the answer of a failure: the code and status that the protocol and the service have for it.
/// `operation` is the one that was asked for, where that is known.
pub fn encode_fault(
    dialect: &Dialect,
    operation: Option<&'static OperationFacts>,
    fault: &Fault,
    id: &RequestId,
) -> Response<Bytes> {
    let error = WireError::of(dialect, operation, fault);
    codec(dialect.protocol).write_fault(dialect, &error, id).into_response(id)
}

#[cfg(test)]
mod tests;
