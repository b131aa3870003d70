//! What the engine's file lies on, watched for failed syncs.
//!
//! After a failed sync the operating system may drop what it could not write and yet show it to readers,
//! so nothing may be built on such a file again before a restart. A failed write (a full disk) is harmless:
//! the file is opened anew, which goes back to its last commit.

use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

use super::engine::Engine;
use super::open::{OpenError, OpenProblem, open_file};

type Opener = Box<dyn Fn() -> Result<Box<dyn StorageBackend>, OpenProblem> + Send>;

/// Where the store's bytes are, and how to open them again.
pub(super) struct Medium {
    path: PathBuf,
    opener: Opener,
    sync_failed: Arc<AtomicBool>,
}

impl Medium {
    /// A file of the operating system.
    pub(super) fn file(path: PathBuf) -> Self {
        let opened = path.clone();
        Self::new(path, Box::new(move || Ok(Box::new(open_file(&opened)?))))
    }

    /// Whatever `opener` opens; `path` is shown in errors.
    pub(super) fn new(path: PathBuf, opener: Opener) -> Self {
        Self { path, opener, sync_failed: Arc::default() }
    }

    /// The path that errors show.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses for good once a sync failed.
    pub(super) fn check_usable(&self) -> Result<(), OpenError> {
        if self.sync_failed.load(Ordering::Acquire) {
            let advice = "a sync to disk failed earlier; check the disk, then restart";
            return Err(self.error(OpenProblem::Io(io::Error::other(advice))));
        }
        Ok(())
    }

    /// Opens it.
    pub(super) fn open(&self) -> Result<Engine, OpenError> {
        let backend = (self.opener)().map_err(|problem| self.error(problem))?;
        let watched = SyncWatched { backend, sync_failed: Arc::clone(&self.sync_failed) };
        Engine::open(watched).map_err(|problem| self.error(problem))
    }

    fn error(&self, problem: OpenProblem) -> OpenError {
        OpenError { path: self.path.clone(), problem }
    }
}

#[derive(Debug)]
struct SyncWatched {
    backend: Box<dyn StorageBackend>,
    sync_failed: Arc<AtomicBool>,
}

impl StorageBackend for SyncWatched {
    fn len(&self) -> io::Result<u64> {
        self.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.backend.sync_data().inspect_err(|_| self.sync_failed.store(true, Ordering::Release))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.backend.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.backend.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.query_lock_range(start, end)
    }
}
