//! How bytes get to an HSM and back: a session with its process, an HSM in this process, or a simulated network between.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroizing;

use crate::api::error::HsmError;

/// A reply to come.
pub type Carried = Pin<Box<dyn Future<Output = Result<Zeroizing<Vec<u8>>, LinkError>> + Send>>;

/// Carries a request to one HSM and the answer back; both are opaque. A test puts its network here: delay, loss of the
/// request or of the answer, partition.
pub trait Link: Send + Sync + 'static {
    /// Sends a request, at once, and gives the future of its answer. It never waits for a link that is down.
    fn call(&self, message: Zeroizing<Vec<u8>>) -> Carried;

    /// Whether requests get through now, as far as is known.
    fn is_up(&self) -> bool;

    /// Ends when requests get through: at once when they do already.
    fn up(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The link is down, or broke before the answer came: the request may or may not have been done.
    Lost,
    /// Too many requests are under way; this one was not sent.
    Busy,
    /// The request is longer than a frame may be; it was not sent.
    TooLong,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "the link broke before the answer came",
            Self::Busy => "too many requests are under way",
            Self::TooLong => "the request is too long",
        })
    }
}

impl std::error::Error for LinkError {}

impl From<LinkError> for HsmError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Lost => Self::Lost,
            LinkError::Busy => Self::Busy,
            LinkError::TooLong => Self::Invalid("the request is too long".to_owned()),
        }
    }
}
