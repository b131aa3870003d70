//! The password of `kmsuser` at rest: under a key of the vault that is bound to the store.

use keyward_base::Fault;
use keyward_vault::{
    EncryptionAlgorithm, EncryptionContext, KeyBinding, KeyOrigin, KeyOwner, KeyRef, KeySpec, KeyUsage,
    MaterialId, Plaintext,
};

use super::{Credentials, KeyStorePlaces};
use crate::key::CustomKeyStoreId;
use crate::kms::Kms;
use crate::vault::as_fault;

const ALGORITHM: EncryptionAlgorithm = EncryptionAlgorithm::SymmetricDefault;

fn binding(places: KeyStorePlaces<'_>, id: &CustomKeyStoreId, material_id: MaterialId) -> KeyBinding {
    let owner = String::from_utf8_lossy(places.store(id).as_bytes()).into_owned();
    KeyBinding {
        owner: KeyOwner::Single(owner),
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: KeyOrigin::AwsKms,
        material_id,
    }
}

impl Credentials {
    /// The first credentials of the store `id`, with a key of their own.
    pub(crate) async fn seal(
        kms: &Kms,
        places: KeyStorePlaces<'_>,
        id: &CustomKeyStoreId,
        password: &[u8],
    ) -> Result<Self, Fault> {
        let material_id = MaterialId::random(&*kms.random);
        let binding = binding(places, id, material_id);
        let made = kms.vault.generate_key(&binding).await.map_err(as_fault)?;
        let key = KeyRef::new(made.ekt.clone(), binding);
        let sealed = kms.vault.encrypt(&key, ALGORITHM, password, &EncryptionContext::empty()).await;
        Ok(Self { key: made.ekt, material_id, password: sealed.map_err(as_fault)?, next: None })
    }

    /// Another password under the same key.
    pub(crate) async fn seal_another(
        &self,
        kms: &Kms,
        places: KeyStorePlaces<'_>,
        id: &CustomKeyStoreId,
        password: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let key = self.key(places, id);
        let sealed = kms.vault.encrypt(&key, ALGORITHM, password, &EncryptionContext::empty()).await;
        sealed.map_err(as_fault)
    }

    /// The password that is sealed in `sealed`, which is one of the two.
    pub(crate) async fn open(
        &self,
        kms: &Kms,
        places: KeyStorePlaces<'_>,
        id: &CustomKeyStoreId,
        sealed: &[u8],
    ) -> Result<Plaintext, Fault> {
        let key = self.key(places, id);
        let opened = kms.vault.decrypt(&key, ALGORITHM, sealed, &EncryptionContext::empty()).await;
        opened.map_err(as_fault)
    }

    fn key(&self, places: KeyStorePlaces<'_>, id: &CustomKeyStoreId) -> KeyRef {
        KeyRef::new(self.key.clone(), binding(places, id, self.material_id))
    }
}
