//! The data folder: who may use it, which version wrote it, and the files that people and scripts read.

mod ephemeral;
mod published;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

pub(crate) use crate::folder::published::{Credentials, Endpoints, replace_file};

use crate::folder::ephemeral::Ephemeral;
use crate::refusal::Refusal;

/// The layout that this binary reads and writes.
const VERSION: u32 = 1;

/// A data folder that this process alone uses while the value lives.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
    _ephemeral: Option<Ephemeral>,
}

impl DataFolder {
    /// Opens the folder, making it when it is not there. Refuses one in use or of a newer version.
    pub(crate) fn open(path: &Path) -> Result<Self, Refusal> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
            Refusal::new(format!(
                "cannot make the data folder {}: {error}; choose another with --data-dir",
                path.display()
            ))
        })?;
        let path = fs::canonicalize(path).map_err(|error| unreadable(path, &error))?;
        let lock = lock(&path)?;
        check_version(&path)?;
        Ok(Self { path, _lock: lock, _ephemeral: None })
    }

    /// A folder that is removed when the value is dropped.
    pub(crate) fn ephemeral() -> Result<Self, Refusal> {
        let ephemeral = Ephemeral::create()?;
        let folder = Self::open(ephemeral.path())?;
        Ok(Self { _ephemeral: Some(ephemeral), ..folder })
    }

    /// Where it is, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Opens the lock file and takes it, or says that the folder is in use.
fn lock(folder: &Path) -> Result<File, Refusal> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| unreadable(folder, &error))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Refusal::new(format!(
            "the data folder {} is in use by another keyward; stop it, or choose another with --data-dir",
            folder.display()
        ))
    })?;
    Ok(file)
}

fn check_version(folder: &Path) -> Result<(), Refusal> {
    let path = folder.join("version");
    let mut text = String::new();
    match File::open(&path).and_then(|mut file| file.read_to_string(&mut text)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return write_version(folder),
        Err(error) => return Err(unreadable(folder, &error)),
    }
    match text.trim().parse::<u32>() {
        Ok(VERSION) => Ok(()),
        Ok(newer) if newer > VERSION => Err(Refusal::new(format!(
            "the data folder {} has version {newer}, this keyward reads up to {VERSION}; install a newer keyward",
            folder.display()
        ))),
        _ => Err(Refusal::new(format!(
            "{} holds '{}', which is no version of ours; is this a keyward data folder?",
            path.display(),
            text.trim()
        ))),
    }
}

/// Marks a new folder. A folder that holds other things is not ours to take.
fn write_version(folder: &Path) -> Result<(), Refusal> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let foreign = entries.flatten().find(|entry| entry.file_name() != "lock");
    if let Some(foreign) = foreign {
        return Err(Refusal::new(format!(
            "{} is not empty (it holds '{}') and not a keyward data folder; choose another with --data-dir",
            folder.display(),
            foreign.file_name().display()
        )));
    }
    let write = || -> std::io::Result<()> {
        let mut file = File::create(folder.join("version"))?;
        writeln!(file, "{VERSION}")?;
        file.sync_all()
    };
    write().map_err(|error| unreadable(folder, &error))
}

fn unreadable(folder: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(format!(
        "cannot use the data folder {}: {error}; check its owner and mode, or choose another with --data-dir",
        folder.display()
    ))
}

#[cfg(test)]
mod tests;
