//! AWS JSON 1.0 and 1.1. Source: the Smithy specification of awsJson1_0 and awsJson1_1.
//!
//! Unknown members and nulls are skipped. A wrong type is a `SerializationException` in the words of
//! AWS's own reader. The tokenizer is serde_json, which bounds the depth.

mod write;

use http::request::Parts;
use keyward_base::{Fault, RequestId, Timestamp};
use keyward_schema::{Kind, OperationFacts, ShapeFacts, Value};
use serde_json::{Map, Number, Value as Json};

use crate::codec::{Codec, Misfit};
use crate::codes::WireError;
use crate::reply::Reply;
use crate::{Dialect, Target, base64, malformed};

pub(crate) use write::Written;

/// The header that names an error beside the body.
pub(crate) const ERROR_TYPE: http::HeaderName = http::HeaderName::from_static("x-amzn-errortype");

/// The codec.
pub(crate) struct AwsJson;

impl Codec for AwsJson {
    fn read(&self, target: &Target, _head: &Parts, body: &[u8]) -> Result<Value, Fault> {
        read(target.operation.input, body)
    }

    fn write(
        &self,
        dialect: &Dialect,
        operation: &OperationFacts,
        output: &Value,
        _id: &RequestId,
    ) -> Result<Reply, Misfit> {
        // Without an output shape AWS sends an empty body, with an empty one `{}`.
        let body = operation.output.map(|shape| write(shape, output)).transpose()?;
        Ok(Reply::new(operation.status, content_type(dialect), body.unwrap_or_default()))
    }

    fn write_fault(&self, dialect: &Dialect, error: &WireError<'_>, _id: &RequestId) -> Reply {
        let mut body = Map::new();
        body.insert("__type".to_owned(), error.code.as_ref().into());
        if let Some(message) = error.message {
            body.insert("message".to_owned(), message.into());
        }
        let mut reply =
            Reply::new(error.status, content_type(dialect), Json::Object(body).to_string().into());
        reply.headers.push((ERROR_TYPE, error.code.clone().into_owned()));
        reply
    }
}

fn content_type(dialect: &Dialect) -> &'static str {
    let service_version = dialect.service.and_then(|service| service.json_version);
    if dialect.json_1_0 || service_version == Some("1.0") {
        "application/x-amz-json-1.0"
    } else {
        "application/x-amz-json-1.1"
    }
}

/// Writes a value of `shape`.
pub(crate) fn write(shape: &'static ShapeFacts, value: &Value) -> Result<Vec<u8>, Misfit> {
    serde_json::to_vec(&Written { shape, value }).map_err(|_| Misfit(shape.name))
}

/// Reads a structure. Nothing at all is an empty one.
pub(crate) fn read(shape: &'static ShapeFacts, body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return structure(shape, &Map::new());
    }
    let json: Json = serde_json::from_slice(body)
        .map_err(|error| malformed(format!("The request's body is not valid JSON: {error}")))?;
    match &json {
        Json::Object(members) => structure(shape, members),
        _ => Err(malformed("The request's body is not a JSON object.")),
    }
}

fn structure(shape: &'static ShapeFacts, members: &Map<String, Json>) -> Result<Value, Fault> {
    let slots = shape.members().iter().map(|member| match members.get(member.name) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => value(member.shape, json).map(Some),
    });
    slots.collect::<Result<_, _>>().map(Value::Structure)
}

fn value(shape: &'static ShapeFacts, json: &Json) -> Result<Value, Fault> {
    match (&shape.kind, json) {
        (Kind::Structure { .. }, Json::Object(members)) => structure(shape, members),
        (Kind::List { item, .. }, Json::Array(items)) => list(item, items),
        (Kind::Map { value: of, .. }, Json::Object(entries)) => map(of, entries),
        (Kind::String { .. }, Json::String(text)) => Ok(Value::String(text.clone())),
        (Kind::Boolean, Json::Bool(truth)) => Ok(Value::Boolean(*truth)),
        (Kind::Integer | Kind::Long, Json::Number(number)) => integer(shape, number),
        (Kind::Double, Json::Number(number)) => double(number),
        (Kind::Timestamp, Json::Number(number)) => timestamp(number),
        (Kind::Blob, Json::String(text)) => {
            base64::read(text).map(Value::Blob).ok_or_else(|| malformed("A blob is not valid Base64."))
        }
        _ => Err(wrong_type(shape, json)),
    }
}

/// The items of a list; nulls are skipped.
fn list(item: &'static ShapeFacts, items: &[Json]) -> Result<Value, Fault> {
    let items = items.iter().filter(|json| !json.is_null()).map(|json| value(item, json));
    items.collect::<Result<_, _>>().map(Value::List)
}

/// The entries of a map; nulls are skipped.
fn map(of: &'static ShapeFacts, entries: &Map<String, Json>) -> Result<Value, Fault> {
    let entries = entries.iter().filter(|(_, json)| !json.is_null());
    entries.map(|(key, json)| Ok((key.clone(), value(of, json)?))).collect::<Result<_, _>>().map(Value::Map)
}

fn integer(shape: &ShapeFacts, number: &Number) -> Result<Value, Fault> {
    let whole = number.as_i64().or_else(|| number.as_f64().and_then(whole));
    let fits = whole.filter(|whole| matches!(shape.kind, Kind::Long) || i32::try_from(*whole).is_ok());
    let name = if matches!(shape.kind, Kind::Long) { "Long" } else { "Integer" };
    fits.map(Value::Integer).ok_or_else(|| malformed(format!("{number} can not be converted to an {name}")))
}

/// The whole number that `number` is (`5.0`), if it is one that an i64 and a double both hold.
pub(crate) fn whole(number: f64) -> Option<i64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2⁵³")]
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}

fn double(number: &Number) -> Result<Value, Fault> {
    number
        .as_f64()
        .map(Value::Double)
        .ok_or_else(|| malformed(format!("{number} can not be converted to a Double")))
}

fn timestamp(number: &Number) -> Result<Value, Fault> {
    let moment = number.as_f64().and_then(epoch_seconds);
    moment
        .map(Value::Timestamp)
        .ok_or_else(|| malformed(format!("{number} can not be converted to a Timestamp")))
}

/// The moment that is `seconds` after the epoch, to the millisecond; `None` far outside the calendar.
pub(crate) fn epoch_seconds(seconds: f64) -> Option<Timestamp> {
    const YEAR_9999: f64 = 253_402_300_800.0;
    let millis = whole((seconds * 1000.0).round()).filter(|_| seconds.abs() < YEAR_9999)?;
    Some(Timestamp::from_unix_millis(millis))
}

fn wrong_type(shape: &ShapeFacts, json: &Json) -> Fault {
    let found = match json {
        Json::Array(_) => return malformed("Start of list found where not expected"),
        Json::Object(_) => return malformed("Start of structure or map found where not expected."),
        Json::Null => "NULL_VALUE",
        Json::Bool(true) => "TRUE_VALUE",
        Json::Bool(false) => "FALSE_VALUE",
        Json::Number(_) => "NUMBER_VALUE",
        Json::String(_) => "STRING_VALUE",
    };
    let wanted = match shape.kind {
        Kind::Boolean => "a Boolean",
        Kind::Integer => "an Integer",
        Kind::Long => "a Long",
        Kind::Double => "a Double",
        Kind::String { .. } => "a String",
        Kind::Blob => "a Blob",
        Kind::Timestamp => "a Timestamp",
        Kind::List { .. } => "a List",
        Kind::Map { .. } => "a Map",
        Kind::Structure { .. } => "a Structure",
    };
    malformed(format!("{found} can not be converted to {wanted}"))
}
