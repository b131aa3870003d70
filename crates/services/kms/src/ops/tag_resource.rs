//! `TagResource`: adds tags to a key, or puts other values in their place.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{Tag, TagResource as Shape, TagResourceRequest};

use super::change_key;
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:TagResource");

/// The operation.
pub(crate) struct TagResource;

impl Operation for TagResource {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::TAG_RESOURCE);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &TagResourceRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = with_request_tags(target.check(&ACCESS), &input.tags);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let key = &permit.subject().key;
        let given = permit.input().tags.iter().map(|tag| (tag.tag_key.clone(), tag.tag_value.clone()));
        let tags = key.record.tags.clone().with(given)?;
        key.admit(Profile::Edit)?;
        change_key(kms, permit.txn(), key, |record| record.tags = tags).await?;
        Ok(Unit)
    }
}

/// The condition keys of the tags that a request gives.
pub(super) fn with_request_tags(mut check: Check, tags: &[Tag]) -> Check {
    for tag in tags {
        check.conditions.set(format!("aws:RequestTag/{}", tag.tag_key), tag.tag_value.clone());
    }
    let keys = tags.iter().map(|tag| tag.tag_key.clone());
    check.conditions.set_list("aws:TagKeys", keys);
    check
}

#[cfg(test)]
mod tests;
