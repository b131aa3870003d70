//! The fleet key: made by the first HSM of a deployment, sealed in the fleet's folder, taken over by every other at its enrolment.
//!
//! Only HSMs' processes read it. A deployment that loses it can make new backups, but restore none of the old ones.

use std::path::Path;

use keyward_boundary::bytes::Octets;
use keyward_boundary::seal::Folder;
use keyward_boundary::server::process::{self, Failure};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::protocol::KIND;

const FILE: &str = "key.sealed";

#[derive(Serialize, Deserialize)]
enum Stored {
    V1(Octets),
}

/// The fleet's key; made now if there is none.
pub(crate) fn of(folder: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    keyward_boundary::seal::create_private_folder(folder)?;
    // Two first HSMs at once must not make two keys.
    let _lock = process::lock(&KIND, folder)?;
    let sealed = Folder::create(folder)?;
    if sealed.holds(FILE) {
        let plain = sealed.read(FILE)?;
        let stored = postcard::from_bytes(&plain).ok();
        let key = stored.and_then(|Stored::V1(key)| <[u8; 32]>::try_from(key.0.as_slice()).ok());
        return key.map(Zeroizing::new).ok_or_else(|| "the fleet key is damaged".into());
    }
    let mut key = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *key)?;
    let stored = Stored::V1(key.to_vec().into());
    let plain = Zeroizing::new(postcard::to_extend(&stored, Vec::with_capacity(64))?);
    sealed.write(FILE, &plain)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_has_one_key_and_a_damaged_one_is_not_replaced() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("fleet");
        let first = of(&folder).unwrap();
        assert_eq!(of(&folder).unwrap(), first);
        let file = folder.join(FILE);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert!(of(&folder).is_err());
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
    }

    #[test]
    fn the_form_of_version_1_is_fixed() {
        let stored = Stored::V1(vec![7; 32].into());
        assert_eq!(postcard::to_allocvec(&stored).unwrap(), [&[0, 32][..], &[7; 32]].concat());
    }
}
