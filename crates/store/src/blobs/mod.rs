//! Large immutable blobs, such as the generations of zones: put whole, read whole.
//!
//! Small facts that change are rows of a store; a row points at its blob by name. A blob is put before the
//! row that names it, and deleted after it.

mod folder;
mod memory;
mod name;

use std::fmt;

use bytes::Bytes;

use crate::BoxFuture;

pub use folder::FolderBlobs;
pub use memory::MemoryBlobs;
pub use name::BlobName;

/// Why a blob could not be written, read or removed.
#[derive(Debug)]
pub enum BlobError {
    /// The name is not one: segments of letters, digits, `.`, `_`, `-`, joined by `/`.
    Name(String),
    /// The backend failed. After a failed `put` the blob is there whole or not at all.
    Backend(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "'{name}' is not a blob's name"),
            Self::Backend(cause) => write!(f, "the blob store failed: {cause}"),
        }
    }
}

impl std::error::Error for BlobError {}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        Self::Backend(error.into())
    }
}

/// Named blobs.
pub trait Blobs: Send + Sync + 'static {
    /// Writes a blob durably, whole or not at all. One of the same name is replaced.
    fn put<'a>(&'a self, name: &'a BlobName, blob: Bytes) -> BoxFuture<'a, Result<(), BlobError>>;

    /// The blob, if there is one of that name.
    fn get<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>>;

    /// Removes a blob; an absent one is no error.
    fn delete<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<(), BlobError>>;

    /// The names that begin with `prefix`, sorted. The prefix is text: `zones/Z1` also finds `zones/Z10/1`.
    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<BlobName>, BlobError>>;
}

#[cfg(test)]
mod tests;
