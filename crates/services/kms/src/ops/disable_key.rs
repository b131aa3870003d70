//! `DisableKey`: switches a key off; repeating it changes nothing.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{DisableKey as Shape, DisableKeyRequest};

use super::change_key;
use crate::fault;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:DisableKey");

/// The operation.
pub(crate) struct DisableKey;

impl Operation for DisableKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DISABLE_KEY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DisableKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let key = &permit.subject().key;
        let next = key.record.lifecycle.disable();
        let lifecycle = next.map_err(|refusal| fault::refusal(&key.arn, refusal))?;
        change_key(kms, permit.txn(), key, |record| record.lifecycle = lifecycle).await?;
        Ok(Unit)
    }
}
