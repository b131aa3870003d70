//! Blobs as text: padded standard Base64.

use data_encoding::{BASE64, BASE64_NOPAD};

/// Reads Base64 with or without padding.
pub(crate) fn read(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).or_else(|_| BASE64_NOPAD.decode(text.as_bytes())).ok()
}

/// Writes Base64 with padding.
pub(crate) fn write(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}
