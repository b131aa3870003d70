//! `DeleteResourcePolicy`: ends the sharing of a backup.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{
    DeleteResourcePolicy as Shape, DeleteResourcePolicyRequest, DeleteResourcePolicyResponse,
};

use super::write_backup;
use crate::resolve::FoundBackup;
use crate::service::CloudHsm;

const ACTION: &str = "cloudhsm:DeleteResourcePolicy";

/// The operation.
pub(crate) struct DeleteResourcePolicy;

impl Operation for DeleteResourcePolicy {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundBackup;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &DeleteResourcePolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundBackup, Vec<Check>), Fault> {
        let backup = FoundBackup::find_own(request, view, input.resource_arn.as_deref(), ACTION).await?;
        let check = backup.check(ACTION, request)?;
        Ok((backup, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<DeleteResourcePolicyResponse, RunError> {
        let (txn, input) = (permit.txn(), permit.shared_input());
        let mut backup = permit.into_subject();
        let policy = backup.record.policy.take();
        write_backup(service, txn, &backup).await?;
        Ok(DeleteResourcePolicyResponse { resource_arn: input.resource_arn.clone(), policy })
    }
}
