//! AWS managed keys as requests meet them: which one is missing, and making it.

use std::sync::Arc;

use keyward_base::{Fault, Timestamp};
use keyward_gate::{RequestContext, RunError, View};
use keyward_schema::kms::KeyMetadata;
use keyward_store::Txn;

use crate::alias::{AliasName, AliasRecord, AliasRow, RESERVED_PREFIX};
use crate::key::{
    Automatic, KeyId, ManagedService, MaterialState, Named, PERIOD_DAYS_DEFAULT, Reference, RotationRecord,
    metadata,
};
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::resolve::{Access, Target, arn, place};
use crate::rotation::replan;
use crate::rows::{self, OwnerRow};

/// An AWS managed key that nobody has asked for yet.
pub(crate) struct MissingManagedKey {
    /// The key as it would be, without material: what its maker is judged on.
    pub(crate) target: Target,
    alias: AliasName,
}

impl Kms {
    /// The AWS managed key that `text` names by its alias, if it is one of the caller's account that is not made
    /// yet. That there is no such alias is remembered in `view`, so that of two makers one comes too late.
    pub(crate) async fn missing_managed_key(
        &self,
        request: &RequestContext,
        view: &mut View<'_>,
        access: &Access,
        text: &str,
    ) -> Result<Option<MissingManagedKey>, Fault> {
        if !text.contains(RESERVED_PREFIX) {
            return Ok(None);
        }
        let reference = Reference::parse(text, place(request), access.forms)?;
        let Named::Alias(alias) = reference.named else { return Ok(None) };
        let Some(service) = ManagedService::of_alias(&alias) else { return Ok(None) };
        let account = reference.account;
        let is_own = account == request.account();
        if !is_own || view.get(&rows::alias(account, &request.region, &alias)).await?.is_some() {
            return Ok(None);
        }
        let arn = arn(request, account, KeyId::random(&*self.random));
        let record = service.key((&request.partition, &request.region, account), request.now);
        let key = Arc::new(LoadedKey::new(arn, record)?);
        Ok(Some(MissingManagedKey { target: Target::by_alias(key, alias.clone()), alias }))
    }

    /// Makes the key with its alias and its yearly rotation, in one transaction, and answers what it shows.
    pub(crate) async fn make_managed_key(
        &self,
        txn: Txn,
        new: &MissingManagedKey,
        now: Timestamp,
    ) -> Result<KeyMetadata, RunError> {
        let LoadedKey { arn, record, .. } = &*new.target.key;
        let mut record = record.clone();
        record.materials.push(self.make_in_vault(arn, &record, MaterialState::Current).await?);
        let shown = metadata(arn, &record)?;
        let alias = AliasRecord { target: arn.id.clone(), created: now, updated: now };
        let txn = txn
            .create(rows::key(arn.account, &arn.region, &arn.id), rows::write_key(record)?)
            .create(rows::owner(&arn.region, &arn.id), rows::encode(&OwnerRow::V1(arn.account))?)
            .put(rows::alias(arn.account, &arn.region, &new.alias), rows::encode(&AliasRow::V1(alias))?);
        let plan = Automatic::starting(now, PERIOD_DAYS_DEFAULT);
        self.store.txn(replan(txn, arn, RotationRecord::default(), Some(plan))?).await?;
        Ok(shown)
    }
}
