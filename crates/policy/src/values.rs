//! The condition keys that a request carries, with their values.
//!
//! Keys are compared without regard to case, as IAM does. A key that is set to an empty list counts
//! as absent.

use std::borrow::Cow;

/// A condition key's value or key, borrowed where it is a constant.
type Text = Cow<'static, str>;

/// The condition keys of a request with their values, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConditionValues {
    entries: Vec<(Text, Values)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    One([Text; 1]),
    Many(Vec<Text>),
}

impl ConditionValues {
    /// No keys.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Sets a single-valued key, such as `kms:KeySpec`; booleans as `true`/`false`, numbers in decimal.
    pub fn set(&mut self, key: impl Into<Text>, value: impl Into<Text>) {
        self.insert(key.into(), Values::One([value.into()]));
    }

    /// Sets a multi-valued key, such as `aws:TagKeys`.
    pub fn set_list<V: Into<Text>>(&mut self, key: impl Into<Text>, values: impl IntoIterator<Item = V>) {
        let values = values.into_iter().map(Into::into).collect();
        self.insert(key.into(), Values::Many(values));
    }

    /// The same with a single-valued key set.
    #[must_use]
    pub fn with(mut self, key: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.set(key, value);
        self
    }

    /// The same with a multi-valued key set.
    #[must_use]
    pub fn with_list<V: Into<Text>>(
        mut self,
        key: impl Into<Text>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.set_list(key, values);
        self
    }

    /// Sets every key of `others` too.
    pub fn extend(&mut self, others: Self) {
        for (key, values) in others.entries {
            self.insert(key, values);
        }
    }

    /// The values of `key`; `None` when it is absent or its list is empty.
    pub fn get(&self, key: &str) -> Option<&[Cow<'static, str>]> {
        // Lengths first: most keys differ by length, and this is asked very often.
        let same = |name: &str| name.len() == key.len() && name.eq_ignore_ascii_case(key);
        let (_, values) = self.entries.iter().find(|(name, _)| same(name))?;
        let values = match values {
            Values::One(one) => one.as_slice(),
            Values::Many(many) => many.as_slice(),
        };
        Some(values).filter(|values| !values.is_empty())
    }

    fn insert(&mut self, key: Text, values: Values) {
        match self.entries.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(&key)) {
            Some((_, present)) => *present = values,
            None => self.entries.push((key, values)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keys_in_any_case_and_takes_empty_lists_for_absent() {
        let values = ConditionValues::new()
            .with("kms:KeySpec", "RSA_2048")
            .with_list("aws:TagKeys", ["a", "b"])
            .with_list("kms:ResourceAliases", Vec::<String>::new());
        assert_eq!(values.get("KMS:keyspec").map(<[_]>::len), Some(1));
        assert_eq!(values.get("aws:tagkeys").map(<[_]>::len), Some(2));
        assert_eq!(values.get("kms:ResourceAliases"), None);
        assert_eq!(values.get("aws:SourceIp"), None);
    }

    #[test]
    fn the_last_setting_of_a_key_counts() {
        let values = ConditionValues::new().with("a:b", "1").with("A:B", "2");
        assert_eq!(values.get("a:b").and_then(<[_]>::first).map(AsRef::as_ref), Some("2"));
    }
}
