//! What users and roles have in common: rows in a judged view, tags, inline policies.

use keyward_base::Fault;
use keyward_gate::{Check, RequestContext, View};
use keyward_policy::ConditionValues;
use keyward_schema::iam;
use keyward_store::{Key, KeyRange};

use crate::document;
use crate::fault;
use crate::iam::Iam;
use crate::rows::{InlinePolicy, Stored};

/// More rows of one kind than an account can have.
const LISTED_MAX: usize = 10_000;

/// Tags of one user or role.
const TAGS_MAX: usize = 50;

/// The row at `key`, remembered by the view.
pub(crate) async fn load<T: Stored>(view: &mut View<'_>, key: &Key) -> Result<Option<T>, Fault> {
    view.get(key).await?.map(|row| T::decode(&row.value)).transpose()
}

/// All rows below `prefix`, in the order of their names.
pub(crate) async fn list<T: Stored>(view: &mut View<'_>, prefix: &Key) -> Result<Vec<T>, Fault> {
    let rows = view.range(&KeyRange::prefix(prefix), LISTED_MAX).await?;
    rows.iter().map(|row| T::decode(&row.value)).collect()
}

/// Refuses one more row below `prefix` when there are `limit`.
pub(crate) async fn check_quota(iam: &Iam, prefix: &Key, quota: &str, limit: usize) -> Result<(), Fault> {
    let range = KeyRange::prefix(prefix);
    let (rows, _) = iam.store.range(&range, limit).await.map_err(Fault::ours)?;
    if rows.len() < limit { Ok(()) } else { Err(fault::quota(quota, limit)) }
}

/// The checks for making something with tags: one for making, one for tagging.
pub(crate) fn creation_checks(
    request: &RequestContext,
    [make, tag]: [&'static str; 2],
    resource: &str,
    tags: Option<&[iam::Tag]>,
) -> Vec<Check> {
    let check =
        |action| Check::identity(action, resource, request.account()).with_conditions(tag_conditions(tags));
    let tagged = tags.is_some_and(|tags| !tags.is_empty());
    [Some(check(make)), tagged.then(|| check(tag))].into_iter().flatten().collect()
}

/// Which kind of entity has inline policies, for messages and limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyHolder {
    /// `user` or `role`.
    pub(crate) kind: &'static str,
    /// Characters of all its inline policies together, without white space.
    pub(crate) chars_max: usize,
}

/// Users.
pub(crate) const USER: PolicyHolder = PolicyHolder { kind: "user", chars_max: 2048 };
/// Roles.
pub(crate) const ROLE: PolicyHolder = PolicyHolder { kind: "role", chars_max: 10_240 };

impl PolicyHolder {
    /// Puts a policy among `policies`, in place of the one of that name.
    pub(crate) fn put(
        self,
        policies: &mut Vec<InlinePolicy>,
        owner: &str,
        name: &str,
        document: &str,
    ) -> Result<(), Fault> {
        document::check_identity(document)?;
        let policy = InlinePolicy { name: name.to_owned(), document: document.to_owned() };
        match policies.iter_mut().find(|present| present.name == name) {
            Some(present) => *present = policy,
            None => policies.push(policy),
        }
        policies.sort_by(|left, right| left.name.cmp(&right.name));
        let size: usize = policies.iter().map(|policy| document::size(&policy.document)).sum();
        if size > self.chars_max {
            let Self { kind, chars_max } = self;
            let text = format!("Maximum policy size of {chars_max} bytes exceeded for {kind} {owner}");
            return Err(Fault::caller("LimitExceeded", text));
        }
        Ok(())
    }

    /// The document of a policy, as answers show it.
    pub(crate) fn find(self, policies: &[InlinePolicy], name: &str) -> Result<String, Fault> {
        let found = policies.iter().find(|policy| policy.name == name);
        let policy = found.ok_or_else(|| fault::no_such_policy(self.kind, name))?;
        Ok(document::encoded(&policy.document))
    }

    /// Takes a policy away.
    pub(crate) fn remove(self, policies: &mut Vec<InlinePolicy>, name: &str) -> Result<(), Fault> {
        let at = policies.iter().position(|policy| policy.name == name);
        policies.remove(at.ok_or_else(|| fault::no_such_policy(self.kind, name))?);
        Ok(())
    }
}

/// Reads the tags of a request.
pub(crate) fn tags(tags: Option<&[iam::Tag]>) -> Result<Vec<(String, String)>, Fault> {
    let tags = tags.unwrap_or_default();
    if tags.len() > TAGS_MAX {
        return Err(fault::quota("TagsPerEntity", TAGS_MAX));
    }
    let mut read: Vec<(String, String)> = Vec::with_capacity(tags.len());
    for tag in tags {
        if read.iter().any(|(key, _)| key.to_lowercase() == tag.key.to_lowercase()) {
            let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(Fault::caller("InvalidInput", text));
        }
        read.push((tag.key.clone(), tag.value.clone()));
    }
    Ok(read)
}

/// Tags as answers show them; absent when there are none.
pub(crate) fn shown_tags(tags: &[(String, String)]) -> Option<Vec<iam::Tag>> {
    let tag = |(key, value): &(String, String)| iam::Tag { key: key.clone(), value: value.clone() };
    (!tags.is_empty()).then(|| tags.iter().map(tag).collect())
}

/// The condition keys of tags in a request.
pub(crate) fn tag_conditions(tags: Option<&[iam::Tag]>) -> ConditionValues {
    let mut conditions = ConditionValues::new();
    let tags = tags.unwrap_or_default();
    for tag in tags {
        conditions.set(format!("aws:RequestTag/{}", tag.key), tag.value.clone());
    }
    conditions.set_list("aws:TagKeys", tags.iter().map(|tag| tag.key.clone()));
    conditions
}

/// The condition keys of a resource's own tags.
pub(crate) fn resource_conditions(tags: &[(String, String)]) -> ConditionValues {
    let mut conditions = ConditionValues::new();
    for (key, value) in tags {
        conditions.set(format!("aws:ResourceTag/{key}"), value.clone());
        conditions.set(format!("iam:ResourceTag/{key}"), value.clone());
    }
    conditions
}
