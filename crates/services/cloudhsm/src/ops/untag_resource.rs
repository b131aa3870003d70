//! `UntagResource`: removes tags from a cluster or a backup.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{UntagResource as Shape, UntagResourceRequest, UntagResourceResponse};

use super::list_tags::Tagged;
use crate::service::CloudHsm;
use crate::tags;

/// The operation.
pub(crate) struct UntagResource;

impl Operation for UntagResource {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = Tagged;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &UntagResourceRequest,
        view: &mut View<'_>,
    ) -> Result<(Tagged, Vec<Check>), Fault> {
        let tagged = Tagged::find(request, view, &input.resource_id).await?;
        let check = tagged.check("cloudhsm:UntagResource", request)?;
        Ok((tagged, vec![tags::with_keys(check, input.tag_key_list.iter().cloned())]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<UntagResourceResponse, RunError> {
        let tags = permit.subject().tags().clone().without(&permit.input().tag_key_list)?;
        let txn = permit.txn();
        permit.into_subject().write(service, txn, tags).await?;
        Ok(UntagResourceResponse {})
    }
}
