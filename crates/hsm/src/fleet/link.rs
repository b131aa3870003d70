//! The way to an HSM in a process of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use keyward_boundary::client::{CallError, Connection};
use zeroize::Zeroizing;

use crate::client::{Carried, Link, LinkError};

/// A connection that its supervisor keeps up.
pub(crate) struct ProcessLink(Arc<Connection>);

impl ProcessLink {
    /// The way over a connection that has no patience.
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self(connection)
    }
}

impl Link for ProcessLink {
    fn call(&self, message: Zeroizing<Vec<u8>>) -> Carried {
        let reply = self.0.start(message, false);
        Box::pin(async move {
            reply.await.map_err(|error| match error {
                CallError::Lost => LinkError::Lost,
                CallError::Busy => LinkError::Busy,
                CallError::TooLong => LinkError::TooLong,
            })
        })
    }

    fn is_up(&self) -> bool {
        self.0.is_up()
    }

    fn up(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.0.up())
    }
}
