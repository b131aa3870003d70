//! `iam:UpdateAccessKey`: makes an access key active or inactive.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::{Unit, iam};

use crate::iam::Iam;
use crate::rows::{AccessKeyRecord, KeptSecret, Stored};
use crate::{entity, fault, owner, place};

/// Makes an access key active or inactive.
pub(crate) struct UpdateAccessKey;

impl Operation for UpdateAccessKey {
    type Shape = iam::UpdateAccessKey;
    type Service = Iam;
    type Subject = (owner::Named, Option<AccessKeyRecord>);

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::UpdateAccessKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let (named, checks) =
            owner::find(request, view, "iam:UpdateAccessKey", input.user_name.as_deref()).await?;
        let key = entity::load(view, &place::access_key(request.account(), &input.access_key_id)).await?;
        Ok(((named, key), checks))
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<Unit, RunError> {
        let (account, txn) = (permit.request().account(), permit.txn());
        let id = permit.input().access_key_id.clone();
        let active = match permit.input().status {
            iam::StatusType::Active => true,
            iam::StatusType::Inactive => false,
            _ => return Err(fault::validation("Value at 'status' is not a status of an access key.").into()),
        };
        let (named, key) = permit.into_subject();
        named.existing()?.must_own(&id)?;
        let key = key.ok_or_else(|| fault::no_such_access_key(&id))?;
        let sealed = match &key.secret {
            KeptSecret::Clear(secret) => iam.secrets.seal(&id, secret.expose()).await?,
            KeptSecret::Sealed(sealed) => sealed.clone(),
        };
        let key = AccessKeyRecord { active, secret: KeptSecret::Sealed(sealed), ..key };
        iam.commit(txn.put(place::access_key(account, &id), key.encode()?)).await?;
        Ok(Unit)
    }
}
