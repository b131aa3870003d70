//! Backups: everything that an HSM holds, for HSMs of the same fleet.
//!
//! ```text
//! "KWHSMB" | version (1) | length of header (4, big endian) | header | salt (16)
//!          | ephemeral key, wrapped (40) | nonce (12) | ciphertext | tag (16)
//! ```
//!
//! The ephemeral AES-256 key is wrapped (RFC 5649) under the backup key, which SP 800-108 (counter mode, HMAC-SHA-256) makes from the
//! fleet key and the salt and header. All that comes before the nonce is associated data of the rest: no bit can be changed unnoticed.
//! The masked records inside are sealed once more, under the masking key.

use aws_lc_rs::digest;
use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::backup::{Backup, BackupHeader};
use crate::api::error::HsmError;
use crate::api::record::MaskedRecord;
use crate::instance::Instance;
use crate::instance::identity::FleetKey;
use crate::token::BackupKey;
use crate::token::software::{AesGcm, WrapKey};

const MAGIC: &[u8] = b"KWHSMB\x01";
const SALT_BYTES: usize = 16;
const WRAPPED_BYTES: usize = 40;
const LABEL: &[u8] = b"keyward hsm backup";

/// A backup, opened with the fleet's key.
pub(crate) struct OpenedBackup {
    pub(crate) header: BackupHeader,
    pub(crate) salt: [u8; SALT_BYTES],
    /// Wrapped under the backup key.
    pub(crate) masking_key: Vec<u8>,
    pub(crate) records: Vec<MaskedRecord>,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    masking_key: Vec<u8>,
    records: Vec<MaskedRecord>,
}

/// A backup's parts.
struct Parts<'a> {
    /// All before the nonce.
    head: &'a [u8],
    header: &'a [u8],
    salt: [u8; SALT_BYTES],
    wrapped: &'a [u8],
    sealed: &'a [u8],
}

impl Instance {
    /// Makes a backup.
    pub(crate) fn backup(&self) -> Result<Backup, HsmError> {
        let created_millis = self.now_millis();
        let (membership, records) = {
            let mind = self.member()?;
            (mind.membership.clone().ok_or(HsmError::Blank)?, mind.all_records().cloned().collect())
        };
        let header = BackupHeader {
            cluster: membership.cluster,
            source: self.identity.serial,
            created_millis,
            mode: membership.mode,
            hsm_type: membership.hsm_type,
            certificate_sha256: membership.certificate_sha256,
        };
        let mut salt = [0; SALT_BYTES];
        let mut ephemeral = Zeroizing::new([0; 32]);
        self.token.random(&mut salt)?;
        self.token.random(&mut *ephemeral)?;
        let under = self.backup_key(&salt, &header)?;
        let payload = Payload { masking_key: self.token.export_masking_key(&under)?, records };
        let plain = postcard::to_allocvec(&payload).map_err(|_| unencodable())?;
        let wrapped = WrapKey::new(&*under.0)?.wrap_padded(&*ephemeral)?;
        let mut bytes = head(&header, &salt, &wrapped)?;
        let sealed = AesGcm::new(&*ephemeral)?.encrypt(&bytes, &plain)?;
        bytes.extend_from_slice(&sealed);
        Ok(Backup(bytes))
    }

    /// Opens a backup of this fleet.
    pub(crate) fn open_backup(&self, bytes: &[u8]) -> Result<OpenedBackup, HsmError> {
        open(&self.identity.fleet_key()?, bytes)
    }

    /// The key for one backup.
    pub(crate) fn backup_key(
        &self,
        salt: &[u8; SALT_BYTES],
        header: &BackupHeader,
    ) -> Result<BackupKey, HsmError> {
        let header = postcard::to_allocvec(header).map_err(|_| unencodable())?;
        derive(&self.identity.fleet_key()?, salt, &header)
    }
}

/// Opens a backup with the fleet's key.
pub(crate) fn open(fleet: &FleetKey, bytes: &[u8]) -> Result<OpenedBackup, HsmError> {
    let parts = split(bytes).ok_or(HsmError::BackupRefused)?;
    let header = postcard::take_from_bytes::<BackupHeader>(parts.header);
    let Ok((header, [])) = header else { return Err(HsmError::BackupRefused) };
    let under = derive(fleet, &parts.salt, parts.header)?;
    let refused = |_| HsmError::BackupRefused;
    let ephemeral = WrapKey::new(&*under.0)?.unwrap_padded(parts.wrapped).map_err(refused)?;
    let plain = AesGcm::new(&ephemeral)?.decrypt(parts.head, parts.sealed).map_err(refused)?;
    match postcard::take_from_bytes::<Payload>(&plain) {
        Ok((Payload { masking_key, records }, [])) => {
            Ok(OpenedBackup { header, salt: parts.salt, masking_key, records })
        }
        _ => Err(HsmError::BackupRefused),
    }
}

fn head(header: &BackupHeader, salt: &[u8], wrapped: &[u8]) -> Result<Vec<u8>, HsmError> {
    let header = postcard::to_allocvec(header).map_err(|_| unencodable())?;
    let length = u32::try_from(header.len()).map_err(|_| unencodable())?;
    Ok([MAGIC, &length.to_be_bytes(), &header, salt, wrapped].concat())
}

fn split(bytes: &[u8]) -> Option<Parts<'_>> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (header, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>()?;
    let (wrapped, sealed) = rest.split_at_checked(WRAPPED_BYTES)?;
    let head = bytes.get(..bytes.len() - sealed.len())?;
    Some(Parts { head, header, salt: *salt, wrapped, sealed })
}

/// SP 800-108 in counter mode: label, zero byte, context (salt and the header's hash), length in bits.
fn derive(fleet: &FleetKey, salt: &[u8; SALT_BYTES], header: &[u8]) -> Result<BackupKey, HsmError> {
    let hash = digest::digest(&digest::SHA256, header);
    let info = [LABEL, &[0], salt, hash.as_ref(), &256_u32.to_be_bytes()].concat();
    let mut key = Zeroizing::new([0; 32]);
    let failed = || HsmError::Internal("aws-lc failed".to_owned());
    let algorithm = get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).ok_or_else(failed)?;
    kbkdf_ctr_hmac(algorithm, &**fleet, &info, &mut *key).map_err(|_| failed())?;
    Ok(BackupKey(key))
}

impl Backup {
    /// What the backup says about itself, not yet authenticated: only an HSM that restores it can say whether it is true. `None` when
    /// it is no backup.
    pub fn header(&self) -> Option<BackupHeader> {
        postcard::from_bytes(split(&self.0)?.header).ok()
    }
}

fn unencodable() -> HsmError {
    HsmError::Internal("a backup has no form".to_owned())
}

#[cfg(test)]
mod tests;
