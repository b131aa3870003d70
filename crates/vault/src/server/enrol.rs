//! Enrolment: makes what the vault's folder lacks, and lets one client in.
//!
//! The order matters. The domain key is written before the session's file, so that a folder with a
//! session has had a domain key; where that is missing, tokens were made that nothing else can open, and a
//! new domain key would hide the loss.

use std::fmt;

use keyward_boundary::seal::{Folder, SealError};
use keyward_boundary::session::credentials::{CHILD_FILE, Credentials};
use keyward_boundary::session::handshake::key_pair;
use zeroize::Zeroizing;

use crate::domain::{Keys, stored};

/// Why the enrolment failed.
#[derive(Debug)]
pub(crate) enum EnrolError {
    Seal(SealError),
    /// There is a session but no domain key.
    DomainLost,
    /// aws-lc or snow failed.
    Internal,
}

impl fmt::Display for EnrolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seal(error) => fmt::Display::fmt(error, f),
            Self::DomainLost => f.write_str(
                "the domain key is gone from the vault's folder: restore domain.sealed and file.key from a \
                 backup; without them no key made before can be used",
            ),
            Self::Internal => f.write_str("making keys failed inside the cryptographic library"),
        }
    }
}

impl From<SealError> for EnrolError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

/// Lets the client with this public key in, and gives the vault's own. The vault's identity stays what it was.
pub(crate) fn enrol(
    folder: &Folder,
    client: [u8; 32],
    psk: Zeroizing<[u8; 32]>,
) -> Result<[u8; 32], EnrolError> {
    let known = folder.holds(CHILD_FILE);
    if !stored::exists(folder) {
        if known {
            return Err(EnrolError::DomainLost);
        }
        stored::write(folder, Keys::fresh().map_err(|_| EnrolError::Internal)?.raw())?;
    }
    let (private, public) = if known {
        let old = Credentials::read_child(folder)?;
        (old.private, old.public)
    } else {
        let (private, public) = key_pair().map_err(|_| EnrolError::Internal)?;
        (Zeroizing::new(private), public)
    };
    Credentials { private, public, peer: client, psk }.write_child(folder)?;
    Ok(public)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::create(place.path()).unwrap_or_else(|error| panic!("{error}"));
        (place, folder)
    }

    fn psk() -> Zeroizing<[u8; 32]> {
        Zeroizing::new([1; 32])
    }

    #[test]
    fn a_second_enrolment_keeps_the_identity_and_the_domain_key() {
        let (_place, folder) = folder();
        let first = enrol(&folder, [1; 32], psk()).unwrap();
        let domain = std::fs::read(folder.path_of("domain.sealed")).unwrap();
        assert_eq!(enrol(&folder, [2; 32], psk()).unwrap(), first);
        assert_eq!(std::fs::read(folder.path_of("domain.sealed")).unwrap(), domain);
        let known = Credentials::read_child(&folder).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(known.peer, [2; 32]);
    }

    #[test]
    fn a_lost_domain_key_is_not_replaced() {
        let (_place, folder) = folder();
        enrol(&folder, [1; 32], psk()).unwrap();
        std::fs::remove_file(folder.path_of("domain.sealed")).unwrap();
        assert!(matches!(enrol(&folder, [1; 32], psk()), Err(EnrolError::DomainLost)));
        assert!(!stored::exists(&folder));
    }

    #[test]
    fn an_enrolment_cut_off_after_the_domain_key_is_finished_by_the_next() {
        let (_place, folder) = folder();
        stored::write(&folder, Keys::fresh().unwrap().raw()).unwrap();
        let domain = std::fs::read(folder.path_of("domain.sealed")).unwrap();
        assert!(enrol(&folder, [1; 32], psk()).is_ok());
        assert_eq!(std::fs::read(folder.path_of("domain.sealed")).unwrap(), domain);
    }
}
