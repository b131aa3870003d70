//! `EnableKey`: switches a key on; repeating it changes nothing.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{EnableKey as Shape, EnableKeyRequest};

use super::change_key;
use crate::fault;
use crate::kms::Kms;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:EnableKey");

/// The operation.
pub(crate) struct EnableKey;

impl Operation for EnableKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &EnableKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS, request);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let key = &permit.subject().key;
        let next = key.record.lifecycle.enable();
        let lifecycle = next.map_err(|refusal| fault::refusal(&key.arn, refusal))?;
        change_key(kms, permit.txn(), key, |record| record.lifecycle = lifecycle).await?;
        Ok(Unit)
    }
}
