//! `UntagResource`: removes tags from a key; tags that it does not have are ignored.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{UntagResource as Shape, UntagResourceRequest};

use super::change_key;
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:UntagResource");

/// The operation.
pub(crate) struct UntagResource;

impl Operation for UntagResource {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::UNTAG_RESOURCE);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &UntagResourceRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let mut check = target.check(&ACCESS);
        check.conditions.set_list("aws:TagKeys", input.tag_keys.clone());
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let key = &permit.subject().key;
        key.admit(Profile::Edit)?;
        let keys = permit.input().tag_keys.iter().map(String::as_str);
        let tags = key.record.tags.clone().without(keys);
        change_key(kms, permit.txn(), key, |record| record.tags = tags).await?;
        Ok(Unit)
    }
}
