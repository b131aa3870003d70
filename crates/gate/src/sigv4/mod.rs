//! Signature Version 4: who signed a request, and whether the signature is right.
//!
//! Works on the raw bytes of path, query and body; nothing is normalised before. Source: IAM User
//! Guide, "Signature Version 4 for API requests". SigV4A and chunked payloads are absent on purpose.

mod canonical;
mod error;
mod key;
mod presented;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod sign;
mod verify;

pub(crate) use error::AuthError;
pub(crate) use key::SigningKeys;
pub(crate) use presented::Presented;
pub(crate) use verify::{Expected, verify};

use http::HeaderMap;
use http::request::Parts;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// What a signature is about: a request as it came.
#[derive(Clone, Copy)]
pub(crate) struct RawRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// The host of an absolute URI, which HTTP/2 sends in place of the header.
    pub(crate) authority: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl<'a> RawRequest<'a> {
    pub(crate) fn of(parts: &'a Parts, body: &'a [u8]) -> Self {
        Self {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or(""),
            headers: &parts.headers,
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            body,
        }
    }

    /// The first value of a header, when it is visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[cfg(test)]
mod tests;
