//! `GetResourcePolicy`: what another account may do with a backup.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{
    GetResourcePolicy as Shape, GetResourcePolicyRequest, GetResourcePolicyResponse,
};

use crate::resolve::FoundBackup;
use crate::service::CloudHsm;

const ACTION: &str = "cloudhsm:GetResourcePolicy";

/// The operation.
pub(crate) struct GetResourcePolicy;

impl Operation for GetResourcePolicy {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundBackup;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &GetResourcePolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundBackup, Vec<Check>), Fault> {
        let backup = FoundBackup::find_own(request, view, input.resource_arn.as_deref(), ACTION).await?;
        let check = backup.check(ACTION, request)?;
        Ok((backup, vec![check]))
    }

    async fn run(_service: &CloudHsm, permit: Permit<Self>) -> Result<GetResourcePolicyResponse, RunError> {
        Ok(GetResourcePolicyResponse { policy: permit.into_subject().record.policy })
    }
}
