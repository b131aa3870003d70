//! The service's state, and what its operations share.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;

use keyward_base::{Clock, Fault, Partition, Random};
use keyward_gate::PageTokens;
use keyward_hsm::Clusters;
use keyward_store::{Blobs, Key, KeyRange, Row, Store};
use keyward_vault::VaultClient;
use tokio::sync::OnceCell;

use crate::backup::{self, BackupRecord};
use crate::certificates::Roots;
use crate::cluster::ClusterRecord;
use crate::duty::Watched;
use crate::hsms::Hsms;
use crate::rows::Place;
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
    /// What makes HSMs; without it there are none.
    pub hsms: Option<Arc<dyn Hsms>>,
    /// The clusters of this node, which the service feeds.
    pub clusters: Clusters,
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
    pub(crate) tokens: PageTokens,
    pub(crate) clusters: Clusters,
    pub(crate) watched: Watched,
    hsms: Option<Arc<dyn Hsms>>,
    roots: OnceCell<Roots>,
}

impl CloudHsm {
    /// Opens the service on its store; the first time it makes the key of its page tokens.
    pub async fn open(parts: CloudHsmParts) -> Result<Arc<Self>, Fault> {
        let CloudHsmParts { store, blobs, vault, clock, random, partition, config, hsms, clusters } = parts;
        let tokens = PageTokens::open(&*store, &*random, rows::token_key()).await?;
        let (watched, roots) = (Watched::default(), OnceCell::new());
        Ok(Arc::new(Self {
            store,
            blobs,
            vault,
            clock,
            random,
            partition,
            config,
            tokens,
            clusters,
            watched,
            hsms,
            roots,
        }))
    }

    /// What makes HSMs.
    pub(crate) fn hsms(&self) -> Result<&Arc<dyn Hsms>, Fault> {
        self.hsms.as_ref().ok_or_else(fault::no_hsms)
    }

    /// The certificates (PEM) of the two roots that certify this deployment's HSMs: the one in AWS's place, and the one in the
    /// manufacturer's. The first time they are made.
    pub async fn root_certificates(&self) -> Result<(String, String), Fault> {
        let (aws, manufacturer) = self.roots().await?.certificates();
        Ok((aws.to_owned(), manufacturer.to_owned()))
    }

    /// The roots that certify HSMs.
    pub(crate) async fn roots(&self) -> Result<&Roots, Fault> {
        let open = || Roots::open(&*self.store, &self.vault, &*self.random, self.clock.now());
        self.roots.get_or_try_init(open).await
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
