//! The encryption context and its canonical form, which is authenticated with a symmetric ciphertext.

use std::collections::BTreeMap;

/// KMS's `EncryptionContext`: pairs whose order does not matter and whose case does. Empty equals absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// A context without pairs.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The canonical bytes: pairs sorted by the UTF-8 bytes of the key, each key and value behind its length
    /// (4 bytes, big endian). No pair gives no bytes. Two different contexts never share a form.
    pub fn canonical(&self) -> Vec<u8> {
        let size = self.0.iter().map(|(key, value)| key.len() + value.len() + 8).sum();
        let mut bytes = Vec::with_capacity(size);
        for text in self.0.iter().flat_map(|(key, value)| [key, value]) {
            // A length over 4 GiB can't reach here: the edge limits a request to far less.
            bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for EncryptionContext {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs.iter().copied().collect()
    }

    #[test]
    fn order_does_not_matter_and_case_does() {
        assert_eq!(
            context(&[("a", "1"), ("B", "2")]).canonical(),
            context(&[("B", "2"), ("a", "1")]).canonical()
        );
        assert_ne!(context(&[("a", "1")]).canonical(), context(&[("A", "1")]).canonical());
    }

    #[test]
    fn pairs_can_not_run_into_each_other() {
        assert_ne!(context(&[("ab", "c")]).canonical(), context(&[("a", "bc")]).canonical());
        assert_ne!(
            context(&[("a", ""), ("b", "")]).canonical(),
            context(&[("a", "\0\0\0\u{1}b\0\0\0\0")]).canonical()
        );
    }

    #[test]
    fn the_form_is_fixed() {
        assert_eq!(context(&[("k", "vw")]).canonical(), b"\0\0\0\x01k\0\0\0\x02vw");
        assert!(EncryptionContext::empty().canonical().is_empty());
    }
}
