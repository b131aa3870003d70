//! `DeleteAlias`: removes an alias; the key stays.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{DeleteAlias as Shape, DeleteAliasRequest};

use super::changed_key;
use crate::alias::{AliasName, AliasRecord, AliasRow};
use crate::fault::{self, alias_arn};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::quota;
use crate::resolve::arn;
use crate::rows;

const ACTION: &str = "kms:DeleteAlias";

/// The operation.
pub(crate) struct DeleteAlias;

/// An alias and the key that it points to.
pub(crate) struct Pointing {
    pub(super) name: AliasName,
    pub(super) arn: String,
    pub(super) record: AliasRecord,
    pub(super) key: Option<Arc<LoadedKey>>,
}

impl Operation for DeleteAlias {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Pointing;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DELETE_ALIAS);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DeleteAliasRequest,
        view: &mut View<'_>,
    ) -> Result<(Pointing, Vec<Check>), Fault> {
        let name = AliasName::customers(&input.alias_name)?;
        let alias = pointing(kms, request, view, name).await?;
        let mut checks = vec![Check::identity(ACTION, alias.arn.clone(), request.account())];
        checks.extend(alias.key.as_ref().map(|key| key.check(ACTION)));
        Ok((alias, checks))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let alias = permit.subject();
        let request = permit.request();
        let mut txn = permit.txn().delete(rows::alias(request.account(), &request.region, &alias.name));
        if let Some(key) = &alias.key {
            txn = changed_key(txn, key, |record| *record = record.clone().without_alias(&alias.name))?;
        }
        kms.store.txn(txn).await?;
        Ok(Unit)
    }
}

/// The alias called `name` of the caller's account, with its key.
pub(super) async fn pointing(
    kms: &Kms,
    request: &RequestContext,
    view: &mut View<'_>,
    name: AliasName,
) -> Result<Pointing, Fault> {
    let alias_arn = alias_arn(&request.partition, &request.region, request.account(), &name);
    let place = rows::alias(request.account(), &request.region, &name);
    let Some(row) = view.get(&place).await? else { return Err(fault::no_such_alias(&alias_arn)) };
    let AliasRow::V1(record) = rows::decode(&row.value)?;
    let key = kms.load(view, arn(request, request.account(), record.target.clone())).await?;
    Ok(Pointing { name, arn: alias_arn, record, key })
}
