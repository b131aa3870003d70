//! SoftHSM's token file: a copy of it in the HSM's sealed folder, put back when a kill has cut the file short.
//!
//! SoftHSM 2 writes a token's file (`token.object`: label, serial number, flags, PINs) anew at every log-in, in place: it truncates
//! the file, then writes it. A process that is killed in between leaves it empty, and with it the token's objects are lost: they are
//! encrypted under a key that only this file has. A log-in changes nothing but flags, so that a copy from before is as good.
//!
//! ```text
//! generation (8) | { attribute (8) | kind (8) | 1 byte, 8 bytes, or length (8) and bytes }*     numbers big-endian
//! ```
//!
//! Deliberately absent: what a kill does not do. A file of another form is left alone; a token that is not where it was (a folder that
//! is not mounted, another `SOFTHSM2_CONF`) is not looked for and not replaced.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use keyward_boundary::bytes::Octets;
use keyward_boundary::seal::Folder;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use crate::token::pkcs11::trouble::{Failure, Trouble};

/// The token's file in its folder.
const TOKEN_FILE: &str = "token.object";
/// Beside it when tokens are kept in files, and not in a database.
const GENERATION_FILE: &str = "generation";
/// The copy in the HSM's folder.
const COPY: &str = "softhsm-token.sealed";

const GENERATION_BYTES: usize = 8;
/// `CKA_OS_TOKENSERIAL` and `CKA_OS_USERPIN`, which is written last.
const SERIAL: u64 = 0x8000_534a;
const USER_PIN: u64 = 0x8000_534d;

/// How a token's file is, after it was mended where it could be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenFile {
    /// The token is not SoftHSM's, or not in the folders that are known.
    NotHere,
    /// Nothing is wrong with it as far as can be seen here.
    Whole,
    /// It is cut short in this folder, and there is no copy.
    Lost(PathBuf),
}

/// What is kept.
#[derive(Serialize, Deserialize)]
enum CopyRow {
    V1 { serial: String, file: Octets },
}

/// Looks at the file of the token with this serial number before the module does: a whole one is copied, one that was cut short is put
/// back from the copy. `folders` are those in which the module keeps its tokens, one of which has a folder for the token.
pub(crate) fn mend(folders: &[PathBuf], sealed: &Folder, serial: &str) -> Result<TokenFile, Failure> {
    let Some(token) = folders.iter().find_map(|folder| token_folder(folder, serial)) else {
        return Ok(TokenFile::NotHere);
    };
    let path = token.join(TOKEN_FILE);
    let told = |error: io::Error| failed(format!("{}: {error}", path.display()));
    let bytes = match read_locked(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(told(error)),
        Err(_) if token.join(GENERATION_FILE).exists() => Vec::new(),
        Err(_) => return Ok(TokenFile::NotHere),
    };
    let copy = read_copy(sealed, serial);
    match (form(&bytes, serial), copy) {
        (Form::Unknown, _) => {
            tracing::warn!(path = %path.display(), "the token's file is of an unknown form: no copy is kept of it");
            Ok(TokenFile::Whole)
        }
        (Form::Whole, copy) => {
            if copy.is_none_or(|copy| copy.get(GENERATION_BYTES..) != bytes.get(GENERATION_BYTES..)) {
                write_copy(sealed, serial, bytes)?;
            }
            Ok(TokenFile::Whole)
        }
        (Form::Cut, Some(copy)) => {
            put_back(&path, &copy, serial).map_err(told)?;
            tracing::warn!(path = %path.display(), "the token's file was cut short by a kill, and is put back");
            Ok(TokenFile::Whole)
        }
        (Form::Cut, None) => Ok(TokenFile::Lost(token)),
    }
}

/// SoftHSM names a token's folder by a UUID, the end of which is the token's serial number.
fn token_folder(folder: &Path, serial: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let is_it = |name: &str| {
        let digits = name.replace('-', "");
        digits.len() == 32 && digits.ends_with(serial)
    };
    let mut found = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_it));
    found.next().map(|entry| entry.path()).filter(|path| path.is_dir())
}

/// How much of a token's file is there.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    Whole,
    /// Its end is missing.
    Cut,
    /// Written by a SoftHSM that is not known here, or for another token.
    Unknown,
}

fn form(bytes: &[u8], serial: &str) -> Form {
    let mut rest = bytes;
    let (mut has_serial, mut has_pin) = (false, false);
    let cut = number(&mut rest).is_none();
    while !cut && !rest.is_empty() {
        let (Some(attribute), Some(kind)) = (number(&mut rest), number(&mut rest)) else { return Form::Cut };
        let value = match kind {
            1 => take(&mut rest, 1),
            2 => take(&mut rest, 8),
            3 => number(&mut rest).and_then(|length| take(&mut rest, usize::try_from(length).ok()?)),
            _ => return Form::Unknown,
        };
        let Some(value) = value else { return Form::Cut };
        match attribute {
            SERIAL if value != serial.as_bytes() => return Form::Unknown,
            SERIAL => has_serial = true,
            USER_PIN => has_pin = !value.is_empty(),
            _ => {}
        }
    }
    if has_serial && has_pin { Form::Whole } else { Form::Cut }
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let bytes = take(rest, 8)?;
    bytes.try_into().ok().map(u64::from_be_bytes)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

/// Reads as SoftHSM does, so that a log-in of another program's is not seen half done.
fn read_locked(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    rustix::fs::fcntl_lock(&file, FlockOperation::LockShared)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes in place, as SoftHSM does: the file is the lock. When this is cut off, the next start does it again.
fn put_back(path: &Path, copy: &[u8], serial: &str) -> io::Result<()> {
    let options = &mut OpenOptions::new();
    let mut file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    rustix::fs::fcntl_lock(&file, FlockOperation::LockExclusive)?;
    let mut now = Vec::new();
    file.read_to_end(&mut now)?;
    if form(&now, serial) != Form::Cut {
        return Ok(());
    }
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(copy)?;
    file.sync_all()
}

fn read_copy(sealed: &Folder, serial: &str) -> Option<Vec<u8>> {
    if !sealed.holds(COPY) {
        return None;
    }
    let kept =
        sealed.read(COPY).map_err(|error| tracing::error!(%error, "the copy of the token's file")).ok()?;
    let CopyRow::V1 { serial: of, file } = postcard::from_bytes(&kept).ok()?;
    (of == serial && form(&file.0, serial) == Form::Whole).then(|| file.0.to_vec())
}

fn write_copy(sealed: &Folder, serial: &str, file: Vec<u8>) -> Result<(), Failure> {
    let row = CopyRow::V1 { serial: serial.to_owned(), file: file.into() };
    let bytes = postcard::to_stdvec(&row).map_err(|error| failed(error.to_string()))?;
    sealed.write(COPY, &bytes).map_err(|error| failed(error.to_string()))
}

fn failed(cause: String) -> Failure {
    Failure::new(Trouble::Other, cause)
}

#[cfg(test)]
mod tests;
