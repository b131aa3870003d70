//! RPC v2 CBOR. Source: the Smithy specification of rpcv2Cbor, RFC 8949.
//!
//! Definite and indefinite lengths are read, definite ones written. Unknown members and nulls are skipped.
//! The tokenizer is minicbor; the depth is bounded here.

mod read;
mod write;

use http::HeaderName;
use http::request::Parts;
use keyward_base::{Fault, RequestId};
use keyward_schema::{OperationFacts, Value};

use crate::codec::{Codec, Misfit};
use crate::codes::WireError;
use crate::dialect::header;
use crate::json::ERROR_TYPE;
use crate::reply::Reply;
use crate::{Dialect, Target};

#[cfg(test)]
pub(crate) use write::value as write;

/// The header that both ways must carry.
const PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");

/// What requests and answers are called.
const CONTENT_TYPE: &str = "application/cbor";

/// The codec.
pub(crate) struct RpcCbor;

impl Codec for RpcCbor {
    fn read(&self, target: &Target, head: &Parts, body: &[u8]) -> Result<Value, Fault> {
        let content_type = header(head, "content-type").unwrap_or(CONTENT_TYPE);
        if !body.is_empty() && !content_type.starts_with(CONTENT_TYPE) {
            let message = format!("The content type must be {CONTENT_TYPE}.");
            return Err(Fault::caller("UnsupportedMediaTypeException", message));
        }
        read::read(target.operation.input, body)
    }

    fn write(
        &self,
        _dialect: &Dialect,
        operation: &OperationFacts,
        output: &Value,
        _id: &RequestId,
    ) -> Result<Reply, Misfit> {
        let Some(shape) = operation.output else { return Ok(named(Reply::empty())) };
        let mut body = Vec::new();
        write::value(&mut body, shape, output)?;
        Ok(named(Reply::new(operation.status, CONTENT_TYPE, body)))
    }

    fn write_fault(&self, dialect: &Dialect, error: &WireError<'_>, _id: &RequestId) -> Reply {
        let namespace = dialect.service.map_or("aws", |service| service.name);
        let shape_id = format!("com.amazonaws.{namespace}#{}", error.code);
        let body = write::fault(&shape_id, error.message);
        let mut reply = named(Reply::new(error.status, CONTENT_TYPE, body));
        reply.headers.push((ERROR_TYPE, error.code.clone().into_owned()));
        reply
    }
}

/// With the header that says which protocol this is.
fn named(mut reply: Reply) -> Reply {
    reply.headers.push((PROTOCOL, "rpc-v2-cbor".to_owned()));
    reply
}
