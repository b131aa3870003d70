//! Takes backups: the row that says that one is being taken, the sealed bytes, and the row that says that it is ready.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_hsm::Backup;
use keyward_store::Revision;

use super::hsms::lost;
use super::settle::{Subject, Undone};
use crate::backup::{self, BackupRecord, Stage};
use crate::cluster::Certificates;
use crate::ids::BackupId;
use crate::service::CloudHsm;
use crate::tags::Tags;
use crate::{fault, rows};

impl CloudHsm {
    /// Takes the backup that is due.
    pub(super) async fn take_backup(&self, subject: &mut Subject, id: &BackupId) -> Result<(), Undone> {
        let key = rows::backup(&subject.place, id);
        if self.store.get(&key).await.map_err(fault::internal)?.is_none() {
            // Shown while it is taken.
            let record = self.new_backup(subject, id);
            return self.commit(subject.txn().create(key, record.encode()?)).await;
        }
        let cluster = self.clusters.get(&subject.record.id);
        let cluster = cluster.ok_or_else(|| fault::internal("no HSM of the cluster runs"))?;
        let taken = cluster.backup().await.map_err(lost)?;
        self.store_backup(subject, id, &taken).await
    }

    /// Keeps a backup that was taken, and writes the cluster as it is now.
    pub(super) async fn store_backup(
        &self,
        subject: &mut Subject,
        id: &BackupId,
        taken: &Backup,
    ) -> Result<(), Undone> {
        let bytes = Bytes::copy_from_slice(taken.as_bytes());
        let key = rows::backup(&subject.place, id);
        let row = self.store.get(&key).await.map_err(fault::internal)?;
        let revision = row.as_ref().map_or(Revision::ABSENT, |row| row.revision);
        let mut record = match &row {
            Some(row) => BackupRecord::decode(&row.value)?,
            None => self.new_backup(subject, id),
        };
        if record.stage == Stage::Creating {
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(digest(&SHA256, &bytes).as_ref());
            record = BackupRecord {
                sha256: Some(sha256),
                stage: Stage::Ready,
                created: self.after(subject.record.backed_up),
                ..record
            };
            // The bytes first, so that no row is without them.
            self.blobs.put(&backup::blob(id)?, bytes).await.map_err(fault::internal)?;
        }
        subject.record.backup_taken(record.created);
        let cluster = subject.record.encode()?;
        let txn = subject.txn().compare(key.clone(), revision).put(key, record.encode()?);
        self.commit(txn.put(subject.key.clone(), cluster)).await
    }

    /// Gives up on a backup that nobody can take any more.
    pub(super) async fn drop_backup(&self, subject: &mut Subject) -> Result<(), Undone> {
        let Some(due) = subject.record.backup_due.clone() else { return Ok(()) };
        let key = rows::backup(&subject.place, &due);
        let row = self.store.get(&key).await.map_err(fault::internal)?;
        let started =
            row.map(|row| Ok::<_, Fault>((row.revision, BackupRecord::decode(&row.value)?))).transpose()?;
        subject.record.drop_backup();
        let mut txn = subject.txn().put(subject.key.clone(), subject.record.encode()?);
        if let Some((revision, record)) = started
            && record.stage == Stage::Creating
        {
            txn = txn.compare(key.clone(), revision).delete(key);
        }
        self.commit(txn).await
    }

    /// Now, and in any case after the last backup: which one is the newest must be beyond doubt.
    fn after(&self, last: Option<Timestamp>) -> Timestamp {
        let now = self.clock.now();
        last.map_or(now, |last| now.max(last.plus(Duration::from_millis(1))))
    }

    fn new_backup(&self, subject: &Subject, id: &BackupId) -> BackupRecord {
        let cluster = &subject.record;
        let Certificates { cluster: signed, anchor, .. } = cluster.certificates.clone();
        BackupRecord {
            id: id.clone(),
            cluster: cluster.id.clone(),
            created: self.clock.now(),
            stage: Stage::Creating,
            never_expires: false,
            copied: None,
            hsm_type: cluster.hsm_type,
            mode: cluster.mode,
            certificates: Certificates { cluster: signed, anchor, ..Certificates::default() },
            sha256: None,
            policy: None,
            tags: Tags::default(),
        }
    }
}
