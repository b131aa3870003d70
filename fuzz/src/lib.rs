//! What the fuzz targets share. Run one with `cargo +nightly fuzz run wire_json` in the checkout's root.

use http::Request;
use http::request::Parts;
use keyward_wire::{Dialect, decode, route};

/// A request's head.
///
/// # Panics
/// When the target's own method, path or headers are none.
pub fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("the target's head is valid").into_parts().0
}

/// Reads a request as the front door does. What comes out does not matter: that something does, does.
pub fn read(head: &Parts, body: &[u8]) {
    let dialect = Dialect::of(head, body, None);
    if let Ok(target) = route(&dialect, head, body) {
        let _ = decode(&dialect, &target, head, body);
    }
}
