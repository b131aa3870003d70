//! Adds, changes and removes tags.

use std::collections::BTreeSet;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{ChangeTagsForResourceRequest, ChangeTagsForResourceResponse};

use super::list_tags_for_resource::{Tagged, tagged};
use crate::Route53;
use crate::rows::{self, Tags, TagsRow};

/// Tags a resource may have.
const TAGS_MAX: usize = 10;

/// `route53:ChangeTagsForResource`.
pub(super) struct ChangeTagsForResource;

impl Operation for ChangeTagsForResource {
    type Shape = keyward_schema::route53::ChangeTagsForResource;
    type Service = Route53;
    type Subject = Tagged;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &ChangeTagsForResourceRequest,
        view: &mut View<'_>,
    ) -> Result<(Tagged, Vec<Check>), Fault> {
        let action = "route53:ChangeTagsForResource";
        let (tagged, mut check) =
            tagged(request, view, input.resource_type, &input.resource_id, action).await?;
        let removed = input.remove_tag_keys.iter().flatten().cloned();
        let mut keys: BTreeSet<String> = removed.collect();
        for tag in input.add_tags.iter().flatten() {
            let key = tag.key.clone().unwrap_or_default();
            check = check.with(format!("aws:RequestTag/{key}"), tag.value.clone().unwrap_or_default());
            keys.insert(key);
        }
        check.conditions.set_list("aws:TagKeys", keys);
        Ok((tagged, vec![check]))
    }

    async fn run(service: &Route53, permit: Permit<Self>) -> Result<ChangeTagsForResourceResponse, RunError> {
        let txn = permit.txn();
        let added: Vec<(String, String)> = permit
            .input()
            .add_tags
            .iter()
            .flatten()
            .map(|tag| (tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default()))
            .collect();
        let removed = permit.input().remove_tag_keys.clone().unwrap_or_default();
        let (zone, tags) = permit.into_subject().found()?;
        let tags = changed(tags, added, &removed)?;
        service.store.txn(txn.put(rows::tags(&zone.id), rows::encode(&TagsRow::V1(tags))?)).await?;
        Ok(ChangeTagsForResourceResponse::default())
    }
}

fn changed(mut tags: Tags, added: Vec<(String, String)>, removed: &[String]) -> Result<Tags, Fault> {
    let invalid = |text: String| Err(Fault::caller("InvalidInput", text));
    if added.is_empty() && removed.is_empty() {
        return invalid("AddTags or RemoveTagKeys must be given.".to_owned());
    }
    for key in removed {
        tags.tags.remove(key);
    }
    for (key, value) in added {
        if key.is_empty() || key.to_ascii_lowercase().starts_with("aws:") {
            return invalid(format!("The tag key '{key}' is not valid."));
        }
        if removed.contains(&key) {
            return invalid(format!("The tag key '{key}' is both in AddTags and in RemoveTagKeys."));
        }
        tags.tags.insert(key, value);
    }
    if tags.tags.len() > TAGS_MAX {
        return invalid(format!("A resource can have at most {TAGS_MAX} tags."));
    }
    Ok(tags)
}
