//! Blobs in memory, for tests and simulations.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{BlobError, BlobName, Blobs};
use crate::BoxFuture;

/// Blobs that go with the process.
#[derive(Debug, Default)]
pub struct MemoryBlobs(Mutex<BTreeMap<BlobName, Bytes>>);

impl MemoryBlobs {
    fn blobs(&self) -> MutexGuard<'_, BTreeMap<BlobName, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for MemoryBlobs {
    fn put<'a>(&'a self, name: &'a BlobName, blob: Bytes) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            self.blobs().insert(name.clone(), blob);
            Ok(())
        })
    }

    fn get<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>> {
        Box::pin(async move { Ok(self.blobs().get(name).cloned()) })
    }

    fn delete<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            self.blobs().remove(name);
            Ok(())
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<BlobName>, BlobError>> {
        Box::pin(async move {
            let blobs = self.blobs();
            Ok(blobs.keys().filter(|name| name.as_str().starts_with(prefix)).cloned().collect())
        })
    }
}
