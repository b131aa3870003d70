//! Accounts, for the operator: made and listed at the command line, not by an API call.

use std::sync::Arc;

use keyward_base::{AccountId, Clock, Fault, Random, Timestamp};
use keyward_store::{KeyRange, Store, Txn, TxnError};
use zeroize::Zeroizing;

use crate::rows::{AccessKeyRecord, AccountRecord, KeptSecret, KeyOwner, Stored};
use crate::secrets::Secrets;
use crate::{ids, place};

/// More accounts than this are not listed.
const LISTED_MAX: usize = 10_000;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What the operator called it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

/// An access key of an account's root.
pub struct RootCredentials {
    /// `AKIA…`.
    pub access_key_id: String,
    /// Its secret; wiped when dropped.
    pub secret_access_key: Zeroizing<String>,
}

/// Makes and lists accounts.
pub struct Accounts {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    secrets: Secrets,
}

impl Accounts {
    /// Accounts in `store`, their roots' secrets sealed by `secrets`.
    pub fn new(
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
        secrets: Secrets,
    ) -> Self {
        Self { store, random, clock, secrets }
    }

    /// Makes an account with a random id and an access key for its root.
    pub async fn create(&self, name: &str) -> Result<(Account, RootCredentials), Fault> {
        loop {
            let id = AccountId::random(&*self.random);
            if let Some(made) = self.create_as(id, name).await? {
                return Ok(made);
            }
        }
    }

    /// All accounts, oldest first.
    pub async fn list(&self) -> Result<Vec<Account>, Fault> {
        let prefix = place::accounts();
        let range = KeyRange::prefix(&prefix);
        let (rows, _) = self.store.range(&range, LISTED_MAX).await.map_err(Fault::ours)?;
        let mut accounts = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.key.as_bytes().strip_prefix(prefix.as_bytes());
            let id = id.and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse().ok());
            let id = id.ok_or_else(|| Fault::ours(format!("{:?} is no account's key", row.key)))?;
            let AccountRecord { name, created, .. } = AccountRecord::decode(&row.value)?;
            accounts.push(Account { id, name, created });
        }
        accounts.sort_by_key(|account| (account.created, account.id));
        Ok(accounts)
    }

    /// The account that a server works for without being told: `wanted`, or else the oldest. It is made
    /// if it is not there. Its root's access key comes too, unless the owner has deleted or disabled it.
    pub async fn ensure_first(
        &self,
        wanted: Option<AccountId>,
    ) -> Result<(Account, Option<RootCredentials>), Fault> {
        loop {
            let accounts = self.list().await?;
            let mut accounts = accounts.into_iter();
            let found = accounts.find(|account| wanted.is_none_or(|wanted| wanted == account.id));
            if let Some(account) = found {
                let credentials = self.root_credentials(account.id).await?;
                return Ok((account, credentials));
            }
            let id = wanted.unwrap_or_else(|| AccountId::random(&*self.random));
            if let Some((account, credentials)) = self.create_as(id, "default").await? {
                return Ok((account, Some(credentials)));
            }
        }
    }

    /// `None` when somebody else made the account first.
    async fn create_as(
        &self,
        id: AccountId,
        name: &str,
    ) -> Result<Option<(Account, RootCredentials)>, Fault> {
        let created = self.clock.now();
        let access_key_id = ids::fresh(ids::Kind::AccessKey, id, &*self.random);
        let secret_access_key = ids::secret(&*self.random);
        let account =
            AccountRecord { name: name.to_owned(), created, access_keys: vec![access_key_id.clone()] };
        let key = AccessKeyRecord {
            owner: KeyOwner::Root,
            secret: KeptSecret::Sealed(self.secrets.seal(&access_key_id, &secret_access_key).await?),
            active: true,
            created,
        };
        let txn = Txn::default()
            .create(place::account(id), account.encode()?)
            .create(place::access_key(id, &access_key_id), key.encode()?);
        match self.store.txn(txn).await {
            Ok(_) => Ok(Some((
                Account { id, name: name.to_owned(), created },
                RootCredentials { access_key_id, secret_access_key },
            ))),
            Err(TxnError::Conflict) => Ok(None),
            Err(TxnError::Store(error)) => Err(Fault::ours(error)),
        }
    }

    async fn root_credentials(&self, account: AccountId) -> Result<Option<RootCredentials>, Fault> {
        let row = self.store.get(&place::account(account)).await.map_err(Fault::ours)?;
        let Some(row) = row else { return Ok(None) };
        for access_key_id in AccountRecord::decode(&row.value)?.access_keys {
            let key = place::access_key(account, &access_key_id);
            let row = self.store.get(&key).await.map_err(Fault::ours)?;
            let Some(row) = row else { continue };
            let key = AccessKeyRecord::decode(&row.value)?;
            if key.active {
                let secret_access_key = match &key.secret {
                    KeptSecret::Clear(secret) => Zeroizing::new(secret.expose().to_owned()),
                    KeptSecret::Sealed(sealed) => self.secrets.open(&access_key_id, sealed).await?,
                };
                return Ok(Some(RootCredentials { access_key_id, secret_access_key }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
