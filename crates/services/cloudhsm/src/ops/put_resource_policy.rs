//! `PutResourcePolicy`: lets another account describe a backup and make a cluster of it.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::cloudhsmv2::{
    PutResourcePolicy as Shape, PutResourcePolicyRequest, PutResourcePolicyResponse,
};

use super::write_backup;
use crate::resolve::FoundBackup;
use crate::service::CloudHsm;
use crate::{fault, policy};

const ACTION: &str = "cloudhsm:PutResourcePolicy";

/// The operation.
pub(crate) struct PutResourcePolicy;

impl Operation for PutResourcePolicy {
    type Shape = Shape;
    type Service = CloudHsm;
    type Subject = FoundBackup;

    async fn resolve(
        _service: &CloudHsm,
        request: &RequestContext,
        input: &PutResourcePolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(FoundBackup, Vec<Check>), Fault> {
        let backup = FoundBackup::find_own(request, view, input.resource_arn.as_deref(), ACTION).await?;
        let check = backup.check(ACTION, request)?;
        Ok((backup, vec![check]))
    }

    async fn run(service: &CloudHsm, permit: Permit<Self>) -> Result<PutResourcePolicyResponse, RunError> {
        let (txn, input) = (permit.txn(), permit.shared_input());
        let mut backup = permit.into_subject();
        let text = input.policy.as_deref().ok_or_else(|| fault::invalid("Policy is required."))?;
        policy::parse(text)?;
        backup.record.check_ready()?;
        backup.record.policy = Some(text.to_owned());
        write_backup(service, txn, &backup).await?;
        Ok(PutResourcePolicyResponse {
            resource_arn: input.resource_arn.clone(),
            policy: backup.record.policy,
        })
    }
}
