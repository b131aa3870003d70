//! An HSM that takes its time: one request at a time, so and so long for each.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use keyward_hsm::{Carried, Link};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

/// The way to an HSM, with a queue before it.
pub(crate) struct SlowLink {
    inner: Arc<dyn Link>,
    service: Duration,
    /// When the HSM is free again.
    free: Arc<Mutex<Instant>>,
}

impl SlowLink {
    pub(crate) fn new(inner: Arc<dyn Link>, service: Duration) -> Self {
        Self { inner, service, free: Arc::new(Mutex::new(Instant::now())) }
    }
}

impl Link for SlowLink {
    fn call(&self, message: Zeroizing<Vec<u8>>) -> Carried {
        let (inner, service, free) = (Arc::clone(&self.inner), self.service, Arc::clone(&self.free));
        Box::pin(async move {
            // A timer is a millisecond late; the queue goes by when it should have rung.
            let ready = {
                let mut free = free.lock().await;
                *free = (*free).max(Instant::now()) + service;
                *free
            };
            sleep_until(ready).await;
            inner.call(message).await
        })
    }

    fn is_up(&self) -> bool {
        self.inner.is_up()
    }

    fn up(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.inner.up()
    }
}
