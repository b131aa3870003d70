//! Why a request is not authenticated: AWS's codes and words, which differ by kind of protocol.

use keyward_base::Fault;
use keyward_schema::{Protocol, ServiceFacts};

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
    /// The fault that `service` answers with.
    pub(crate) fn into_fault(self, service: &ServiceFacts) -> Fault {
        let json = service.speaks(Protocol::Json) || service.speaks(Protocol::Cbor);
        let sts = service.name == "sts";
        match self {
            Self::Missing if json => {
                Fault::caller("MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Self::Missing => {
                Fault::caller("MissingAuthenticationToken", "Request is missing Authentication Token")
            }
            Self::Incomplete(text) => {
                Fault::caller(named(json, "IncompleteSignatureException", "IncompleteSignature"), text)
            }
            Self::InvalidToken => {
                let text = "The security token included in the request is invalid";
                let code = named(json, "UnrecognizedClientException", "InvalidClientTokenId");
                Fault::caller(code, if sts { text.to_owned() } else { format!("{text}.") })
            }
            Self::ExpiredToken => Fault::caller(
                named(json, "ExpiredTokenException", "ExpiredToken"),
                "The security token included in the request is expired",
            ),
            Self::Mismatch(text) => {
                Fault::caller(named(json, "InvalidSignatureException", "SignatureDoesNotMatch"), text)
            }
            Self::Expired => {
                let query = if sts { "SignatureDoesNotMatch" } else { "RequestExpired" };
                Fault::caller(named(json, "InvalidSignatureException", query), "Request has expired.")
            }
        }
    }
}

fn named(json: bool, json_code: &'static str, query_code: &'static str) -> &'static str {
    if json { json_code } else { query_code }
}
