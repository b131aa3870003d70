//! `ListKeyPolicies`: the names of a key's policies, of which there is one.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{ListKeyPolicies as Shape, ListKeyPoliciesRequest, ListKeyPoliciesResponse};

use crate::key::POLICY_NAME;
use crate::kms::Kms;
use crate::page::PageSize;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:ListKeyPolicies");
const PAGE: PageSize = PageSize { default: 100, max: 1000 };

/// The operation.
pub(crate) struct ListKeyPolicies;

impl Operation for ListKeyPolicies {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::LIST_KEY_POLICIES);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ListKeyPoliciesRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ListKeyPoliciesResponse, RunError> {
        let input = permit.input();
        let key = permit.subject().key.arn.id.to_string();
        let wanted = (input.limit, input.marker.as_deref());
        let page = kms.page(permit.request(), ("ListKeyPolicies", &[&key]), PAGE, wanted)?;
        let names = if page.after().is_none() { vec![POLICY_NAME.to_owned()] } else { Vec::new() };
        Ok(ListKeyPoliciesResponse { policy_names: Some(names), next_marker: None, truncated: Some(false) })
    }
}
