//! From a `KeyId` member to a key: existence and ownership, before anything is judged.
//!
//! What is missing in the caller's own account is `NotFoundException`; what is missing or hidden in another
//! account looks alike, so that nobody can feel out other accounts' keys.

use std::sync::Arc;

use keyward_base::{AccountId, Fault};
use keyward_gate::{Check, RequestContext, View};

use crate::alias::{AliasName, AliasRow};
use crate::fault;
use crate::key::{Forms, KeyArn, KeyId, Named, Place, Reference};
use crate::keystore::KeyStorePlaces;
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::rows;

/// What an operation may name in its `KeyId` member, and the permission that it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// The IAM action.
    pub(crate) action: &'static str,
    /// Keys only, or aliases too.
    pub(crate) forms: Forms,
    /// Whether another account's key can be named.
    pub(crate) across_accounts: bool,
}

impl Access {
    /// An operation that manages a key of the caller's account.
    pub(crate) const fn manage(action: &'static str) -> Self {
        Self { action, forms: Forms::KEY, across_accounts: false }
    }

    /// An operation that manages a key, of whichever account.
    pub(crate) const fn manage_across_accounts(action: &'static str) -> Self {
        Self { action, forms: Forms::KEY, across_accounts: true }
    }

    /// An alias operation, of which the key is the target.
    pub(crate) const fn alias_target(action: &'static str) -> Self {
        Self { action, forms: Forms::ALIAS_TARGET, across_accounts: false }
    }

    /// A cryptographic operation.
    pub(crate) const fn cryptographic(action: &'static str) -> Self {
        Self { action, forms: Forms::CRYPTOGRAPHIC, across_accounts: true }
    }

    /// `DescribeKey` and `GetPublicKey`.
    pub(crate) const fn describe(action: &'static str) -> Self {
        Self { action, forms: Forms::DESCRIBE, across_accounts: true }
    }
}

/// A key that a request names, and how it names it.
#[derive(Debug)]
pub(crate) struct Target {
    /// The key.
    pub(crate) key: Arc<LoadedKey>,
    /// The alias, when the request named one.
    alias: Option<AliasName>,
}

impl Target {
    /// A key that is named by something else than a `KeyId` member.
    pub(crate) fn unnamed(key: Arc<LoadedKey>) -> Self {
        Self { key, alias: None }
    }

    /// A key that is named by an alias.
    pub(crate) fn by_alias(key: Arc<LoadedKey>, alias: AliasName) -> Self {
        Self { key, alias: Some(alias) }
    }

    /// The permission that the request takes on the key.
    pub(crate) fn check(&self, access: &Access) -> Check {
        let check = self.key.check(access.action);
        match &self.alias {
            Some(alias) => check.with("kms:RequestAlias", alias.to_string()),
            None => check,
        }
    }
}

impl Kms {
    /// The key that `text` names in `request`.
    pub(crate) async fn find(
        &self,
        request: &RequestContext,
        view: &mut View<'_>,
        access: &Access,
        text: &str,
    ) -> Result<Target, Fault> {
        let reference = Reference::parse(text, place(request), access.forms)?;
        let account = reference.account;
        let (id, alias) = match reference.named {
            Named::Key(id) => (id, None),
            Named::Alias(name) => {
                let target = self.alias_target(request, view, access, account, &name).await?;
                (target, Some(name))
            }
        };
        let arn = arn(request, account, id);
        if account != request.account() && !access.across_accounts {
            return Err(request.refuse_unseen(access.action, &arn.to_string()));
        }
        match self.load(view, arn.clone()).await? {
            Some(key) => Ok(Target { key, alias }),
            None if account == request.account() => Err(fault::no_such_key(&arn)),
            None => Err(request.refuse_unseen(access.action, &arn.to_string())),
        }
    }

    /// The key that an alias points to.
    async fn alias_target(
        &self,
        request: &RequestContext,
        view: &mut View<'_>,
        access: &Access,
        account: AccountId,
        name: &AliasName,
    ) -> Result<KeyId, Fault> {
        match view.get(&rows::alias(account, &request.region, name)).await? {
            Some(row) => {
                let AliasRow::V1(alias) = rows::decode(&row.value)?;
                Ok(alias.target)
            }
            None => {
                let arn = fault::alias_arn(&request.partition, &request.region, account, name);
                Err(if account == request.account() {
                    fault::no_such_alias(&arn)
                } else {
                    request.refuse_unseen(access.action, &arn)
                })
            }
        }
    }

    /// The key at `arn`, if there is one.
    pub(crate) async fn load(
        &self,
        view: &mut View<'_>,
        arn: KeyArn,
    ) -> Result<Option<Arc<LoadedKey>>, Fault> {
        let (account, region) = (arn.account, arn.region.clone());
        let Some(row) = view.get(&rows::key(account, &region, &arn.id)).await? else { return Ok(None) };
        let key = self.keys.load(arn, &row, self.clock.now())?;
        let Some(store) = key.record.source.store().cloned() else { return Ok(Some(key)) };
        let places = KeyStorePlaces { account, region: &region };
        let store = self.load_store(view, places, store).await?;
        let store = store.ok_or_else(|| fault::internal("a key's custom key store is gone"))?;
        self.keys.in_store(&row, key, &store).map(Some)
    }

    /// The key whose id a ciphertext carries: the caller's own, else the one of whichever account has it.
    pub(crate) async fn find_by_id(
        &self,
        request: &RequestContext,
        view: &mut View<'_>,
        id: &KeyId,
    ) -> Result<Option<Arc<LoadedKey>>, Fault> {
        if let Some(key) = self.load(view, arn(request, request.account(), id.clone())).await? {
            return Ok(Some(key));
        }
        let Some(row) = view.get(&rows::owner(&request.region, id)).await? else { return Ok(None) };
        let rows::OwnerRow::V1(owner) = rows::decode(&row.value)?;
        self.load(view, arn(request, owner, id.clone())).await
    }
}

/// Where `request` was sent.
pub(crate) fn place(request: &RequestContext) -> Place<'_> {
    Place { partition: &request.partition, region: &request.region, account: request.account() }
}

/// The ARN of a key in the Region that `request` was sent to.
pub(crate) fn arn(request: &RequestContext, account: AccountId, id: KeyId) -> KeyArn {
    KeyArn { partition: request.partition.clone(), region: request.region.clone(), account, id }
}
