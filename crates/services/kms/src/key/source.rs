//! Where a key's material comes from, and with it where it is kept.

use std::fmt;

use keyward_base::Random;
use keyward_vault::KeyOrigin;
use serde::{Deserialize, Serialize};

/// A key's origin with what that origin needs: a key is in a custom key store if and only if its origin says
/// so. The order of variants is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// `AWS_KMS`: the vault makes its material.
    Vault,
    /// `EXTERNAL`: its material is imported.
    External,
    /// `AWS_CLOUDHSM`: its material is a key of a CloudHSM cluster.
    CloudHsm(CustomKeyStoreId),
    /// `EXTERNAL_KEY_STORE`: what the vault encrypts is encrypted once more outside.
    ExternalKeyStore {
        /// The store.
        store: CustomKeyStoreId,
        /// The external key's name there (`XksKeyId`).
        external_key: String,
    },
}

impl Source {
    /// The origin as the API names it.
    pub(crate) const fn origin(&self) -> KeyOrigin {
        match self {
            Self::Vault => KeyOrigin::AwsKms,
            Self::External => KeyOrigin::External,
            Self::CloudHsm(_) => KeyOrigin::AwsCloudHsm,
            Self::ExternalKeyStore { .. } => KeyOrigin::ExternalKeyStore,
        }
    }

    /// The custom key store that it is in.
    pub(crate) const fn store(&self) -> Option<&CustomKeyStoreId> {
        match self {
            Self::CloudHsm(store) | Self::ExternalKeyStore { store, .. } => Some(store),
            Self::Vault | Self::External => None,
        }
    }
}

/// A custom key store's id: `cks-` and 17 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct CustomKeyStoreId(String);

const STORE_DIGITS: usize = 17;

impl CustomKeyStoreId {
    /// A fresh id.
    pub(crate) fn random(random: &dyn Random) -> Self {
        let mut bytes = [0; STORE_DIGITS.div_ceil(2)];
        random.fill(&mut bytes);
        let digits = data_encoding::HEXLOWER.encode(&bytes);
        Self(format!("cks-{}", digits.get(..STORE_DIGITS).unwrap_or(&digits)))
    }

    /// The id's text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that `text` is, if it has the form of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("cks-")?;
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        let valid = digits.len() == STORE_DIGITS && digits.bytes().all(hexadecimal);
        valid.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for CustomKeyStoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_id_has_seventeen_digits() {
        let right = "cks-0123456789abcdef0";
        assert_eq!(CustomKeyStoreId::parse(right).map(|id| id.to_string()).as_deref(), Some(right));
        for wrong in ["", "cks-", "cks-0123456789abcdef", "cks-0123456789ABCDEF0", "0123456789abcdef0"] {
            assert_eq!(CustomKeyStoreId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_fresh_id_has_the_form_that_is_read() {
        let id = CustomKeyStoreId::random(&keyward_base::SeededRandom::new(1));
        assert_eq!(CustomKeyStoreId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn a_key_is_in_a_store_where_its_origin_says_so() {
        let store = CustomKeyStoreId::parse("cks-0123456789abcdef0").unwrap();
        for (source, origin, inside) in [
            (Source::Vault, KeyOrigin::AwsKms, false),
            (Source::External, KeyOrigin::External, false),
            (Source::CloudHsm(store.clone()), KeyOrigin::AwsCloudHsm, true),
        ] {
            assert_eq!((source.origin(), source.store().is_some()), (origin, inside));
        }
        let external = Source::ExternalKeyStore { store: store.clone(), external_key: "k".to_owned() };
        assert_eq!((external.origin(), external.store()), (KeyOrigin::ExternalKeyStore, Some(&store)));
    }
}
