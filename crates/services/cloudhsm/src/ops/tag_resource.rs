//! `TagResource`: adds tags to a cluster or a backup, or puts other values in their place.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{TagResource as Shape, TagResourceRequest, TagResourceResponse};

use super::list_tags::Tagged;
use crate::service::CloudHsm;
use crate::tags;

/// The operation.
pub(crate) struct TagResource;

impl Operation for TagResource {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = Tagged;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &TagResourceRequest,
        view: &mut View<'_>,
    ) -> Result<(Tagged, Vec<Check>), Fault> {
        let tagged = Tagged::find(request, view, &input.resource_id).await?;
        let check = tags::of_request(tagged.check("cloudhsm:TagResource", request)?, &input.tag_list);
        Ok((tagged, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<TagResourceResponse, RunError> {
        let tags = permit.subject().tags().clone().with(&permit.input().tag_list)?;
        let txn = permit.txn();
        permit.into_subject().write(service, txn, tags).await?;
        Ok(TagResourceResponse {})
    }
}
