//! Lists the tags of up to ten resources.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{ListTagsForResourcesRequest, ListTagsForResourcesResponse};

use super::list_tags_for_resource::{Tagged, tagged};
use crate::Route53;

/// `route53:ListTagsForResources`.
pub(super) struct ListTagsForResources;

impl Operation for ListTagsForResources {
    type Shape = keyward_schema::route53::ListTagsForResources;
    type Service = Route53;
    type Subject = Vec<Tagged>;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &ListTagsForResourcesRequest,
        view: &mut View<'_>,
    ) -> Result<(Vec<Tagged>, Vec<Check>), Fault> {
        let (mut resources, mut checks) = (Vec::new(), Vec::new());
        for id in &input.resource_ids {
            let action = "route53:ListTagsForResources";
            let (resource, check) = tagged(request, view, input.resource_type, id, action).await?;
            resources.push(resource);
            checks.push(check);
        }
        Ok((resources, checks))
    }

    async fn run(_: &Route53, permit: Permit<Self>) -> Result<ListTagsForResourcesResponse, RunError> {
        let sets: Result<Vec<_>, Fault> = permit.into_subject().into_iter().map(Tagged::shown).collect();
        Ok(ListTagsForResourcesResponse { resource_tag_sets: sets? })
    }
}
