//! Enrolment: makes what the HSM's folder lacks (identity, fleet key, token), and lets one client in.
//!
//! The order matters. The session's file is written last, so that a folder with a session has had everything else; what is missing
//! there was lost, and is not made anew.

use std::path::Path;

use keyward_boundary::seal::Folder;
use keyward_boundary::server::process::{self, Failure};
use keyward_boundary::session::credentials::{CHILD_FILE, Credentials};
use keyward_boundary::session::handshake::key_pair;
use zeroize::Zeroizing;

use crate::instance::Identity;
use crate::protocol::KIND;
use crate::server::fleet_key;
use crate::server::process::Place;
use crate::token::pkcs11;

/// Lets the client with this public key in, and tells it the HSM's own. The HSM's identity stays what it was.
pub(crate) fn enrol(folder: &Path, fleet: &Path, place: &Place, client: [u8; 32]) -> Result<(), Failure> {
    let sealed = Folder::create(folder)?;
    let _lock = process::lock(&KIND, folder)?;
    let psk = process::pre_shared_key()?;
    let known = sealed.holds(CHILD_FILE);
    if known && !Identity::exists(&sealed) {
        return Err("the HSM's identity is gone from its folder: destroy the HSM and create another".into());
    }
    if !known {
        make(folder, &sealed, fleet, place)?;
    }
    let (private, public) = if known {
        let old = Credentials::read_child(&sealed)?;
        (old.private, old.public)
    } else {
        let (private, public) = key_pair()?;
        (Zeroizing::new(private), public)
    };
    Credentials { private, public, peer: client, psk }.write_child(&sealed)?;
    process::say_who(&public);
    Ok(())
}

/// Makes what the folder lacks; what an attempt that was cut off has made stays.
fn make(folder: &Path, sealed: &Folder, fleet: &Path, place: &Place) -> Result<(), Failure> {
    if !Identity::exists(sealed) {
        Identity::make(sealed)?;
    }
    let identity = Identity::read(Folder::open(folder)?)?;
    identity.join_fleet(&*fleet_key::of(fleet)?)?;
    if let Place::Pkcs11(settings) = place {
        let claimed = pkcs11::enrol(settings, sealed, identity.serial);
        claimed.map_err(|error| format!("the PKCS#11 token: {error}"))?;
    }
    Ok(())
}
