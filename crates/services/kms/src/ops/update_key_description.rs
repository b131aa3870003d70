//! `UpdateKeyDescription`: puts another description in place of a key's.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{UpdateKeyDescription as Shape, UpdateKeyDescriptionRequest};

use super::change_key;
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:UpdateKeyDescription");

/// The operation.
pub(crate) struct UpdateKeyDescription;

impl Operation for UpdateKeyDescription {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::UPDATE_KEY_DESCRIPTION);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &UpdateKeyDescriptionRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let key = &permit.subject().key;
        key.admit(Profile::Edit)?;
        let description = &permit.input().description;
        change_key(kms, permit.txn(), key, |record| record.description.clone_from(description)).await?;
        Ok(Unit)
    }
}
