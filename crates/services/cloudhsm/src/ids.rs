//! Ids: a prefix and characters of the base32 alphabet in lower case, eleven of them as AWS makes them (the model:
//! `[2-7a-zA-Z]{11,16}`). Those of clusters and HSMs belong to the HSMs' own crate.

use std::fmt;
use std::str::FromStr;

use keyward_base::{Fault, Random};
use keyward_hsm::{ClusterId, HsmId};
use serde::{Deserialize, Serialize};

use crate::fault;

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
const LENGTH: usize = 11;

/// A backup's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct BackupId(String);

impl BackupId {
    /// A fresh id.
    pub(crate) fn random(random: &dyn Random) -> Self {
        Self(text("backup-", random))
    }

    /// Reads an id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("backup-")?;
        let base32 = |byte: u8| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte);
        let fits = (11..=16).contains(&rest.len()) && rest.bytes().all(base32);
        fits.then(|| Self(text.to_owned()))
    }

    /// Its text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A fresh cluster id.
pub(crate) fn random_cluster(random: &dyn Random) -> Result<ClusterId, Fault> {
    parsed(&text("cluster-", random))
}

/// A fresh HSM id.
pub(crate) fn random_hsm(random: &dyn Random) -> Result<HsmId, Fault> {
    parsed(&text("hsm-", random))
}

fn text(prefix: &str, random: &dyn Random) -> String {
    format!("{prefix}{}", random.text(ALPHABET, LENGTH))
}

fn parsed<T: FromStr<Err = keyward_hsm::IdError>>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(fault::internal)
}

#[cfg(test)]
mod tests {
    use keyward_base::SeededRandom;

    use super::*;

    #[test]
    fn random_ids_are_ids_of_awss_length() {
        let random = SeededRandom::new(1);
        for _ in 0..100 {
            assert_eq!(random_cluster(&random).unwrap().as_str().len(), "cluster-1a23b4cdefg".len());
            assert_eq!(random_hsm(&random).unwrap().as_str().len(), "hsm-abcdefghijk".len());
            let backup = BackupId::random(&random);
            assert_eq!(BackupId::parse(backup.as_str()), Some(backup.clone()));
        }
    }

    #[test]
    fn refuses_what_the_model_refuses() {
        assert!(BackupId::parse("backup-ABCDEFGHIJKLMNOP").is_some());
        for wrong in [
            "",
            "backup-",
            "backup-abcdefghij",
            "backup-abcdefghij1",
            "backup-abcdefghij/",
            "hsm-abcdefghijk",
        ] {
            assert_eq!(BackupId::parse(wrong), None, "{wrong}");
        }
    }
}
