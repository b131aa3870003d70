//! The client's side of one HSM: typed calls over a [`Link`].
//!
//! Deliberately absent: other HSMs, failover, retries (`cluster` has them). A call goes out at once or fails at once with
//! [`HsmError::Lost`] when the link is down; it may be asked again, with the same [`OperationId`](crate::OperationId) where it has one.

mod calls;
mod in_process;
mod link;
mod users;

use std::sync::Arc;

use crate::api::error::HsmError;
use crate::api::record::MaskedRecord;
use crate::api::secret::Plaintext;
use crate::protocol::answer::Answer;
use crate::protocol::request::Request;

#[cfg(any(test, feature = "test-hsm"))]
pub use in_process::TestHsm;
pub use link::{Carried, Link, LinkError};

/// Speaks to one HSM. Cheap to clone; calls from many tasks share one link.
#[derive(Clone)]
pub struct HsmClient {
    link: Arc<dyn Link>,
}

/// What a mutation gave, with the records that the other HSMs must absorb before it is acknowledged.
#[derive(Clone, Debug)]
pub struct Mutated<T> {
    /// The answer for the caller.
    pub value: T,
    /// The records that changed, the new versions; to be given to [`HsmClient::absorb`] of every other member.
    pub records: Vec<MaskedRecord>,
}

/// A data key.
#[derive(Debug)]
pub struct DataKey {
    /// The key itself.
    pub plaintext: Plaintext,
    /// The key encrypted: `iv (12) | ciphertext | tag (16)`.
    pub ciphertext: Vec<u8>,
}

impl HsmClient {
    /// A client over a link.
    pub fn new(link: Arc<dyn Link>) -> Self {
        Self { link }
    }

    /// The link, for what must know whether it is up.
    pub fn link(&self) -> &Arc<dyn Link> {
        &self.link
    }

    async fn call(&self, request: &Request<'_>) -> Result<Answer, HsmError> {
        let reply = self.link.call(request.encode()).await.map_err(HsmError::from)?;
        match Answer::decode(&reply) {
            Some(Answer::Failed(error)) => Err(error),
            Some(answer) => Ok(answer),
            None => Err(HsmError::Internal("the HSM's answer can not be read".to_owned())),
        }
    }
}
