//! Ids of hosted zones and changes, as they stand in URLs, answers and row keys.

use std::fmt;

use keyward_base::Random;
use serde::{Deserialize, Serialize};

const UPPER_ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Characters after the leading letter: with the longest prefix an id is as long as the model allows, so that
/// clients that send it as answers show it are understood.
const RANDOM_CHARACTERS: usize = 19;
/// Longest id that the model allows (`ResourceId`).
const ID_CHARACTERS_MAX: usize = 32;

macro_rules! resource_id {
    ($(#[$doc:meta])* $name:ident, $letter:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(String);

        impl $name {
            /// A fresh id.
            pub fn random(random: &dyn Random) -> Self {
                Self(format!("{}{}", $letter, random.text(UPPER_ALNUM, RANDOM_CHARACTERS)))
            }

            /// Reads an id with or without its prefix. `None` when no such id can exist.
            pub fn parse(text: &str) -> Option<Self> {
                let bare = bare_id(text);
                let fits = (1..=ID_CHARACTERS_MAX).contains(&bare.len())
                    && bare.bytes().all(|byte| UPPER_ALNUM.contains(&byte));
                fits.then(|| Self(bare.to_owned()))
            }

            /// The id without its prefix.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as answers show it, with its prefix.
            pub fn with_prefix(&self) -> String {
                format!("{}{}", $prefix, self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

resource_id! {
    /// A hosted zone's id: `Z` and upper-case letters or digits.
    ZoneId, "Z", "/hostedzone/"
}

resource_id! {
    /// A change's id: `C` and upper-case letters or digits.
    ChangeId, "C", "/change/"
}

/// An id without all that stands before its last slash, as the SDKs cut it too.
pub(crate) fn bare_id(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use keyward_base::SeededRandom;

    use super::*;

    #[test]
    fn random_ids_look_like_those_of_aws() {
        let zone = ZoneId::random(&SeededRandom::new(1));
        assert_eq!(zone.with_prefix().len(), ID_CHARACTERS_MAX);
        assert!(zone.as_str().starts_with('Z'));
        assert_eq!(zone.with_prefix(), format!("/hostedzone/{zone}"));
    }

    #[test]
    fn ids_come_with_and_without_their_prefix() {
        for text in ["Z1", "/hostedzone/Z1", "hostedzone/Z1"] {
            assert_eq!(ZoneId::parse(text).unwrap().as_str(), "Z1");
        }
    }

    #[test]
    fn what_can_be_no_id_never_reaches_a_row_key() {
        let long = "Z".repeat(33);
        for wrong in ["", "z1", "Z-1", "/hostedzone/", "Z1\0", long.as_str()] {
            assert_eq!(ZoneId::parse(wrong), None, "{wrong:?}");
        }
    }
}
