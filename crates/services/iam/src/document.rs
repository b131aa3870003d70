//! Policy documents as IAM takes and shows them.

use keyward_base::Fault;
use keyward_policy::{Flavour, Policy};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::fault;

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Characters that count against a limit: white space does not.
pub(crate) fn size(document: &str) -> usize {
    document.chars().filter(|character| !character.is_ascii_whitespace()).count()
}

/// Refuses what is no identity policy.
pub(crate) fn check_identity(document: &str) -> Result<(), Fault> {
    parse(document, Flavour::Identity).map(drop)
}

/// Compiles a document that a caller sent.
pub(crate) fn parse(document: &str, flavour: Flavour) -> Result<Policy, Fault> {
    Policy::parse(document, flavour).map_err(|error| fault::malformed_policy(error.message()))
}

/// URL-encoded, as IAM shows documents.
pub(crate) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}
