//! Calls whose plaintext only a recipient outside can read: the vault envelops it, and it never comes here.

use crate::api::algorithm::EncryptionAlgorithm;
use crate::api::binding::KeyRef;
use crate::api::context::EncryptionContext;
use crate::api::error::VaultError;
use crate::api::spec::KeySpec;
use crate::client::{VaultClient, one, unfitting};
use crate::protocol::answer::Answer;
use crate::protocol::bytes::{Bytes, Octets};
use crate::protocol::request::{Request, Revealing, Sealed};

/// The vault, asked on behalf of the holder of an RSA key. What would be plaintext is CMS EnvelopedData
/// (RFC 5652) under that key. A key that is no RSA key of 2048 bits or more is `InvalidPublicKey`.
pub struct ForRecipient<'a> {
    client: &'a VaultClient,
    public_key: &'a [u8],
}

/// A data key, or a data key pair, for a recipient.
#[derive(Debug)]
pub struct EnvelopedDataKey {
    /// The key itself (PKCS#8 DER for a pair), for the recipient.
    pub enveloped: Vec<u8>,
    /// The key under the KMS key.
    pub ciphertext: Vec<u8>,
    /// The pair's public half in SPKI DER.
    pub public_key: Option<Vec<u8>>,
}

impl VaultClient {
    /// The same vault for calls on behalf of a recipient, whose RSA key is given in SPKI DER.
    pub fn for_recipient<'a>(&'a self, public_key: &'a [u8]) -> ForRecipient<'a> {
        ForRecipient { client: self, public_key }
    }
}

impl ForRecipient<'_> {
    /// As [`VaultClient::decrypt`].
    pub async fn decrypt(
        &self,
        key: &KeyRef,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        context: &EncryptionContext,
    ) -> Result<Vec<u8>, VaultError> {
        let context = context.canonical();
        let ciphertext = Bytes(ciphertext);
        let sealed = Sealed { key: key.into(), algorithm, ciphertext, context: Bytes(&context) };
        self.call(Revealing::Decrypt(sealed)).await.and_then(one)
    }

    /// As [`VaultClient::generate_data_key`].
    pub async fn generate_data_key(
        &self,
        key: &KeyRef,
        bytes: u32,
        context: &EncryptionContext,
    ) -> Result<EnvelopedDataKey, VaultError> {
        let context = context.canonical();
        let what = Revealing::GenerateDataKey { key: key.into(), bytes, context: Bytes(&context) };
        self.call(what).await.and_then(data_key)
    }

    /// As [`VaultClient::generate_data_key_pair`].
    pub async fn generate_data_key_pair(
        &self,
        key: &KeyRef,
        pair: KeySpec,
        context: &EncryptionContext,
    ) -> Result<EnvelopedDataKey, VaultError> {
        let context = context.canonical();
        let what = Revealing::GenerateDataKeyPair { key: key.into(), pair, context: Bytes(&context) };
        self.call(what).await.and_then(data_key)
    }

    /// As [`VaultClient::derive_shared_secret`].
    pub async fn derive_shared_secret(&self, key: &KeyRef, peer: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.call(Revealing::DeriveSharedSecret { key: key.into(), peer: Bytes(peer) }).await.and_then(one)
    }

    /// As [`VaultClient::generate_random`].
    pub async fn generate_random(&self, bytes: u32) -> Result<Vec<u8>, VaultError> {
        self.call(Revealing::GenerateRandom(bytes)).await.and_then(one)
    }

    async fn call(&self, what: Revealing<'_>) -> Result<Answer, VaultError> {
        let recipient = Bytes(self.public_key);
        self.client.call(&Request::ForRecipient { recipient, what }).await
    }
}

fn data_key(answer: Answer) -> Result<EnvelopedDataKey, VaultError> {
    let Answer::DataKey { plaintext: Some(enveloped), ciphertext, public_key } = answer else {
        return Err(unfitting());
    };
    Ok(EnvelopedDataKey {
        enveloped: enveloped.into_public(),
        ciphertext: ciphertext.into_public(),
        public_key: public_key.map(Octets::into_public),
    })
}
