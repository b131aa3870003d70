//! `iam:DeleteAccessKey`: deletes an access key.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::{owner, place};

/// Deletes an access key.
pub(crate) struct DeleteAccessKey;

impl Operation for DeleteAccessKey {
    type Shape = iam::DeleteAccessKey;
    type Service = Iam;
    type Subject = owner::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::DeleteAccessKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        owner::find(request, view, "iam:DeleteAccessKey", input.user_name.as_deref()).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn) = (permit.request().account(), permit.txn());
        let id = permit.input().access_key_id.clone();
        let mut owner = permit.into_subject().existing()?;
        owner.must_own(&id)?;
        owner.remove(&id);
        let (row, value) = owner.into_row(account)?;
        iam.commit(txn.put(row, value).delete(place::access_key(account, &id))).await?;
        Ok(Unit)
    }
}
