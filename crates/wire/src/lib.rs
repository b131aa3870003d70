//! The AWS protocols at the edge: AWS JSON 1.0 and 1.1, RPC v2 CBOR, REST-XML and Query.
//!
//! A request is read in three steps, so that the gate can authenticate in between: [`Dialect::of`] says
//! how its sender speaks and so how any answer must look, [`route()`] finds the operation, [`decode`]
//! makes a checked [`keyward_schema::Value`] from its bytes. [`encode`] and [`encode_fault`] write the answers. All of it is driven by
//! the facts of `schema`; nothing here knows what an operation means, who calls, or what time it is.
//!
//! No bytes make anything here panic or recurse without bound, and what is read takes memory in proportion
//! to the bytes, which [`BODY_BYTES_MAX`] bounds.

mod base64;
mod cbor;
mod codec;
mod codes;
mod dialect;
mod json;
mod path;
mod query;
mod reply;
mod rest_xml;
mod route;
#[cfg(test)]
mod testing;
mod xml;

pub use codec::{decode, encode, encode_fault};
pub use dialect::Dialect;
pub use route::{Target, route};

use keyward_base::Fault;

/// The largest request body that is read, in bytes. The largest legal one is a Route 53 change batch
/// or a policy of 131,072 characters, well below.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// How deep the parts of a body may be nested. The deepest input in the models has seven levels.
const DEPTH_MAX: usize = 64;

/// The fault for a body that is no well-formed input; every protocol has its own name for it.
fn malformed(message: impl Into<String>) -> Fault {
    Fault::caller("SerializationException", message)
}

#[cfg(test)]
mod tests;
