//! `sts:GetCallerIdentity`: tells who signed the request.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::sts;

use keyward_gate::Judge;

use crate::iam::Iam;

/// Tells who signed the request.
pub(crate) struct GetCallerIdentity;

impl Operation for GetCallerIdentity {
    type Shape = sts::GetCallerIdentity;
    type Service = Iam;
    type Subject = ();

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &sts::GetCallerIdentityRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let _ = (input, view);
        let account = request.account();
        Ok(((), vec![Check::new("sts:GetCallerIdentity", "*", account, Judge::Anyone)]))
    }

    async fn run(_iam: &Iam, permit: Permit<Self>) -> Result<sts::GetCallerIdentityResponse, RunError> {
        let caller = permit.caller();
        Ok(sts::GetCallerIdentityResponse {
            user_id: Some(caller.principal().user_id()),
            account: Some(caller.account().to_string()),
            arn: Some(caller.arn().to_owned()),
        })
    }
}
