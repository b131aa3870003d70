//! The domain keys on disk: a versioned value in a sealed file.

use keyward_boundary::seal::{Folder, SealError};
use serde::{Deserialize, Serialize};

use crate::domain::Keys;
use crate::mechanism::Secret;
use crate::protocol::bytes::Octets;

const FILE: &str = "domain.sealed";

#[derive(Serialize, Deserialize)]
enum Stored {
    V1(Vec<(u32, Octets)>),
}

/// Whether the folder holds domain keys.
pub(crate) fn exists(folder: &Folder) -> bool {
    folder.holds(FILE)
}

/// Reads the domain keys.
pub(crate) fn read(folder: &Folder) -> Result<Keys, SealError> {
    let plain = folder.read(FILE)?;
    let damaged = || SealError::Damaged(folder.path_of(FILE));
    let Stored::V1(rows) = postcard::from_bytes(&plain).map_err(|_| damaged())?;
    let keys = rows.into_iter().map(|(version, key)| (version, Secret::new(key.0.to_vec())));
    Keys::from_raw(keys).map_err(|_| damaged())
}

/// Replaces the domain keys; they are on the disk when this returns.
pub(crate) fn write<'a>(
    folder: &Folder,
    keys: impl Iterator<Item = (u32, &'a Secret)>,
) -> Result<(), SealError> {
    let rows = keys.map(|(version, key)| (version, key.expose().to_vec().into()));
    folder.write(FILE, encode(Stored::V1(rows.collect())).expose())
}

fn encode(stored: Stored) -> Secret {
    let Stored::V1(rows) = &stored;
    let buffer = Vec::with_capacity(16 + rows.len() * 48);
    Secret::new(postcard::to_extend(&stored, buffer).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_version_1_is_fixed() {
        let stored = Stored::V1(vec![(0, vec![7; 32].into()), (300, vec![8; 32].into())]);
        let expected = [&[0, 2, 0, 32][..], &[7; 32], &[0xac, 2, 32], &[8; 32]].concat();
        assert_eq!(encode(stored).expose(), expected);
    }
}
