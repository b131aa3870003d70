//! `CancelKeyDeletion`: ends the waiting period; the key is disabled then.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{CancelKeyDeletion as Shape, CancelKeyDeletionRequest, CancelKeyDeletionResponse};

use super::changed_key;
use crate::fault;
use crate::kms::Kms;
use crate::planned::Plan;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:CancelKeyDeletion");

/// The operation.
pub(crate) struct CancelKeyDeletion;

impl Operation for CancelKeyDeletion {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::CANCEL_KEY_DELETION);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &CancelKeyDeletionRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<CancelKeyDeletionResponse, RunError> {
        let key = &permit.subject().key;
        let next = key.record.lifecycle.cancel_deletion(key.record.has_material());
        let lifecycle = next.map_err(|refusal| fault::refusal(&key.arn, refusal))?;
        let mut txn = changed_key(permit.txn(), key, |record| record.lifecycle = lifecycle)?;
        if let Some(at) = key.record.lifecycle.deletion_at() {
            txn = txn.delete(Plan::Deletion.of(&key.arn, at).row());
        }
        kms.store.txn(txn).await?;
        Ok(CancelKeyDeletionResponse { key_id: Some(key.arn.to_string()) })
    }
}
