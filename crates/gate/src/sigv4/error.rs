//! Why a request is not authenticated: AWS's codes and words.

use keyward_base::Fault;

/// Why a request is not authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthError {
    /// It is not signed at all.
    Missing,
    /// Its signature can't be read.
    Incomplete(String),
    /// Its access key is unknown, inactive or deleted, or its session token is not that key's.
    InvalidToken,
    /// Its session has ended.
    ExpiredToken,
    /// The signature is wrong, or not for here and now.
    Mismatch(String),
    /// A presigned request is past its time.
    Expired,
}

pub(super) const WRONG_SIGNATURE: &str = "The request signature we calculated does not match the signature \
     you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation \
     for details.";

impl AuthError {
    /// The fault, under the names that JSON services use; `wire` turns them into the other protocols'.
    pub(crate) fn into_fault(self, for_sts: bool) -> Fault {
        match self {
            Self::Missing => {
                Fault::caller("MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Self::Incomplete(text) => Fault::caller("IncompleteSignatureException", text),
            Self::InvalidToken => Fault::caller(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            Self::ExpiredToken => Fault::caller(
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
            Self::Mismatch(text) => Fault::caller("InvalidSignatureException", text),
            Self::Expired if for_sts => Fault::caller("InvalidSignatureException", "Request has expired."),
            Self::Expired => Fault::caller("RequestExpired", "Request has expired."),
        }
    }
}
