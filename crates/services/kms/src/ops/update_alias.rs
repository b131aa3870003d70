//! `UpdateAlias`: points an alias to another key of the same type and usage.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::Unit;
use keyward_schema::kms::{UpdateAlias as Shape, UpdateAliasRequest};

use super::changed_key;
use super::delete_alias::{Pointing, pointing};
use crate::alias::{AliasName, AliasRecord, AliasRow};
use crate::key::Profile;
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::quota;
use crate::resolve::{Access, Target};
use crate::{fault, rows};

const ACCESS: Access = Access::alias_target("kms:UpdateAlias");

/// The operation.
pub(crate) struct UpdateAlias;

/// The alias, and the key that it is to point to.
pub(crate) struct Repointed {
    alias: Pointing,
    target: Target,
}

impl Operation for UpdateAlias {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Repointed;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::UPDATE_ALIAS);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &UpdateAliasRequest,
        view: &mut View<'_>,
    ) -> Result<(Repointed, Vec<Check>), Fault> {
        let name = AliasName::customers(&input.alias_name)?;
        let alias = pointing(kms, request, view, name).await?;
        let target = super::alias_target(kms, request, view, &ACCESS, &input.target_key_id).await?;
        let mut checks = vec![Check::identity(ACCESS.action, alias.arn.clone(), request.account())];
        checks.extend(alias.key.as_ref().map(|key| key.check(ACCESS.action)));
        checks.push(target.check(&ACCESS));
        Ok((Repointed { alias, target }, checks))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<Unit, RunError> {
        let Repointed { alias, target: Target { key: new, .. } } = permit.subject();
        let moves = alias.key.as_ref().is_none_or(|old| old.arn != new.arn);
        if let Some(old) = &alias.key {
            check_alike(old, new)?;
        }
        new.admit(Profile::Alias)?;
        let mut txn = permit.txn();
        if moves {
            super::check_alias_count(kms, new)?;
            let add = |record: &mut _| with_alias(record, &alias.name);
            txn = changed_key(txn, new, add)?;
            if let Some(old) = &alias.key {
                txn = changed_key(txn, old, |record| *record = record.clone().without_alias(&alias.name))?;
            }
        }
        let updated = permit.request().now;
        let record = AliasRecord { target: new.arn.id.clone(), created: alias.record.created, updated };
        let place = rows::alias(new.arn.account, &new.arn.region, &alias.name);
        kms.store.txn(txn.put(place, rows::encode(&AliasRow::V1(record))?)).await?;
        Ok(Unit)
    }
}

fn with_alias(record: &mut crate::key::KeyRecord, name: &AliasName) {
    *record = record.clone().with_alias(name.clone());
}

/// The old and the new key must be both symmetric, both asymmetric or both HMAC, and of one usage.
fn check_alike(old: &Arc<LoadedKey>, new: &Arc<LoadedKey>) -> Result<(), Fault> {
    let (old, new) = (&old.record, &new.record);
    if old.usage == new.usage && old.spec.is_asymmetric() == new.spec.is_asymmetric() {
        return Ok(());
    }
    let message = "The current key and the new key must be of the same type (both symmetric or both \
                   asymmetric or both HMAC) and have the same key usage.";
    Err(fault::validation(message))
}

#[cfg(test)]
mod tests;
