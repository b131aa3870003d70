//! Secrets at rest: sealed by the vault under a key of IAM's own, each bound to the access key that it is of.
//!
//! The key is a token of the vault's, bound to the owner `iam/credentials`, and no KMS key: KMS asks the gate who
//! calls, and the gate asks here. An opened secret lives in the credential that the cache keeps, so that a
//! request costs no call of the vault. Deliberately absent: secrets in clear in any row that is written.

use std::sync::Arc;

use keyward_base::{Fault, Random};
use keyward_store::{KeyRange, Store, Txn, TxnError};
use keyward_vault::{
    Ekt, EncryptionAlgorithm, EncryptionContext, KeyBinding, KeyOrigin, KeyOwner, KeyRef, KeySpec, KeyUsage,
    MaterialId, VaultClient, VaultError,
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::place;
use crate::rows::{AccessKeyRecord, SessionRecord, Stored};

/// Whose the sealing key is, as its token is bound.
const OWNER: &str = "iam/credentials";
/// How many rows one look at old rows takes in.
const SEALED_AT_ONCE: usize = 200;

/// The key that seals, as stored.
#[derive(Serialize, Deserialize)]
enum SealingKeyRow {
    /// Its material's id, and its token.
    V1(MaterialId, Ekt),
}

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Secrets(Arc<Parts>);

struct Parts {
    store: Arc<dyn Store>,
    vault: VaultClient,
    random: Arc<dyn Random>,
    key: OnceCell<KeyRef>,
}

impl Secrets {
    /// Secrets of the rows in `store`; their key is in `vault`, and is made when it is first needed.
    pub fn new(store: Arc<dyn Store>, vault: VaultClient, random: Arc<dyn Random>) -> Self {
        Self(Arc::new(Parts { store, vault, random, key: OnceCell::new() }))
    }

    /// Seals the secret of an access key.
    pub(crate) async fn seal(&self, access_key_id: &str, secret: &str) -> Result<Vec<u8>, Fault> {
        let (key, context) = (self.key().await?, context(access_key_id));
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        self.0.vault.encrypt(key, algorithm, secret.as_bytes(), &context).await.map_err(as_fault)
    }

    /// Opens it again; what was sealed for another access key does not open.
    pub(crate) async fn open(&self, access_key_id: &str, sealed: &[u8]) -> Result<Zeroizing<String>, Fault> {
        let (key, context) = (self.key().await?, context(access_key_id));
        let algorithm = EncryptionAlgorithm::SymmetricDefault;
        let secret = self.0.vault.decrypt(key, algorithm, sealed, &context).await.map_err(as_fault)?;
        std::str::from_utf8(&secret).map(|text| Zeroizing::new(text.to_owned())).map_err(Fault::ours)
    }

    /// Seals what older versions left in clear, once; what fails is tried at the next start.
    pub async fn seal_what_is_clear(self) {
        match self.seal_old_rows().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "secrets that an older version stored in clear are sealed"),
            Err(fault) => {
                tracing::warn!(%fault, "some secrets are still in clear; they are sealed at the next start")
            }
        }
    }

    /// Seals the secrets that older versions stored in clear. Answers how many rows there were.
    pub async fn seal_old_rows(&self) -> Result<usize, Fault> {
        Ok(self.seal_below::<AccessKeyRecord>().await? + self.seal_below::<SessionRecord>().await?)
    }

    async fn seal_below<R: Sealable>(&self) -> Result<usize, Fault> {
        let (prefix, mut sealed) = (R::prefix(), 0);
        let mut range = KeyRange::prefix(&prefix);
        loop {
            let (rows, _) = self.0.store.range(&range, SEALED_AT_ONCE).await.map_err(Fault::ours)?;
            let Some(last) = rows.last() else { return Ok(sealed) };
            range = KeyRange::prefix_after(&prefix, &last.key);
            for row in rows {
                let id = String::from_utf8_lossy(row.key.as_bytes());
                let id = id.rsplit('/').next().unwrap_or_default();
                let Some(record) = R::decode(&row.value)?.sealed(id, self).await? else { continue };
                let txn = Txn::default().compare(row.key.clone(), row.revision);
                match self.0.store.txn(txn.put(row.key, record.encode()?)).await {
                    Ok(_) => sealed += 1,
                    // Whoever wrote it meanwhile sealed it, or deleted it.
                    Err(TxnError::Conflict) => {}
                    Err(error) => return Err(Fault::ours(error)),
                }
            }
        }
    }

    async fn key(&self) -> Result<&KeyRef, Fault> {
        self.0.key.get_or_try_init(|| self.load_or_make()).await
    }

    async fn load_or_make(&self) -> Result<KeyRef, Fault> {
        let Parts { store, vault, random, .. } = &*self.0;
        loop {
            if let Some(row) = store.get(&place::sealing_key()).await.map_err(Fault::ours)? {
                let SealingKeyRow::V1(material, token) =
                    postcard::from_bytes(&row.value).map_err(Fault::ours)?;
                return Ok(KeyRef::new(token, binding(material)));
            }
            let material = MaterialId::random(&**random);
            let made = vault.generate_key(&binding(material)).await.map_err(as_fault)?;
            let row = postcard::to_stdvec(&SealingKeyRow::V1(material, made.ekt)).map_err(Fault::ours)?;
            match store.txn(Txn::default().create(place::sealing_key(), row)).await {
                // Read back, so that the one that was stored counts.
                Ok(_) | Err(TxnError::Conflict) => {}
                Err(error) => return Err(Fault::ours(error)),
            }
        }
    }
}

/// Rows whose secrets older versions stored in clear.
pub(crate) trait Sealable: Stored {
    /// Where they are.
    fn prefix() -> keyward_store::Key;

    /// The same row with its secrets sealed; `None` when they are already.
    fn sealed(
        self,
        access_key_id: &str,
        secrets: &Secrets,
    ) -> impl Future<Output = Result<Option<Self>, Fault>> + Send;
}

fn binding(material_id: MaterialId) -> KeyBinding {
    KeyBinding {
        owner: KeyOwner::Single(OWNER.to_owned()),
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: KeyOrigin::AwsKms,
        material_id,
    }
}

fn context(access_key_id: &str) -> EncryptionContext {
    [("access-key", access_key_id)].into_iter().collect()
}

fn as_fault(error: VaultError) -> Fault {
    if error.is_retryable() {
        let message = "Credentials cannot be checked at present. Try again.";
        return Fault::dependency("ServiceUnavailable", message).because(error);
    }
    Fault::ours(error)
}

#[cfg(test)]
mod tests;
