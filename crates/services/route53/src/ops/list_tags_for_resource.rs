//! Lists the tags of one resource; and what all tag operations share.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, ResourceTagSet, Tag, TagResourceType,
};

use crate::Route53;
use crate::rows::{self, Tags, TagsRow, Zone};
use crate::service::Named;

/// `route53:ListTagsForResource`.
pub(super) struct ListTagsForResource;

impl Operation for ListTagsForResource {
    type Shape = keyward_schema::route53::ListTagsForResource;
    type Service = Route53;
    type Subject = Tagged;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &ListTagsForResourceRequest,
        view: &mut View<'_>,
    ) -> Result<(Tagged, Vec<Check>), Fault> {
        let action = "route53:ListTagsForResource";
        let (tagged, check) = tagged(request, view, input.resource_type, &input.resource_id, action).await?;
        Ok((tagged, vec![check]))
    }

    async fn run(_: &Route53, permit: Permit<Self>) -> Result<ListTagsForResourceResponse, RunError> {
        Ok(ListTagsForResourceResponse { resource_tag_set: permit.into_subject().shown()? })
    }
}

/// A resource with its tags.
pub(crate) struct Tagged {
    kind: TagResourceType,
    zone: Named,
    tags: Tags,
}

impl Tagged {
    /// The zone and its tags, or AWS's refusal.
    pub(super) fn found(self) -> Result<(Zone, Tags), Fault> {
        match self.kind {
            TagResourceType::Hostedzone => Ok((self.zone.zone()?, self.tags)),
            // There are no health checks yet.
            TagResourceType::Healthcheck => {
                let text = format!("A health check with id {} does not exist.", self.zone.asked());
                Err(Fault::caller("NoSuchHealthCheck", text))
            }
        }
    }

    /// The tags as answers show them.
    pub(super) fn shown(self) -> Result<ResourceTagSet, Fault> {
        let kind = self.kind;
        let (zone, tags) = self.found()?;
        let tag = |(key, value)| Tag { key: Some(key), value: Some(value) };
        Ok(ResourceTagSet {
            resource_type: Some(kind),
            resource_id: Some(zone.id.to_string()),
            tags: Some(tags.tags.into_iter().map(tag).collect()),
        })
    }
}

/// Finds a resource and its tags, and the permission that `action` on it takes.
pub(super) async fn tagged(
    request: &RequestContext,
    view: &mut View<'_>,
    kind: TagResourceType,
    id: &str,
    action: &'static str,
) -> Result<(Tagged, Check), Fault> {
    let (zone, mut check) = Route53::named(request, view, id, action).await?;
    let mut tags = Tags::default();
    if let Some(zone) = zone.as_zone()
        && let Some(row) = view.get(&rows::tags(&zone.id)).await?
    {
        tags = rows::decode::<TagsRow>(&row)?.into();
    }
    if kind == TagResourceType::Healthcheck {
        let arn = format!("arn:{}:route53:::healthcheck/{}", request.partition, zone.asked());
        check = Check::identity(action, arn, request.account());
    }
    Ok((Tagged { kind, zone, tags }, check))
}
