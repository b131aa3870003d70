//! Keeps what is to be kept of the backups, and lets the rest go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_hsm::ClusterId;
use keyward_store::{Compare, Revision, Txn, TxnError};

use crate::backup::{self, BackupRecord, Stage};
use crate::cluster::ClusterRecord;
use crate::fault;
use crate::ids::BackupId;
use crate::rows::{self, Place};
use crate::service::CloudHsm;

/// How long a deleted backup is still shown.
const SHOWN_FOR: Duration = Duration::from_hours(1);

/// A backup's row, and when it was written.
struct Stored {
    place: Place,
    record: BackupRecord,
    revision: Revision,
}

impl CloudHsm {
    /// Puts backups that outlived their cluster's retention on the way out, removes the bytes of those whose waiting
    /// period is over, and forgets those that were shown long enough as deleted.
    pub(super) async fn keep_backups(&self, fence: Option<Compare>) -> Result<(), Fault> {
        let now = self.clock.now();
        let all = self.all_backups().await?;
        let outlived = self.outlived(&all, now).await?;
        for stored in &all {
            let mut record = stored.record.clone();
            let txn = Txn::when(fence.iter().cloned().collect());
            let key = rows::backup(&stored.place, &record.id);
            let txn = txn.compare(key.clone(), stored.revision);
            let txn = match record.stage {
                Stage::Ready | Stage::TakenBack(_) if outlived.contains(&record.id) => {
                    record.delete(now)?;
                    txn.put(key, record.encode()?)
                }
                Stage::PendingDeletion(at) if at <= now => {
                    record.stage = Stage::Deleted(now);
                    txn.put(key, record.encode()?)
                }
                // Again, in case that we died between the row and the bytes.
                Stage::Deleted(at) if now.since(at) >= SHOWN_FOR => {
                    self.remove_bytes(&record.id).await?;
                    txn.delete(key)
                }
                _ => continue,
            };
            match self.store.txn(txn).await {
                // Whoever changed it first wins; the next look sees what is left to do.
                Err(TxnError::Conflict) => {}
                Err(error) => return Err(fault::internal(error)),
                // The bytes after the row that promised them.
                Ok(_) if matches!(record.stage, Stage::Deleted(_)) => self.remove_bytes(&record.id).await?,
                Ok(_) => {}
            }
        }
        Ok(())
    }

    async fn remove_bytes(&self, id: &BackupId) -> Result<(), Fault> {
        self.blobs.delete(&backup::blob(id)?).await.map_err(fault::internal)
    }

    async fn all_backups(&self) -> Result<Vec<Stored>, Fault> {
        let rows = self.rows(&rows::all_backups()).await?;
        let read = |row: keyward_store::Row| {
            let (place, _) =
                rows::parse_backup(&row.key).ok_or_else(|| fault::internal("a backup's row has no place"))?;
            Ok(Stored { place, record: BackupRecord::decode(&row.value)?, revision: row.revision })
        };
        rows.into_iter().map(read).collect()
    }

    /// Those of clusters that exist: without its cluster, nobody says how long a backup is kept.
    async fn outlived(&self, all: &[Stored], now: Timestamp) -> Result<BTreeSet<BackupId>, Fault> {
        let mut by_cluster: BTreeMap<(String, ClusterId), (&Place, Vec<BackupRecord>)> = BTreeMap::new();
        for stored in all.iter().filter(|stored| stored.record.copied.is_none()) {
            let key = (format!("{:?}", stored.place), stored.record.cluster.clone());
            by_cluster
                .entry(key)
                .or_insert_with(|| (&stored.place, Vec::new()))
                .1
                .push(stored.record.clone());
        }
        let mut outlived = BTreeSet::new();
        for ((_, cluster), (place, backups)) in by_cluster {
            let row = self.store.get(&rows::cluster(place, &cluster)).await.map_err(fault::internal)?;
            let Some(row) = row else { continue };
            let cluster = ClusterRecord::decode(&row.value)?;
            if !cluster.is_deleted() {
                outlived.extend(backup::outlived(&backups, cluster.retention_days, now));
            }
        }
        Ok(outlived)
    }
}
