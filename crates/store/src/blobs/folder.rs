//! Blobs as files in a folder: written aside, synced, renamed, and the folder synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::{BlobError, BlobName, Blobs};
use crate::BoxFuture;

/// Where blobs are written before they get their name. No blob's name begins with a dot.
const DRAFTS: &str = ".drafts";

/// Blobs in a folder of their own, readable by their owner only.
#[derive(Clone, Debug)]
pub struct FolderBlobs(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    root: PathBuf,
    drafts: AtomicU64,
}

impl FolderBlobs {
    /// The blobs below `root`, which is made if it is not there. Drafts that a crash left are removed, so
    /// a folder belongs to one process.
    ///
    /// # Errors
    /// When the folder can't be made or read.
    pub fn open(root: &Path) -> io::Result<Self> {
        let drafts = root.join(DRAFTS);
        make_folder(&drafts)?;
        for entry in fs::read_dir(&drafts)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self(Arc::new(Folder { root: root.to_owned(), drafts: AtomicU64::new(0) })))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, BlobError> {
        let folder = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || act(&folder)).await;
        Ok(done.map_err(io::Error::other)??)
    }
}

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn put(&self, name: &str, blob: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        let parent = path.parent().unwrap_or(&self.root);
        make_folder(parent)?;
        let number = self.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = self.root.join(DRAFTS).join(number.to_string());
        let written = write_synced(&draft, blob).and_then(|()| fs::rename(&draft, &path));
        if written.is_err() {
            // Removed at the next start if not now.
            let _ = fs::remove_file(&draft);
        }
        written?;
        sync_folder(parent)
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_folder(path.parent().unwrap_or(&self.root)),
        }
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        // The part of the prefix up to its last slash is a folder; the rest is the start of a name.
        let start = prefix.rfind('/').map_or("", |slash| &prefix[..slash]);
        let mut names = Vec::new();
        let mut folders = vec![start.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(self.path(&folder)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let Some(name) = entry.file_name().to_str().and_then(|name| joined(&folder, name)) else {
                    continue;
                };
                if entry.file_type()?.is_dir() {
                    folders.push(name);
                } else if name.starts_with(prefix) {
                    names.push(name);
                }
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// The name of an entry of `folder`; `None` for what is not a blob's.
fn joined(folder: &str, name: &str) -> Option<String> {
    let whole = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    whole.parse::<BlobName>().ok().map(|_| whole)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder and its parents, each synced into the one above it.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_folder(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder(parent.unwrap_or(Path::new("."))),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

impl Blobs for FolderBlobs {
    fn put<'a>(&'a self, name: &'a BlobName, blob: Bytes) -> BoxFuture<'a, Result<(), BlobError>> {
        let name = name.clone();
        Box::pin(self.blocking(move |folder| folder.put(name.as_str(), &blob)))
    }

    fn get<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>> {
        let name = name.clone();
        Box::pin(self.blocking(move |folder| match fs::read(folder.path(name.as_str())) {
            Ok(bytes) => Ok(Some(Bytes::from(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }))
    }

    fn delete<'a>(&'a self, name: &'a BlobName) -> BoxFuture<'a, Result<(), BlobError>> {
        let name = name.clone();
        Box::pin(self.blocking(move |folder| folder.delete(name.as_str())))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<BlobName>, BlobError>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            // A prefix that steps out of the folder is no start of any name.
            if prefix.split('/').any(|segment| segment.starts_with('.')) || prefix.starts_with('/') {
                return Ok(Vec::new());
            }
            let names = self.blocking(move |folder| folder.list(&prefix)).await?;
            names.iter().map(|name| name.parse()).collect()
        })
    }
}
