//! The service's state, and what its operations share.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;

use keyward_base::{Clock, Fault, Partition, Random};
use keyward_store::{Blobs, Key, KeyRange, Row, Store};
use keyward_vault::VaultClient;

use crate::backup::{self, BackupRecord};
use crate::cluster::ClusterRecord;
use crate::rows::Place;
use crate::token::Tokens;
use crate::{CloudHsmConfig, fault, rows};

/// What the service is built from.
pub struct CloudHsmParts {
    /// Its rows.
    pub store: Arc<dyn Store>,
    /// Its backups' sealed bytes.
    pub blobs: Arc<dyn Blobs>,
    /// Where the keys of the roots are that certify HSMs.
    pub vault: VaultClient,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub random: Arc<dyn Random>,
    /// The partition of the deployment's ARNs.
    pub partition: Partition,
    /// The settings.
    pub config: CloudHsmConfig,
}

/// CloudHSM.
pub struct CloudHsm {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) vault: VaultClient,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) partition: Partition,
    pub(crate) config: CloudHsmConfig,
    pub(crate) tokens: Tokens,
}

impl CloudHsm {
    /// Opens the service on its store; the first time it makes the key of its page tokens.
    pub async fn open(parts: CloudHsmParts) -> Result<Arc<Self>, Fault> {
        let CloudHsmParts { store, blobs, vault, clock, random, partition, config } = parts;
        let tokens = Tokens::open(&*store, &*random).await?;
        Ok(Arc::new(Self { store, blobs, vault, clock, random, partition, config, tokens }))
    }

    /// Whether HSMs can be made.
    pub(crate) fn serves_hsms(&self) -> bool {
        false
    }

    /// The rows below `prefix`.
    pub(crate) async fn rows(&self, prefix: &Key) -> Result<Vec<Row>, Fault> {
        let (rows, _) =
            self.store.range(&KeyRange::prefix(prefix), usize::MAX).await.map_err(fault::internal)?;
        Ok(rows)
    }

    /// The clusters of an account in a Region, by id; deleted ones too, as long as they are shown.
    pub(crate) async fn clusters(&self, place: &Place) -> Result<Vec<ClusterRecord>, Fault> {
        let rows = self.rows(&rows::clusters(place)).await?;
        rows.iter().map(|row| ClusterRecord::decode(&row.value)).collect()
    }

    /// The backups of an account in a Region, by id.
    pub(crate) async fn backups(&self, place: &Place) -> Result<Vec<BackupRecord>, Fault> {
        let rows = self.rows(&rows::backups(place)).await?;
        rows.iter().map(|row| BackupRecord::decode(&row.value)).collect()
    }
}

/// Backups' sealed bytes.
impl CloudHsm {
    /// The sealed bytes of a backup, as they were taken: changed ones are refused here, and by any HSM besides.
    pub(crate) async fn sealed(&self, backup: &BackupRecord) -> Result<Bytes, Fault> {
        let blob = self.blobs.get(&backup::blob(&backup.id)?).await.map_err(fault::internal)?;
        let refused =
            |why: &str| fault::invalid(format!("The backup {} can't be restored: {why}.", backup.id));
        let bytes = blob.ok_or_else(|| refused("its content is gone"))?;
        let found = digest(&SHA256, &bytes);
        if backup.sha256.is_some_and(|sha256| sha256 == found.as_ref()) {
            Ok(bytes)
        } else {
            Err(refused("its content was changed since it was taken"))
        }
    }
}
