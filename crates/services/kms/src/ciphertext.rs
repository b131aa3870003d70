//! The ciphertext of `Decrypt` and `ReEncrypt`, and the key that it belongs to.
//!
//! A symmetric ciphertext says in its header which key and which material made it, so that the request
//! need not; nothing in the header is believed until the vault has decrypted. RSA ciphertexts have no
//! header.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::{Check, RequestContext, View};
use keyward_schema::kms::{DryRunModifierType, EncryptionAlgorithmSpec};
use keyward_vault::{BlobHeader, EncryptionAlgorithm, KeyUsage, MaterialId, parse_ciphertext_header};

use crate::crypto::{GivenContext, encryption_algorithm, with_context};
use crate::fault;
use crate::key::{KeyId, Profile};
use crate::keystore::ClusterBlob;
use crate::kms::Kms;
use crate::loaded::LoadedKey;
use crate::material::MaterialRef;
use crate::resolve::{Access, Target};

/// The members of a request that say what is to be decrypted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceRequest<'a> {
    /// The ciphertext; may be absent only in a dry run that ignores it.
    pub(crate) ciphertext: Option<&'a [u8]>,
    /// The key that the caller names.
    pub(crate) key_id: Option<&'a str>,
    /// The member that names it.
    pub(crate) key_member: &'static str,
    /// The algorithm; `SYMMETRIC_DEFAULT` when absent.
    pub(crate) algorithm: Option<EncryptionAlgorithmSpec>,
    /// The encryption context.
    pub(crate) context: &'a GivenContext,
    /// Whether this is a dry run.
    pub(crate) dry_run: bool,
    /// What a dry run leaves out.
    pub(crate) modifiers: &'a [DryRunModifierType],
}

/// The key that a ciphertext belongs to.
pub(crate) struct Source {
    target: Target,
    /// Whether the request named the key, or only the ciphertext did.
    named: bool,
}

/// A ciphertext whose key may decrypt it.
pub(crate) struct Opened<'a> {
    /// The material that made it.
    pub(crate) material: MaterialRef<'a>,
    /// The algorithm.
    pub(crate) algorithm: EncryptionAlgorithm,
    /// Its bytes; empty in a dry run without one.
    pub(crate) ciphertext: &'a [u8],
}

impl SourceRequest<'_> {
    fn ignores_ciphertext(&self) -> bool {
        self.modifiers.contains(&DryRunModifierType::IgnoreCiphertext)
    }

    fn check_members(&self) -> Result<(), Fault> {
        if self.ignores_ciphertext() {
            if !self.dry_run {
                return Err(fault::validation("DryRunModifiers can only be used when DryRun is true."));
            }
            return if self.key_id.is_some() { Ok(()) } else { Err(fault::missing(self.key_member)) };
        }
        if self.ciphertext.is_some() { Ok(()) } else { Err(fault::missing("ciphertextBlob")) }
    }

    fn header(&self) -> Option<Header<'_>> {
        let blob = self.ciphertext?;
        if let Some(BlobHeader { key_id, material_id, .. }) = parse_ciphertext_header(blob) {
            return Some(Header { key_id, material_id, by_cluster: false });
        }
        let ClusterBlob { key_id, material_id, .. } = ClusterBlob::parse(blob)?;
        Some(Header { key_id, material_id, by_cluster: true })
    }
}

/// What a symmetric ciphertext claims.
struct Header<'a> {
    key_id: &'a str,
    material_id: MaterialId,
    by_cluster: bool,
}

impl Source {
    /// Finds the key: the one that the request names, else the one that the ciphertext does.
    pub(crate) async fn find(
        kms: &Kms,
        request: &RequestContext,
        view: &mut View<'_>,
        access: &Access,
        wanted: &SourceRequest<'_>,
    ) -> Result<Self, Fault> {
        wanted.check_members()?;
        if let Some(text) = wanted.key_id {
            if let Some(key) = by_short_id(kms, request, view, wanted, text).await? {
                return Ok(Self { target: Target::unnamed(key), named: true });
            }
            return Ok(Self { target: kms.find(request, view, access, text).await?, named: true });
        }
        let id = wanted.header().and_then(|header| KeyId::parse(header.key_id));
        let id = id.ok_or_else(fault::invalid_ciphertext)?;
        match kms.find_by_id(request, view, &id).await? {
            Some(key) => Ok(Self { target: Target::unnamed(key), named: false }),
            None => Err(request.refuse_unseen_ciphertext(access.action)),
        }
    }

    /// The permission that decrypting takes.
    pub(crate) fn check(&self, access: &Access, wanted: &SourceRequest<'_>) -> Check {
        let check = with_context(self.target.check(access), wanted.context, wanted.algorithm);
        if self.named { check } else { check.shown_by_ciphertext() }
    }

    /// The key.
    pub(crate) fn key(&self) -> &LoadedKey {
        &self.target.key
    }

    /// The ciphertext with the material that made it, if the key is the right one and usable now.
    pub(crate) fn open<'a>(&'a self, wanted: &SourceRequest<'a>) -> Result<Opened<'a>, Fault> {
        let key = self.key();
        if key.record.usage != KeyUsage::EncryptDecrypt {
            return Err(fault::incorrect_key());
        }
        let algorithm = encryption_algorithm(key, wanted.algorithm, wanted.context)?;
        let material = self.material(algorithm, wanted)?;
        key.admit(Profile::Cryptographic)?;
        Ok(Opened { material, algorithm, ciphertext: wanted.ciphertext.unwrap_or_default() })
    }

    fn material(
        &self,
        algorithm: EncryptionAlgorithm,
        wanted: &SourceRequest<'_>,
    ) -> Result<MaterialRef<'_>, Fault> {
        let key = self.key();
        if algorithm != EncryptionAlgorithm::SymmetricDefault || wanted.ignores_ciphertext() {
            // A key that waits for its material has none; its state says so better.
            key.admit(Profile::Cryptographic)?;
            return match key.cluster_key() {
                Some(material) => Ok(MaterialRef::Cluster(material)),
                None => key.current().map(MaterialRef::Vault),
            };
        }
        let header = wanted.header().ok_or_else(fault::invalid_ciphertext)?;
        if header.key_id != key.arn.id.as_str() {
            return Err(fault::incorrect_key());
        }
        if key.record.materials.iter().any(|one| one.id == header.material_id && !one.is_held()) {
            key.admit(Profile::Cryptographic)?;
        }
        let material = if header.by_cluster {
            let cluster = key.cluster_key().filter(|material| material.material_id == header.material_id);
            cluster.map(MaterialRef::Cluster)
        } else {
            key.material(header.material_id).map(MaterialRef::Vault)
        };
        material.ok_or_else(fault::invalid_ciphertext)
    }
}

/// A short key id of a symmetric ciphertext may be another account's.
async fn by_short_id(
    kms: &Kms,
    request: &RequestContext,
    view: &mut View<'_>,
    wanted: &SourceRequest<'_>,
    text: &str,
) -> Result<Option<Arc<LoadedKey>>, Fault> {
    match KeyId::parse(text) {
        Some(id) if wanted.header().is_some_and(|header| header.key_id == text) => {
            kms.find_by_id(request, view, &id).await
        }
        _ => Ok(None),
    }
}
