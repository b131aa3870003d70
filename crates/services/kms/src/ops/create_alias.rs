//! `CreateAlias`: gives a key a second name.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{CreateAlias as Shape, CreateAliasRequest};

use super::changed_key;
use crate::alias::{AliasName, AliasRecord, AliasRow};
use crate::fault::alias_arn;
use crate::key::Profile;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::rows;

const ACCESS: Access = Access::alias_target("kms:CreateAlias");

/// The operation.
pub(crate) struct CreateAlias;

/// The alias that is to be made.
pub(crate) struct NewAlias {
    name: AliasName,
    arn: String,
    exists: bool,
    target: Target,
}

impl Operation for CreateAlias {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NewAlias;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::CREATE_ALIAS);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &CreateAliasRequest,
        view: &mut View<'_>,
    ) -> Result<(NewAlias, Vec<Check>), Fault> {
        let name = AliasName::customers(&input.alias_name)?;
        let target = super::alias_target(kms, request, view, &ACCESS, &input.target_key_id).await?;
        let arn = alias_arn(&request.partition, &request.region, request.account(), &name);
        let row = view.get(&rows::alias(request.account(), &request.region, &name)).await?;
        let checks =
            vec![Check::identity(ACCESS.action, arn.clone(), request.account()), target.check(&ACCESS)];
        Ok((NewAlias { name, arn, exists: row.is_some(), target }, checks))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let NewAlias { name, arn, exists, target } = permit.subject();
        let key = &target.key;
        if *exists {
            let message = format!("An alias with the name {arn} already exists");
            return Err(Fault::caller("AlreadyExistsException", message).into());
        }
        key.admit(Profile::Alias)?;
        super::check_alias_count(kms, key)?;
        let now = permit.request().now;
        let alias = AliasRecord { target: key.arn.id.clone(), created: now, updated: now };
        let place = rows::alias(key.arn.account, &key.arn.region, name);
        let txn = changed_key(permit.txn(), key, |record| {
            *record = record.clone().with_alias(name.clone());
        })?;
        kms.store.txn(txn.put(place, rows::encode(&AliasRow::V1(alias))?)).await?;
        Ok(Unit)
    }
}

#[cfg(test)]
mod tests;
