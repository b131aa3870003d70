//! Private files and folders, written so that a crash never leaves half of one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::seal::SealError;

/// Makes a folder that only its owner may enter (0700), with its parents.
pub fn create_private_folder(path: &Path) -> Result<(), SealError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| SealError::Disk(path.to_owned(), error))
}

/// Writes a file that only its owner may read (0600): beside its place, synced, renamed, folder synced.
pub fn write_private(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), SealError> {
    let temporary = folder.join(format!("{name}.new"));
    let place = folder.join(name);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, &place));
    written.and_then(|()| File::open(folder)?.sync_all()).map_err(|error| SealError::Disk(place, error))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A leftover of a crash is of no use to anyone, and may have other permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
