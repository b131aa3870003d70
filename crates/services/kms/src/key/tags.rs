//! A key's tags: at most fifty, keys unique, `aws:` reserved (developer guide, "Tagging keys").

use std::collections::BTreeMap;

use keyward_base::Fault;
use serde::{Deserialize, Serialize};

/// How many tags a key can have.
pub(crate) const TAGS_MAX: usize = 50;

/// Tags by their keys, in order of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The tags of `CreateKey`.
    pub(crate) fn new(given: impl IntoIterator<Item = (String, String)>) -> Result<Self, Fault> {
        Self::default().with(given)
    }

    /// These tags with `given` added or, where a key is already there, put in its place.
    pub(crate) fn with(mut self, given: impl IntoIterator<Item = (String, String)>) -> Result<Self, Fault> {
        let mut added = BTreeMap::new();
        for (key, value) in given {
            if reserved(&key) {
                return Err(refuse("Tags beginning with aws: are reserved"));
            }
            if added.insert(key, value).is_some() {
                return Err(refuse("Duplicate tag keys"));
            }
        }
        self.0.extend(added);
        if self.0.len() > TAGS_MAX { Err(refuse("Too many tags")) } else { Ok(self) }
    }

    /// These tags without those with the given keys; absent keys are ignored.
    #[must_use]
    pub(crate) fn without<'a>(mut self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        for key in keys {
            self.0.remove(key);
        }
        self
    }

    /// The tags in order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The tags whose keys come after `key`, in order.
    pub(crate) fn after<'a>(&'a self, key: Option<&str>) -> impl Iterator<Item = (&'a str, &'a str)> {
        let start = key.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let range = self.0.range::<str, _>((start, std::ops::Bound::Unbounded));
        range.map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

fn reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

fn refuse(message: &str) -> Fault {
    Fault::caller("TagException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(count: usize) -> Vec<(String, String)> {
        (0..count).map(|number| (format!("k{number:02}"), number.to_string())).collect()
    }

    fn text(result: Result<Tags, Fault>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn refuses_too_many_duplicate_and_reserved_tags() {
        assert!(Tags::new(tags(50)).is_ok());
        assert_eq!(text(Tags::new(tags(51))), "TagException: Too many tags");
        let twice = [("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
        assert_eq!(text(Tags::new(twice)), "TagException: Duplicate tag keys");
        let reserved = [("AwS:x".to_owned(), String::new())];
        assert_eq!(text(Tags::new(reserved)), "TagException: Tags beginning with aws: are reserved");
    }

    #[test]
    fn adding_replaces_and_removing_ignores_what_is_not_there() {
        let full = Tags::new(tags(50)).unwrap();
        let changed = full.clone().with([("k00".to_owned(), "new".to_owned())]).unwrap();
        assert_eq!(changed.iter().next(), Some(("k00", "new")));
        assert!(full.clone().with([("other".to_owned(), String::new())]).is_err());
        assert_eq!(full.without(["k00", "nothing"]).iter().count(), 49);
    }

    #[test]
    fn a_page_begins_after_the_last_key() {
        let tags = Tags::new(tags(3)).unwrap();
        let keys: Vec<_> = tags.after(Some("k00")).map(|(key, _)| key).collect();
        assert_eq!(keys, ["k01", "k02"]);
        assert_eq!(tags.after(None).count(), 3);
    }
}
