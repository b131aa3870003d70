//! Opening the store's file: made atomically, readable by its owner only, refused with a clear reason.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{DatabaseError, StorageError};

use super::engine::Engine;

/// Why a store's file could not be opened. Its text says what to do.
#[derive(Debug)]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: OpenProblem,
}

/// What is wrong with a store's file.
#[derive(Debug)]
pub enum OpenProblem {
    /// Another process has it open.
    InUse,
    /// It has another layout than this binary knows; a higher number was written by a newer binary.
    OtherFormat {
        /// The layout's number in the file.
        found: u64,
        /// The layout's number that this binary knows.
        known: u64,
    },
    /// It is not a store, or its content is spoiled.
    Damaged(Box<dyn Error + Send + Sync>),
    /// The operating system refused.
    Io(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot open the store {}: {}", self.path.display(), self.problem)
    }
}

impl fmt::Display for OpenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => {
                f.write_str("another process uses it; stop that process or choose another data folder")
            }
            Self::OtherFormat { found, known } if found > known => write!(
                f,
                "it was written by a newer version (format {found}, this binary knows {known}); use that version"
            ),
            Self::OtherFormat { found, known } => {
                write!(f, "its format {found} is not one that this binary knows (it knows {known})")
            }
            Self::Damaged(cause) => write!(f, "it is damaged ({cause}); restore it from a backup"),
            Self::Io(cause) => write!(f, "{cause}"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            OpenProblem::Damaged(cause) => Some(cause.as_ref()),
            OpenProblem::Io(cause) => Some(cause),
            OpenProblem::InUse | OpenProblem::OtherFormat { .. } => None,
        }
    }
}

impl From<io::Error> for OpenProblem {
    fn from(error: io::Error) -> Self {
        // redb reports a file that is not its own as invalid data.
        match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Damaged(error.into()),
            _ => Self::Io(error),
        }
    }
}

impl From<redb::Error> for OpenProblem {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::InUse,
            redb::Error::Io(error) => error.into(),
            other => Self::Damaged(other.into()),
        }
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => {
        $(impl From<$error> for OpenProblem {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        })*
    };
}

from_redb!(DatabaseError, StorageError, redb::TransactionError, redb::TableError, redb::CommitError);

/// Opens the file at `path`, which is made first when it is not there.
pub(super) fn open_file(path: &Path) -> Result<FileBackend, OpenProblem> {
    if !path.try_exists()? {
        make(path)?;
    }
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    Ok(FileBackend::new(file)?)
}

/// Makes an empty store under another name and then gives it its own, so that a crash in between
/// leaves no half-made file. Of two processes that do so at once one wins and both open its file.
fn make(path: &Path) -> Result<(), OpenProblem> {
    let draft = draft_name(path, &std::process::id().to_string());
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    drop(Engine::open(FileBackend::new(file)?)?);
    match fs::hard_link(&draft, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => {
            remove_drafts(path);
            return Err(error.into());
        }
    }
    if let Some(folder) = path.parent() {
        File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()?;
    }
    Ok(())
}

/// Removes what interrupted makings left behind; called once the store itself is open and locked.
pub(super) fn remove_drafts(path: &Path) {
    let prefix = draft_name(path, "");
    let entries = prefix.parent().map(fs::read_dir).into_iter().flatten().flatten().flatten();
    for entry in entries {
        let name = entry.path();
        if name.as_os_str().as_encoded_bytes().starts_with(prefix.as_os_str().as_encoded_bytes()) {
            // Left for the next time when it does not work.
            let _ = fs::remove_file(name);
        }
    }
}

fn draft_name(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new-");
    name.push(suffix);
    PathBuf::from(name)
}
