//! The child's own folder: files sealed with AES-256-GCM under a file key, written so that a crash at any
//! moment leaves the old file or the new one.
//!
//! ```text
//! "KWSEAL" | version (1) | sealing (1: file key) | nonce (12) | ciphertext | tag (16)
//! ```
//!
//! The file's name is associated data, so that one sealed file cannot take another's place. Other ways of
//! sealing (passphrase, PKCS#11 token, quorum) will be further values of the sealing byte.

mod write;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

pub use write::{create_private_folder, write_private};

const FILE_KEY: &str = "file.key";
const KEY_BYTES: usize = 32;
const HEAD: &[u8] = b"KWSEAL\x01\x01";

/// A folder whose files are sealed under its file key.
pub struct Folder {
    path: PathBuf,
    key: LessSafeKey,
}

/// Why a sealed file could not be read or written. No variant carries its content.
#[derive(Debug)]
pub enum SealError {
    /// The disk said no.
    Disk(PathBuf, io::Error),
    /// The file was changed, cut, or sealed under another key.
    Damaged(PathBuf),
    /// The file is of a newer version of Keyward.
    Newer(PathBuf),
    /// aws-lc failed.
    Internal,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Damaged(path) => {
                write!(f, "{} is damaged or not sealed with this folder's file.key", path.display())
            }
            Self::Newer(path) => write!(f, "{} was written by a newer version", path.display()),
            Self::Internal => f.write_str("sealing failed inside the cryptographic library"),
        }
    }
}

impl std::error::Error for SealError {}

impl Folder {
    /// Opens the folder; makes it and its file key where they are not there yet.
    pub fn create(path: &Path) -> Result<Self, SealError> {
        create_private_folder(path)?;
        if !Self::is_one(path) {
            let mut key = Zeroizing::new([0; KEY_BYTES]);
            aws_lc_rs::rand::fill(&mut *key).map_err(|_| SealError::Internal)?;
            write_private(path, FILE_KEY, &*key)?;
        }
        Self::open(path)
    }

    /// Whether there is such a folder.
    pub fn is_one(path: &Path) -> bool {
        path.join(FILE_KEY).exists()
    }

    /// Opens a folder that is there already.
    pub fn open(path: &Path) -> Result<Self, SealError> {
        let file = path.join(FILE_KEY);
        let raw = Zeroizing::new(fs::read(&file).map_err(|error| SealError::Disk(file.clone(), error))?);
        let key = UnboundKey::new(&AES_256_GCM, &raw).map_err(|_| SealError::Damaged(file))?;
        Ok(Self { path: path.to_owned(), key: LessSafeKey::new(key) })
    }

    /// Whether a file of this name is there.
    pub fn holds(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    /// Where a file of this name is.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads and unseals a file.
    pub fn read(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let path = self.path.join(name);
        let bytes = fs::read(&path).map_err(|error| SealError::Disk(path.clone(), error))?;
        let Some(rest) = bytes.strip_prefix(HEAD) else {
            let ours = bytes.starts_with(b"KWSEAL");
            return Err(if ours { SealError::Newer(path) } else { SealError::Damaged(path) });
        };
        self.unseal(name, rest).ok_or(SealError::Damaged(path))
    }

    fn unseal(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
        let mut plain = Zeroizing::new(vec![0; body.len()]);
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.key.open_separate_gather(nonce, associated(name), body, tag, &mut plain).ok()?;
        Some(plain)
    }

    /// Seals and replaces a file; it is on the disk when this returns.
    pub fn write(&self, name: &str, plain: &[u8]) -> Result<(), SealError> {
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| SealError::Internal)?;
        let mut body = Zeroizing::new(plain.to_vec());
        let sealed = self.key.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            associated(name),
            body.as_mut_slice(),
        );
        let tag = sealed.map_err(|_| SealError::Internal)?;
        write_private(&self.path, name, &[HEAD, &nonce, body.as_slice(), tag.as_ref()].concat())
    }
}

fn associated(name: &str) -> Aad<Vec<u8>> {
    Aad::from([HEAD, name.as_bytes()].concat())
}

#[cfg(test)]
mod tests;
