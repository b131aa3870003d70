//! `EnableKey`: switches a key on; repeating it changes nothing.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{EnableKey as Shape, EnableKeyRequest};

use super::changed_key;
use crate::fault;
use crate::kms::Kms;
use crate::planned::Plan;
use crate::quota;
use crate::resolve::Access;
use crate::rotation::Rotating;

const ACCESS: Access = Access::manage("kms:EnableKey");

/// The operation.
pub(crate) struct EnableKey;

impl Operation for EnableKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Rotating;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::ENABLE_KEY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &EnableKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Rotating, Vec<Check>), Fault> {
        let found = Rotating::find(kms, request, view, &ACCESS, &input.key_id).await?;
        let check = found.target.check(&ACCESS);
        Ok((found, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let Rotating { target, rotation } = permit.subject();
        let key = &target.key;
        let next = key.record.lifecycle.enable();
        let lifecycle = next.map_err(|refusal| fault::refusal(&key.arn, refusal))?;
        let mut txn = changed_key(permit.txn(), key, |record| record.lifecycle = lifecycle)?;
        if let Some(plan) = rotation.automatic.filter(|_| !key.record.is_replica()) {
            // The duty forgets keys that it finds disabled. A replica is rotated with its primary.
            txn = txn.put(Plan::Rotation.of(&key.arn, plan.next).row(), Vec::new());
        }
        kms.store.txn(txn).await?;
        Ok(Unit)
    }
}
