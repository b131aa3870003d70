//! Tags of clusters and backups: at most fifty, keys unique, `aws:` reserved (user guide, "Tagging resources").

use std::collections::BTreeMap;

use keyward_base::Fault;
use keyward_gate::Check;
use keyward_schema::cloudhsmv2::Tag;
use serde::{Deserialize, Serialize};

use crate::fault;

/// How many tags a resource can have.
const TAGS_MAX: usize = 50;

/// Tags by their keys, in order of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The tags that a request gives for a new resource.
    pub(crate) fn given(list: Option<&[Tag]>) -> Result<Self, Fault> {
        Self::default().with(list.unwrap_or_default())
    }

    /// These tags with `given` added or, where a key is already there, put in its place.
    pub(crate) fn with(mut self, given: &[Tag]) -> Result<Self, Fault> {
        let mut added = BTreeMap::new();
        for tag in given {
            check_own(&tag.key)?;
            if added.insert(tag.key.clone(), tag.value.clone()).is_some() {
                return Err(fault::tags(format!("The tag key {} is given twice.", tag.key)));
            }
        }
        self.0.extend(added);
        if self.0.len() > TAGS_MAX {
            let text = format!("A resource can have at most {TAGS_MAX} tags.");
            return Err(Fault::caller("CloudHsmResourceLimitExceededException", text));
        }
        Ok(self)
    }

    /// These tags without those with the given keys; absent keys are ignored.
    pub(crate) fn without(mut self, keys: &[String]) -> Result<Self, Fault> {
        for key in keys {
            check_own(key)?;
            self.0.remove(key);
        }
        Ok(self)
    }

    /// The tags, in order of their keys.
    pub(crate) fn shown(&self) -> Vec<Tag> {
        self.0.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
    }

    /// `check` with what these tags say of the resource (`aws:ResourceTag/…`).
    pub(crate) fn of_resource(&self, mut check: Check) -> Check {
        for (key, value) in &self.0 {
            check.conditions.set(format!("aws:ResourceTag/{key}"), value.clone());
        }
        check
    }
}

/// `check` with the tags that the request gives (`aws:RequestTag/…`, `aws:TagKeys`).
pub(crate) fn of_request(mut check: Check, given: &[Tag]) -> Check {
    for tag in given {
        check.conditions.set(format!("aws:RequestTag/{}", tag.key), tag.value.clone());
    }
    with_keys(check, given.iter().map(|tag| tag.key.clone()))
}

/// `check` with the tag keys that the request names.
pub(crate) fn with_keys(mut check: Check, keys: impl IntoIterator<Item = String>) -> Check {
    check.conditions.set_list("aws:TagKeys", keys);
    check
}

/// Tags that AWS itself makes are not the customer's to set or remove.
fn check_own(key: &str) -> Result<(), Fault> {
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        return Err(fault::tags("Tag keys that begin with aws: are reserved."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.to_owned(), value: value.to_owned() }
    }

    fn many(count: usize) -> Vec<Tag> {
        (0..count).map(|number| tag(&format!("k{number:02}"), "v")).collect()
    }

    #[test]
    fn refuses_too_many_duplicate_and_reserved_tags() {
        assert!(Tags::given(Some(&many(50))).is_ok());
        let code = |given: &[Tag]| Tags::given(Some(given)).unwrap_err().code().to_owned();
        assert_eq!(code(&many(51)), "CloudHsmResourceLimitExceededException");
        assert_eq!(code(&[tag("a", "1"), tag("a", "2")]), "CloudHsmTagException");
        assert_eq!(code(&[tag("AwS:x", "")]), "CloudHsmTagException");
    }

    #[test]
    fn adding_replaces_and_removing_ignores_what_is_not_there() {
        let tags = Tags::given(Some(&many(50))).unwrap().with(&[tag("k00", "new")]).unwrap();
        assert_eq!(tags.shown()[0], tag("k00", "new"));
        assert!(tags.clone().without(&["aws:x".to_owned()]).is_err());
        assert_eq!(tags.without(&["k00".to_owned(), "none".to_owned()]).unwrap().shown().len(), 49);
    }
}
