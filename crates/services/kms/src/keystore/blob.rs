//! The ciphertext of a key in a custom key store: a clear header that is authenticated, then what the HSM made.
//!
//! ```text
//! version (1) | made by a cluster (2) | length of key id (1) | key id | material id (32)
//! | IV (12) | AES-256-GCM ciphertext | tag (16)
//! ```
//!
//! The header stands in the HSM's associated data before the encryption context, so that a ciphertext belongs to
//! its KMS key and not only to its material. The vault's own blobs have another second byte.

use keyward_vault::{EncryptionContext, MaterialId};

use crate::key::KeyId;

const VERSION: u8 = 1;
const BY_CLUSTER: u8 = 2;
/// IV and tag.
const SEALED_BYTES_MIN: usize = 12 + 16;

/// A ciphertext taken apart. Nothing in it is to be believed until an HSM has decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClusterBlob<'a> {
    /// The key's id.
    pub(crate) key_id: &'a str,
    /// Which of its materials made it.
    pub(crate) material_id: MaterialId,
    /// All of the above, as it is authenticated.
    header: &'a [u8],
    /// What the HSM made.
    pub(crate) sealed: &'a [u8],
}

/// The header of what `key` encrypts.
pub(crate) fn header(key: &KeyId, material_id: MaterialId) -> Vec<u8> {
    let id = key.as_str().as_bytes();
    // A key's id has 36 characters.
    let length = u8::try_from(id.len()).unwrap_or(u8::MAX);
    [&[VERSION, BY_CLUSTER, length][..], id, &material_id.0].concat()
}

/// What the HSM authenticates with the data: the header, then the encryption context.
pub(crate) fn associated_data(header: &[u8], context: &EncryptionContext) -> Vec<u8> {
    [header, &context.canonical()].concat()
}

impl<'a> ClusterBlob<'a> {
    /// Takes a ciphertext apart; `None` when no cluster made it.
    pub(crate) fn parse(blob: &'a [u8]) -> Option<Self> {
        let (&[VERSION, BY_CLUSTER, length], rest) = blob.split_first_chunk::<3>()? else { return None };
        let (key_id, rest) = rest.split_at_checked(usize::from(length))?;
        let (material, sealed) = rest.split_first_chunk::<32>()?;
        let (header, _) = blob.split_at_checked(blob.len().checked_sub(sealed.len())?)?;
        let key_id = std::str::from_utf8(key_id).ok()?;
        let whole = sealed.len() >= SEALED_BYTES_MIN;
        whole.then_some(Self { key_id, material_id: MaterialId(*material), header, sealed })
    }

    /// What the HSM has authenticated with it.
    pub(crate) fn associated_data(&self, context: &EncryptionContext) -> Vec<u8> {
        associated_data(self.header, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_read_back_and_others_are_not_taken_for_one() {
        let id = KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap();
        let material = MaterialId([7; 32]);
        let header = header(&id, material);
        let blob = [header.as_slice(), &[9; 40]].concat();
        let parsed = ClusterBlob::parse(&blob).unwrap();
        assert_eq!((parsed.key_id, parsed.material_id, parsed.sealed.len()), (id.as_str(), material, 40));
        let context: EncryptionContext = [("a", "b")].into_iter().collect();
        assert_eq!(parsed.associated_data(&context), associated_data(&header, &context));
        assert_ne!(parsed.associated_data(&context), parsed.associated_data(&EncryptionContext::empty()));
        for cut in 0..header.len() + SEALED_BYTES_MIN {
            assert_eq!(ClusterBlob::parse(blob.get(..cut).unwrap()), None, "{cut} bytes");
        }
        assert!(keyward_vault::parse_ciphertext_header(&blob).is_none());
    }
}
