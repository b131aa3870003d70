//! AWS JSON 1.0 and 1.1. Source: the Smithy specification of awsJson1_0 and awsJson1_1.
//!
//! Unknown members and nulls are skipped. A wrong type is a `SerializationException` in the words of
//! AWS's own reader. The tokenizer is serde_json, which bounds the depth.

mod read;
mod write;

use http::request::Parts;
use keyward_base::{Fault, RequestId, Timestamp};
use keyward_schema::{OperationFacts, Value};
use serde_json::{Map, Value as Json};

use crate::codec::{Codec, Misfit};
use crate::codes::WireError;
use crate::reply::Reply;
use crate::{Dialect, Target};

pub(crate) use read::read;
pub(crate) use write::write;

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

/// The whole number that `number` is (`5.0`), if it is one that an i64 and a double both hold.
pub(crate) fn whole(number: f64) -> Option<i64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2⁵³")]
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}

/// The moment that is `seconds` after the epoch, to the millisecond; `None` far outside the calendar.
pub(crate) fn epoch_seconds(seconds: f64) -> Option<Timestamp> {
    const YEAR_9999: f64 = 253_402_300_800.0;
    let millis = whole((seconds * 1000.0).round()).filter(|_| seconds.abs() < YEAR_9999)?;
    Some(Timestamp::from_unix_millis(millis))
}
