//! The canonical request and the string to sign, byte for byte as the signer made them.

use std::borrow::Cow;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::{ALGORITHM, Presented, RawRequest};

/// All but `A-Za-z0-9-_.~` is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The string to sign for `request` under what was presented. Of its parameters that were worked out before,
/// `payload_hash` is that of the body and `scope` the scope of what was presented.
pub(super) fn string_to_sign(
    request: &RawRequest<'_>,
    presented: &Presented<'_>,
    payload_hash: &str,
    scope: &str,
) -> String {
    let hash = sha256_hex(&canonical_request(request, presented, payload_hash));
    [ALGORITHM, &presented.time_basic, scope, &hash].join("\n")
}

pub(super) fn canonical_request(
    request: &RawRequest<'_>,
    presented: &Presented<'_>,
    payload_hash: &str,
) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024);
    push_line(&mut text, request.method.as_bytes());
    push_line(&mut text, canonical_path(request.path).as_bytes());
    push_line(&mut text, canonical_query(request.query).as_bytes());
    for name in presented.signed_headers.split(';') {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        push_header(&mut text, request, name);
        text.push(b'\n');
    }
    text.push(b'\n');
    push_line(&mut text, presented.signed_headers.as_bytes());
    text.extend_from_slice(payload_hash.as_bytes());
    text
}

/// The hash of `bytes` in lower-case hexadecimal.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn push_line(text: &mut Vec<u8>, line: &[u8]) {
    text.extend_from_slice(line);
    text.push(b'\n');
}

/// Removes empty and dot segments, then encodes each segment once more (all services but S3).
fn canonical_path(path: &str) -> Cow<'_, str> {
    if matches!(path, "" | "/") {
        return Cow::Borrowed("/");
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut canonical = String::with_capacity(path.len() + 8);
    for segment in &kept {
        canonical.push('/');
        canonical.extend(percent_encode(segment.as_bytes(), RESERVED));
    }
    if kept.is_empty() || path.ends_with('/') {
        canonical.push('/');
    }
    Cow::Owned(canonical)
}

/// Sorts the parameters by key, then value; the signature itself is left out.
fn canonical_query(query: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(key, _)| *key != "X-Amz-Signature")
        .map(|(key, value)| (reencode(key), reencode(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("&")
}

/// Decodes and encodes again, so that `+`, lower-case digits and needless escapes don't matter.
fn reencode(text: &str) -> String {
    let spaced = if text.contains('+') { Cow::Owned(text.replace('+', "%20")) } else { Cow::Borrowed(text) };
    let decoded: Cow<'_, [u8]> = percent_decode_str(&spaced).into();
    percent_encode(&decoded, RESERVED).to_string()
}

/// The header's values joined by commas, trimmed, with runs of spaces made one.
fn push_header(text: &mut Vec<u8>, request: &RawRequest<'_>, name: &str) {
    let mut values = request.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).peekable();
    if name == "host" && values.peek().is_none() {
        text.extend_from_slice(request.authority.unwrap_or("").as_bytes());
        return;
    }
    for (at, value) in values.enumerate() {
        if at > 0 {
            text.push(b',');
        }
        let mut after_space = false;
        for byte in value.trim_ascii() {
            let space = *byte == b' ';
            if !(space && after_space) {
                text.push(*byte);
            }
            after_space = space;
        }
    }
}
