//! `iam:CreateAccessKey`: makes an access key for a user, or for the caller.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Sensitive, iam};

use crate::iam::Iam;
use crate::rows::{AccessKeyRecord, KeptSecret, Stored};
use crate::{ids, owner, place};

/// Makes an access key for a user, or for the caller.
pub(crate) struct CreateAccessKey;

impl Operation for CreateAccessKey {
    type Shape = iam::CreateAccessKey;
    type Service = Iam;
    type Subject = owner::Named;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::CreateAccessKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        owner::find(request, view, "iam:CreateAccessKey", input.user_name.as_deref()).await
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::CreateAccessKeyResponse, RunError> {
        let (account, created, txn) = (permit.request().account(), permit.request().now, permit.txn());
        let mut owner = permit.into_subject().existing()?;
        let id = ids::fresh(ids::Kind::AccessKey, account, &*iam.random);
        let secret = ids::secret(&*iam.random);
        owner.add(&id)?;
        let answer = iam::AccessKey {
            user_name: owner.name().to_owned(),
            access_key_id: id.clone(),
            status: iam::StatusType::Active,
            secret_access_key: Sensitive::new((*secret).clone()),
            create_date: Some(created),
        };
        let key = AccessKeyRecord {
            owner: owner.as_key_owner(),
            secret: KeptSecret::Sealed(iam.secrets.seal(&id, &secret).await?),
            active: true,
            created,
        };
        let (row, value) = owner.into_row(account)?;
        iam.commit(txn.put(row, value).create(place::access_key(account, &id), key.encode()?)).await?;
        Ok(iam::CreateAccessKeyResponse { access_key: answer })
    }
}

#[cfg(test)]
mod tests;
