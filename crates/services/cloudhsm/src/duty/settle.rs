//! Takes one cluster as far as it goes: finds the next step, does it, writes what became of it, and looks again.

use std::collections::HashSet;

use keyward_base::{Blame, Fault};
use keyward_store::{Compare, Key, Revision, Txn, TxnError};
use tracing::info;

use super::step::{Step, steps};
use crate::cluster::ClusterRecord;
use crate::ids::BackupId;
use crate::rows::{self, Place};
use crate::service::CloudHsm;
use crate::{backup, fault};

/// How often a look goes on when somebody else was faster.
const RACES_MAX: usize = 16;

/// A cluster as it was read, to be written back only when nobody changed it since.
pub(super) struct Subject {
    pub(super) place: Place,
    pub(super) record: ClusterRecord,
    pub(super) key: Key,
    revision: Revision,
    fence: Option<Compare>,
}

impl Subject {
    /// A transaction that commits when the cluster is as it was read and the duty is still ours.
    pub(super) fn txn(&self) -> Txn {
        Txn::when(self.fence.iter().cloned().collect()).compare(self.key.clone(), self.revision)
    }
}

impl CloudHsm {
    /// Does what is to be done for the cluster at `key`. A step that fails is left for the next look; the others are done.
    pub(super) async fn settle(&self, key: &Key, fence: Option<Compare>) -> Result<(), Fault> {
        let mut failure = self.look(key, fence.clone()).await.err();
        let (mut failed, mut races) = (HashSet::new(), 0);
        while races < RACES_MAX
            && let Some(subject) = self.subject(key, fence.clone()).await?
        {
            let steps = steps(&subject.record, self.clock.now());
            let Some(step) = steps.into_iter().find(|step| !failed.contains(step)) else { break };
            let id = subject.record.id.clone();
            match self.take(subject, &step).await {
                Ok(()) => info!(cluster = %id, ?step, "done for a cluster"),
                Err(Undone::Raced) => races += 1,
                Err(Undone::Failed(fault)) => {
                    self.show_failure(key, fence.clone(), &step, &fault).await?;
                    failed.insert(step);
                    failure = Some(fault);
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Tells the owner why an HSM is not made.
    async fn show_failure(
        &self,
        key: &Key,
        fence: Option<Compare>,
        step: &Step,
        fault: &Fault,
    ) -> Result<(), Fault> {
        let Step::MakeHsm(id) = step else { return Ok(()) };
        let Some(mut subject) = self.subject(key, fence).await? else { return Ok(()) };
        let why = if fault.blame() == Blame::Caller { fault.message() } else { None };
        let text =
            format!("HSM is not created yet: {}", why.unwrap_or("an internal error; it is tried again."));
        let Some(hsm) = subject.record.hsm_mut(id).filter(|hsm| hsm.message.as_ref() != Some(&text)) else {
            return Ok(());
        };
        hsm.message = Some(text);
        match self.write(&subject).await {
            Ok(()) | Err(Undone::Raced) => Ok(()),
            Err(Undone::Failed(fault)) => Err(fault),
        }
    }

    /// Sees to it that the cluster's HSMs run, and writes which of them are there.
    async fn look(&self, key: &Key, fence: Option<Compare>) -> Result<(), Fault> {
        let Some(mut subject) = self.subject(key, fence).await? else { return Ok(()) };
        if !self.attend(&mut subject).await? {
            return Ok(());
        }
        match self.write(&subject).await {
            // Whoever was faster changed what it depends on: the next look sees.
            Ok(()) | Err(Undone::Raced) => Ok(()),
            Err(Undone::Failed(fault)) => Err(fault),
        }
    }

    async fn subject(&self, key: &Key, fence: Option<Compare>) -> Result<Option<Subject>, Fault> {
        let Some(row) = self.store.get(key).await.map_err(fault::internal)? else { return Ok(None) };
        let (place, _) =
            rows::parse_cluster(key).ok_or_else(|| fault::internal("a cluster's row has no place"))?;
        let (record, revision) = (ClusterRecord::decode(&row.value)?, row.revision);
        Ok(Some(Subject { place, record, key: key.clone(), revision, fence }))
    }

    async fn take(&self, mut subject: Subject, step: &Step) -> Result<(), Undone> {
        match step {
            Step::Make => {
                self.seed(&subject.record).await?;
                subject.record.made();
            }
            Step::PlanBackup => subject.record.want_backup(BackupId::random(&*self.random)),
            Step::TypeChanged => subject.record.type_changed(self.clock.now()),
            Step::Remove => {
                self.blobs.delete(&backup::seed(&subject.record.id)?).await.map_err(fault::internal)?;
                subject.record.gone(self.clock.now());
            }
            Step::MakeHsm(id) => self.make_hsm(&mut subject, id).await?,
            Step::LetHsmGo(id) => self.let_hsm_go(&mut subject, id)?,
            Step::DestroyHsm(id) => self.destroy_hsm(&mut subject, id).await?,
            Step::ReplaceHsm(id, to) => self.replace_hsm(&mut subject, id, *to)?,
            Step::Claim => self.claim(&mut subject).await?,
            // These write more than the cluster.
            Step::BackUpLast(id) => return self.back_up_last(&mut subject, id).await,
            Step::Backup(id) => return self.take_backup(&mut subject, id).await,
            Step::DropBackup => return self.drop_backup(&mut subject).await,
            Step::Forget => return self.commit(subject.txn().delete(subject.key)).await,
        }
        self.write(&subject).await
    }

    /// Writes the cluster back.
    pub(super) async fn write(&self, subject: &Subject) -> Result<(), Undone> {
        self.commit(subject.txn().put(subject.key.clone(), subject.record.encode()?)).await
    }

    /// Commits, if nobody was faster.
    pub(super) async fn commit(&self, txn: Txn) -> Result<(), Undone> {
        match self.store.txn(txn).await {
            Ok(_) => Ok(()),
            Err(TxnError::Conflict) => Err(Undone::Raced),
            Err(error) => Err(Undone::Failed(fault::internal(error))),
        }
    }

    /// Puts the source's bytes aside for the cluster's first HSM, whatever becomes of the source.
    async fn seed(&self, cluster: &ClusterRecord) -> Result<(), Fault> {
        let Some(source) = &cluster.source else { return Ok(()) };
        let sealed = self.blobs.get(&backup::blob(source)?).await.map_err(fault::internal)?;
        let sealed = sealed.ok_or_else(|| fault::internal(format!("the content of {source} is gone")))?;
        self.blobs.put(&backup::seed(&cluster.id)?, sealed).await.map_err(fault::internal)
    }
}

/// Why a step was not done.
pub(super) enum Undone {
    /// The cluster was changed meanwhile, or somebody else has the duty: the next look decides.
    Raced,
    /// Something went wrong.
    Failed(Fault),
}

impl From<Fault> for Undone {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}
