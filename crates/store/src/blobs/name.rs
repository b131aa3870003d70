//! The names of blobs, safe as paths and as object keys alike.

use std::fmt;
use std::str::FromStr;

use super::BlobError;

/// Segments of letters, digits, `.`, `_` and `-`, joined by `/`; none begins with a dot. At most 512 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobName(String);

impl BlobName {
    const BYTES_MAX: usize = 512;
    const SEGMENT_BYTES_MAX: usize = 200;

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BlobName {
    type Err = BlobError;

    fn from_str(text: &str) -> Result<Self, BlobError> {
        if text.len() <= Self::BYTES_MAX && text.split('/').all(is_segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BlobError::Name(text.to_owned()))
        }
    }
}

fn is_segment(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=BlobName::SEGMENT_BYTES_MAX).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(allowed)
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
