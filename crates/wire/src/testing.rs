//! What the tests of this crate share.

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use keyward_base::{Fault, Random, RequestId, SeededRandom};
use keyward_schema::Value;

use crate::{Dialect, Target, decode, route};

/// A request's head.
pub(crate) fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// A request of AWS JSON 1.1.
pub(crate) fn json_head(target: &str) -> Parts {
    head("POST", "/", &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)])
}

/// A request of Query.
pub(crate) fn form_head() -> Parts {
    head("POST", "/", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")])
}

/// All three steps of reading a request.
pub(crate) fn read(
    head: &Parts,
    body: &[u8],
    scope: Option<&str>,
) -> Result<(Dialect, Target, Value), Fault> {
    let dialect = Dialect::of(head, body, scope);
    let target = route(&dialect, head, body)?;
    let value = decode(&dialect, &target, head, body)?;
    Ok((dialect, target, value))
}

/// A request id.
pub(crate) fn id() -> RequestId {
    RequestId::random(&SeededRandom::new(1) as &dyn Random)
}

/// A response's body as text.
pub(crate) fn body(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// A response's header as text.
pub(crate) fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}
