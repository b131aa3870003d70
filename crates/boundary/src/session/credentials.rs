//! What each side needs to know to prove itself and to know the other.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::bytes::Octets;
use crate::seal::{Folder, SealError, write_private};

/// The child's file in its sealed folder.
pub const CHILD_FILE: &str = "session.sealed";
/// The client's file.
pub const CLIENT_FILE: &str = "session.key";
const HEAD: &[u8] = b"KWSESS";

/// One side's half of the session.
pub struct Credentials {
    /// Our static private key (X25519).
    pub private: Zeroizing<[u8; 32]>,
    /// Our static public key.
    pub public: [u8; 32],
    /// The other side's static public key.
    pub peer: [u8; 32],
    /// The pre-shared key.
    pub psk: Zeroizing<[u8; 32]>,
}

#[derive(Serialize, Deserialize)]
enum Stored {
    V1 { private: Octets, public: [u8; 32], peer: [u8; 32], psk: Octets },
}

impl Credentials {
    /// Reads the client's half; `None` when there is none yet.
    pub fn read_client(folder: &Path) -> Result<Option<Self>, SealError> {
        let path = folder.join(CLIENT_FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SealError::Disk(path, error)),
        };
        let stored = bytes.strip_prefix(HEAD).and_then(Self::decode);
        stored.map(Some).ok_or(SealError::Damaged(path))
    }

    /// Writes the client's half.
    pub fn write_client(&self, folder: &Path) -> Result<(), SealError> {
        let bytes = Zeroizing::new([HEAD, self.encode().as_slice()].concat());
        write_private(folder, CLIENT_FILE, &bytes)
    }

    /// Reads the child's half.
    pub fn read_child(folder: &Folder) -> Result<Self, SealError> {
        let plain = folder.read(CHILD_FILE)?;
        Self::decode(&plain).ok_or_else(|| SealError::Damaged(folder.path_of(CHILD_FILE)))
    }

    /// Writes the child's half.
    pub fn write_child(&self, folder: &Folder) -> Result<(), SealError> {
        folder.write(CHILD_FILE, &self.encode())
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let stored = Stored::V1 {
            private: self.private.to_vec().into(),
            public: self.public,
            peer: self.peer,
            psk: self.psk.to_vec().into(),
        };
        Zeroizing::new(postcard::to_extend(&stored, Vec::with_capacity(256)).unwrap_or_default())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let Stored::V1 { private, public, peer, psk } = postcard::from_bytes(bytes).ok()?;
        let key = |octets: Octets| octets.0.as_slice().try_into().ok().map(Zeroizing::new);
        Some(Self { private: key(private)?, public, peer, psk: key(psk)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_version_1_is_fixed() {
        let credentials = Credentials {
            private: Zeroizing::new([1; 32]),
            public: [2; 32],
            peer: [3; 32],
            psk: Zeroizing::new([4; 32]),
        };
        let expected = [&[0, 32][..], &[1; 32], &[2; 32], &[3; 32], &[32], &[4; 32]].concat();
        assert_eq!(*credentials.encode(), expected);
        let folder = tempfile::tempdir().unwrap();
        assert!(Credentials::read_client(folder.path()).unwrap().is_none());
        credentials.write_client(folder.path()).unwrap();
        let read = Credentials::read_client(folder.path()).unwrap().unwrap();
        assert_eq!((*read.private, read.public, read.peer, *read.psk), ([1; 32], [2; 32], [3; 32], [4; 32]));
    }
}
