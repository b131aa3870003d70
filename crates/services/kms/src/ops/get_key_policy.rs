//! `GetKeyPolicy`: a key's policy as it was given; principals that are gone show as their unique ids.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{GetKeyPolicy as Shape, GetKeyPolicyRequest, GetKeyPolicyResponse};

use crate::key::POLICY_NAME;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::{fault, policy};

const ACCESS: Access = Access::manage("kms:GetKeyPolicy");

/// The operation.
pub(crate) struct GetKeyPolicy;

impl Operation for GetKeyPolicy {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::GET_KEY_POLICY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &GetKeyPolicyRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let name = input.policy_name.clone().unwrap_or_else(|| POLICY_NAME.to_owned());
        let check = target.check(&ACCESS).with("kms:PolicyName", name);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<GetKeyPolicyResponse, RunError> {
        let name = permit.input().policy_name.as_deref().unwrap_or(POLICY_NAME);
        if name != POLICY_NAME {
            return Err(fault::not_found("No such policy exists").into());
        }
        Ok(GetKeyPolicyResponse {
            policy: Some(policy::shown(kms, &permit.subject().key.record).await?),
            policy_name: Some(POLICY_NAME.to_owned()),
        })
    }
}
