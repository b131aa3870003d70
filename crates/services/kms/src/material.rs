//! Where a key's cryptography happens: in the vault, or in the cluster of its custom key store.
//!
//! Symmetric operations go through here; all others have keys of the vault's only.

use keyward_base::Fault;
use keyward_hsm::CipherMechanism;
use keyward_schema::Sensitive;
use keyward_vault::{EncryptionAlgorithm, EncryptionContext, KeyRef, MaterialId, Refusal, VaultError};

use crate::ciphertext::Opened;
use crate::fault;
use crate::key::{KeyArn, KeyRecord, Material, MaterialState};
use crate::keystore::{ClusterBlob, blob, use_fault};
use crate::kms::Kms;
use crate::loaded::{ClusterKeyRef, LoadedKey, binding};
use crate::vault::as_fault;

/// One material of a key, wherever it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MaterialRef<'a> {
    /// In the vault.
    Vault(&'a KeyRef),
    /// In a cluster.
    Cluster(ClusterKeyRef<'a>),
}

/// A cluster's HSMs know no recipients.
pub(crate) fn no_recipient() -> Fault {
    fault::unsupported("Recipient can not be used with a custom key store.")
}

/// What the caller is told when the vault does not encrypt under `key`. How long a plaintext is that moves from key to
/// key, the vault alone knows.
fn sealing_fault(key: &LoadedKey, algorithm: EncryptionAlgorithm, error: VaultError) -> Fault {
    match error {
        VaultError::Refused(Refusal::TooLong) => fault::too_large(algorithm, key.record.spec),
        error => as_fault(error),
    }
}

impl<'a> MaterialRef<'a> {
    /// The vault's token, which answering a recipient takes.
    pub(crate) fn in_vault(&self) -> Result<&'a KeyRef, Fault> {
        match self {
            Self::Vault(key) => Ok(key),
            Self::Cluster(_) => Err(no_recipient()),
        }
    }

    /// Its id.
    pub(crate) fn id(&self) -> MaterialId {
        match self {
            Self::Vault(key) => key.binding().material_id,
            Self::Cluster(key) => key.material_id,
        }
    }
}

/// A data key as it was made.
pub(crate) struct MadeDataKey {
    /// In clear.
    pub(crate) plaintext: Sensitive<Vec<u8>>,
    /// Under the key.
    pub(crate) ciphertext: Vec<u8>,
}

impl Kms {
    /// Makes material for the key at `arn` in the vault. Nothing is written yet.
    pub(crate) async fn make_in_vault(
        &self,
        arn: &KeyArn,
        record: &KeyRecord,
        state: MaterialState,
    ) -> Result<Material, Fault> {
        let id = MaterialId::random(&*self.random);
        let made = self.vault.generate_key(&binding(arn, record, id)).await.map_err(as_fault)?;
        Ok(Material::made(id, state, made.ekt))
    }

    /// Encrypts under the key's current material.
    pub(crate) async fn encrypt(
        &self,
        key: &LoadedKey,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, Fault> {
        let Some(cluster) = key.cluster_key() else {
            let made = self.vault.encrypt(key.current()?, algorithm, plaintext, context).await;
            return made.map_err(|error| sealing_fault(key, algorithm, error));
        };
        let header = blob::header(&key.arn.id, cluster.material_id);
        let data = blob::associated_data(&header, context);
        let session = self.key_stores.session(key, cluster.store).await?;
        let sealed = session.encrypt(cluster.handle, CipherMechanism::AesGcm, &data, plaintext).await;
        let sealed = sealed.map_err(|error| use_fault(key, error))?;
        Ok([header, sealed].concat())
    }

    /// Decrypts what `opened` holds.
    pub(crate) async fn decrypt(
        &self,
        key: &LoadedKey,
        opened: &Opened<'_>,
        context: &EncryptionContext,
    ) -> Result<Sensitive<Vec<u8>>, Fault> {
        let cluster = match opened.material {
            MaterialRef::Vault(material) => {
                let plaintext =
                    self.vault.decrypt(material, opened.algorithm, opened.ciphertext, context).await;
                return Ok(Sensitive::new(plaintext.map_err(as_fault)?.to_vec()));
            }
            MaterialRef::Cluster(cluster) => cluster,
        };
        let blob = ClusterBlob::parse(opened.ciphertext).ok_or_else(fault::invalid_ciphertext)?;
        let data = blob.associated_data(context);
        let session = self.key_stores.session(key, cluster.store).await?;
        let plaintext = session.decrypt(cluster.handle, CipherMechanism::AesGcm, &data, blob.sealed).await;
        let plaintext = plaintext.map_err(|error| use_fault(key, error))?;
        Ok(Sensitive::new(plaintext.to_vec()))
    }

    /// Makes a data key of `bytes` bytes under the key's current material.
    pub(crate) async fn generate_data_key(
        &self,
        key: &LoadedKey,
        bytes: u32,
        context: &EncryptionContext,
    ) -> Result<MadeDataKey, Fault> {
        let Some(cluster) = key.cluster_key() else {
            let made =
                self.vault.generate_data_key(key.current()?, bytes, context).await.map_err(as_fault)?;
            let plaintext = made.plaintext.map(|plaintext| plaintext.to_vec()).unwrap_or_default();
            return Ok(MadeDataKey { plaintext: Sensitive::new(plaintext), ciphertext: made.ciphertext });
        };
        let header = blob::header(&key.arn.id, cluster.material_id);
        let data = blob::associated_data(&header, context);
        let session = self.key_stores.session(key, cluster.store).await?;
        let made = session.generate_data_key(cluster.handle, &data, bytes).await;
        let made = made.map_err(|error| use_fault(key, error))?;
        Ok(MadeDataKey {
            plaintext: Sensitive::new(made.plaintext.to_vec()),
            ciphertext: [header, made.ciphertext].concat(),
        })
    }

    /// Makes a data key that only its ciphertext is wanted of.
    pub(crate) async fn generate_data_key_without_plaintext(
        &self,
        key: &LoadedKey,
        bytes: u32,
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, Fault> {
        if key.cluster_key().is_some() {
            return Ok(self.generate_data_key(key, bytes, context).await?.ciphertext);
        }
        let made = self.vault.generate_data_key_without_plaintext(key.current()?, bytes, context).await;
        Ok(made.map_err(as_fault)?.ciphertext)
    }

    /// Decrypts and encrypts again. Between two keys of the vault the plaintext stays inside it; a cluster's HSM
    /// hands it to this service, as CloudHSM's do in AWS.
    pub(crate) async fn re_encrypt(
        &self,
        source: (&LoadedKey, &Opened<'_>, &EncryptionContext),
        destination: (&LoadedKey, EncryptionAlgorithm, &EncryptionContext),
    ) -> Result<Vec<u8>, Fault> {
        let ((from, opened, from_context), (to, algorithm, to_context)) = (source, destination);
        if let (MaterialRef::Vault(material), None) = (opened.material, to.cluster_key()) {
            let made = self.vault.re_encrypt(
                material,
                opened.algorithm,
                opened.ciphertext,
                from_context,
                to.current()?,
                algorithm,
                to_context,
            );
            return made.await.map_err(|error| sealing_fault(to, algorithm, error));
        }
        let plaintext = self.decrypt(from, opened, from_context).await?;
        self.encrypt(to, algorithm, plaintext.expose(), to_context).await
    }
}
