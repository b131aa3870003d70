//! Key ids and key ARNs (developer guide, "Key identifiers").

use std::fmt;

use keyward_base::{AccountId, Partition, Random, Region};
use serde::{Deserialize, Serialize};

/// A key's id: a UUID in lower case, or `mrk-` and 32 hexadecimal digits for a multi-Region key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct KeyId(String);

/// The places of the dashes in a UUID.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl KeyId {
    /// A fresh id of a single-Region key.
    pub(crate) fn random(random: &dyn Random) -> Self {
        Self(random.uuid())
    }

    /// A fresh id of a multi-Region key.
    pub(crate) fn random_multi_region(random: &dyn Random) -> Self {
        Self(format!("mrk-{}", random.uuid().replace('-', "")))
    }

    /// Whether it names a multi-Region key.
    pub(crate) fn is_multi_region(&self) -> bool {
        self.0.starts_with("mrk-")
    }

    /// The id that `text` is, if it has the form of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let valid = text.strip_prefix("mrk-").map_or_else(|| is_uuid(text), is_multi_region_suffix);
        valid.then(|| Self(text.to_owned()))
    }

    /// The id's text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(place, byte)| if DASHES.contains(&place) { byte == b'-' } else { is_lower_hex(byte) })
}

fn is_multi_region_suffix(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(is_lower_hex)
}

const fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key's full name. It is made from the place of the key's row, never read from a stored copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyArn {
    /// The deployment's partition.
    pub(crate) partition: Partition,
    /// The key's Region.
    pub(crate) region: Region,
    /// The account that owns the key.
    pub(crate) account: AccountId,
    /// The key's id.
    pub(crate) id: KeyId,
}

impl KeyArn {
    /// The multi-Region key with the same id in `region`.
    pub(crate) fn twin(&self, region: &Region) -> Self {
        Self { region: region.clone(), ..self.clone() }
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:kms:{}:{}:key/{}", self.partition, self.region, self.account, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_have_the_form_of_their_kind() {
        let random = keyward_base::SeededRandom::new(1);
        for (id, multi_region) in
            [(KeyId::random(&random), false), (KeyId::random_multi_region(&random), true)]
        {
            assert_eq!(KeyId::parse(id.as_str()), Some(id.clone()));
            assert_eq!(id.is_multi_region(), multi_region);
        }
    }

    #[test]
    fn takes_uuids_and_multi_region_ids_only() {
        for right in ["1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab"] {
            assert_eq!(KeyId::parse(right).map(|id| id.to_string()).as_deref(), Some(right));
        }
        for wrong in [
            "",
            "1234abcd12ab34cd56ef1234567890ab",
            "1234ABCD-12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890a",
            "1234abcd-12ab-34cd-56ef-1234567890aé",
            "mrk-1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234abcd12ab34cd56ef1234567890aG",
            "alias/x",
        ] {
            assert_eq!(KeyId::parse(wrong), None, "{wrong}");
        }
    }
}
