//! Carries out what is to happen to a cluster's HSMs: which ones run, which ones belong to the cluster, which are in step.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_hsm::{Backup, Cluster, HsmClient, HsmError, HsmId, MemberState, Membership, NewMember, Role};
use tokio::task::JoinSet;

use super::complain;
use super::settle::{Subject, Undone};
use crate::backup;
use crate::cluster::{Certificates, ClusterRecord, HsmLife, HsmRecord, Life};
use crate::fault;
use crate::ids::{self, BackupId};
use crate::service::CloudHsm;

/// How long a new HSM may take to come in step before the step is tried again.
const JOINING_MAX: Duration = Duration::from_secs(60);
/// How long an HSM is away before it shows: one that is started anew is back sooner.
const AWAY_BEFORE_SHOWN: Duration = Duration::from_secs(3);
/// How long a cluster that starts waits for HSMs that don't start, before it goes on with the others.
const GATHERING_MAX: Duration = Duration::from_secs(10);

/// What this process remembers of clusters beside their rows.
#[derive(Default)]
pub(crate) struct Watched {
    /// Since when an HSM is away.
    away: Mutex<HashMap<HsmId, Timestamp>>,
    /// Since when a cluster waits for HSMs that don't start.
    gathering: Mutex<HashMap<String, Timestamp>>,
}

impl CloudHsm {
    /// Sees to it that the cluster's HSMs run and are in it, and notes which of them are there. Whether the row was changed.
    pub(super) async fn attend(&self, subject: &mut Subject) -> Result<bool, Fault> {
        let record = &subject.record;
        if record.is_deleted() || record.hsms.is_empty() {
            return Ok(false);
        }
        let Some(cluster) = self.gather(record).await? else { return Ok(false) };
        let before = subject.record.clone();
        self.note_presence(&mut subject.record, &cluster);
        if subject.record.life == Life::Initialized && has_admin(&cluster).await {
            subject.record.activated(BackupId::random(&*self.random));
        }
        Ok(subject.record != before)
    }

    /// The cluster with all HSMs that hold what it holds. `None` as long as there are none, or while it waits for some.
    async fn gather(&self, record: &ClusterRecord) -> Result<Option<Cluster>, Fault> {
        let wanted = members(record);
        let present = self.clusters.get(&record.id);
        let missing: Vec<_> = wanted.iter().filter(|hsm| !is_member(present.as_ref(), &hsm.id)).collect();
        let (found, failure) = self.start_all(&missing).await?;
        let serves = present.is_some() || !found.is_empty();
        let may_start = present.is_some() || failure.is_none() || !self.still_gathering(record);
        if !serves || !may_start {
            return failure.map_or(Ok(None), Err);
        }
        if let Some(fault) = failure {
            complain("Starting an HSM", &fault);
        }
        Ok(Some(match present {
            Some(cluster) => {
                cluster.admit(found);
                cluster
            }
            None => self.start_cluster(record, found),
        }))
    }

    fn start_cluster(&self, record: &ClusterRecord, members: Vec<NewMember>) -> Cluster {
        let cluster = Cluster::start(record.id.clone(), members, self.random.clone());
        self.clusters.put(&cluster);
        cluster
    }

    /// Starts HSMs, all at once; and why one of them failed.
    async fn start_all(&self, hsms: &[&&HsmRecord]) -> Result<(Vec<NewMember>, Option<Fault>), Fault> {
        let mut starting = JoinSet::new();
        for hsm in hsms {
            let (all, id, zone) = (self.hsms()?.clone(), hsm.id.clone(), hsm.zone.clone());
            starting.spawn(async move {
                let client = all.start(&id).await?;
                Ok::<_, crate::hsms::HsmsError>(NewMember { hsm: id, zone, client })
            });
        }
        let (mut started, mut failure) = (Vec::new(), None);
        while let Some(one) = starting.join_next().await {
            match one.map_err(fault::internal)? {
                Ok(member) => started.push(member),
                Err(error) => failure = Some(fault::internal(error)),
            }
        }
        Ok((started, failure))
    }

    fn still_gathering(&self, record: &ClusterRecord) -> bool {
        let now = self.clock.now();
        let mut gathering = self.watched.gathering.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let since = *gathering.entry(record.id.to_string()).or_insert(now);
        now.since(since) < GATHERING_MAX
    }

    fn note_presence(&self, record: &mut ClusterRecord, cluster: &Cluster) {
        let now = self.clock.now();
        let mut away = self.watched.away.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let members = cluster.members();
        let is_active = |id: &HsmId| {
            members.iter().any(|member| member.hsm == *id && member.state == MemberState::Active)
        };
        let held: Vec<_> = record.hsms.iter().filter(|hsm| hsm.holds()).map(|hsm| hsm.id.clone()).collect();
        for id in held {
            if is_active(&id) {
                away.remove(&id);
                record.hsm_seen(&id, true);
            } else if now.since(*away.entry(id.clone()).or_insert(now)) >= AWAY_BEFORE_SHOWN {
                record.hsm_seen(&id, false);
            }
        }
    }

    /// Makes the HSM: starts its process, gives it what the cluster has, and lets it join.
    pub(super) async fn make_hsm(&self, subject: &mut Subject, id: &HsmId) -> Result<(), Undone> {
        let record = &subject.record;
        let Some(hsm) = record.hsm(id).cloned() else { return Ok(()) };
        let client = self.started(id).await?;
        let status = client.status().await.map_err(lost)?;
        let others = self.clusters.get(&record.id).filter(|_| record.hsms.iter().any(HsmRecord::holds));
        if status.membership.is_none() {
            self.fill(subject, &hsm, &client, others.as_ref()).await?;
        }
        let member = NewMember { hsm: id.clone(), zone: hsm.zone.clone(), client: client.clone() };
        let cluster = match others {
            Some(cluster) => {
                cluster.admit(vec![member]);
                cluster
            }
            None => self.start_cluster(record, vec![member]),
        };
        if !cluster.until_active(id, JOINING_MAX).await {
            return Err(Undone::Failed(fault::internal(format!("{id} did not come in step"))));
        }
        let certificates = match record.life {
            Life::Uninitialized => Some(self.first_certificates(&client).await?),
            _ => None,
        };
        subject.record.hsm_made(id, certificates, BackupId::random(&*self.random));
        Ok(())
    }

    /// Gives a blank HSM what the cluster has; the first HSM of a new cluster founds it.
    async fn fill(
        &self,
        subject: &Subject,
        hsm: &HsmRecord,
        client: &HsmClient,
        others: Option<&Cluster>,
    ) -> Result<(), Undone> {
        let record = &subject.record;
        let backup = match others {
            Some(cluster) => cluster.backup().await.map_err(lost)?,
            None if record.life == Life::Uninitialized => {
                let (cluster, mode, hsm_type) = (record.id.clone(), record.mode, hsm.hsm_type);
                let membership = Membership { cluster, mode, hsm_type, certificate_sha256: None };
                return client.found(&membership).await.map_err(lost);
            }
            None => self.last_backup(subject).await?,
        };
        client.restore(&backup, &record.id, hsm.hsm_type).await.map_err(lost)
    }

    /// The newest backup of a cluster without HSMs, or what it was made from.
    async fn last_backup(&self, subject: &Subject) -> Result<Backup, Fault> {
        let mut backups = self.backups(&subject.place).await?;
        backups.retain(|backup| backup.cluster == subject.record.id && backup.copied.is_none());
        let sealed = match backup::newest(&backups) {
            Some(newest) => self.sealed(newest).await?,
            None => {
                let seed =
                    self.blobs.get(&backup::seed(&subject.record.id)?).await.map_err(fault::internal)?;
                seed.ok_or_else(|| fault::internal(format!("{} has no backup", subject.record.id)))?
            }
        };
        Ok(Backup::from_bytes(sealed.to_vec()))
    }

    /// The certificates that come with the first HSM of a new cluster.
    async fn first_certificates(&self, client: &HsmClient) -> Result<Certificates, Undone> {
        let csr = client.cluster_csr().await.map_err(lost)?;
        let hsm = client.hsm_certificate().await.map_err(lost)?;
        let hardware = client.hardware_key().await.map_err(lost)?;
        let now = self.clock.now();
        let certified = self.roots().await?.certify(&self.vault, &*self.random, &hardware, &hsm, now).await?;
        Ok(Certificates {
            csr: Some(csr),
            hsm: Some(hsm),
            aws: Some(certified.aws),
            manufacturer: Some(certified.manufacturer),
            ..Certificates::default()
        })
    }

    /// Tells every HSM with which certificate its owner claimed the cluster.
    pub(super) async fn claim(&self, subject: &mut Subject) -> Result<(), Undone> {
        let pem = subject.record.certificates.cluster.as_deref().unwrap_or_default();
        let certificate = keyward_hsm::Certificate::from_pem(pem)
            .ok_or_else(|| fault::internal("an accepted certificate can't be read"))?;
        for hsm in subject.record.hsms.iter().filter(|hsm| hsm.holds()) {
            self.started(&hsm.id).await?.claim(certificate.sha256()).await.map_err(lost)?;
        }
        subject.record.claimed(BackupId::random(&*self.random));
        Ok(())
    }

    /// Whether others have all that the HSM has, so that it may go.
    pub(super) fn let_hsm_go(&self, subject: &mut Subject, id: &HsmId) -> Result<(), Undone> {
        let record = &subject.record;
        let others_hold = record.hsms.iter().any(|hsm| hsm.id != *id && hsm.holds());
        if let Some(cluster) = self.clusters.get(&record.id).filter(|_| others_hold) {
            let active = |member: &keyward_hsm::MemberStatus| member.state == MemberState::Active;
            if !cluster.members().iter().any(|member| member.hsm != *id && active(member)) {
                return Err(Undone::Failed(fault::internal("no other HSM of the cluster is in step")));
            }
        }
        subject.record.hsm_may_go(id);
        Ok(())
    }

    /// Takes the last HSM out of the cluster, so that nothing new is written, and then its backup.
    pub(super) async fn back_up_last(&self, subject: &mut Subject, id: &HsmId) -> Result<(), Undone> {
        self.retire(&subject.record, id);
        let client = self.started(id).await?;
        let due = subject.record.backup_due.clone().unwrap_or_else(|| BackupId::random(&*self.random));
        let taken = client.backup().await.map_err(lost)?;
        subject.record.hsm_may_go(id);
        self.store_backup(subject, &due, &taken).await
    }

    /// Takes an HSM out of its cluster.
    fn retire(&self, record: &ClusterRecord, id: &HsmId) {
        if let Some(cluster) = self.clusters.get(&record.id) {
            cluster.dismiss(id);
            if cluster.members().is_empty() {
                self.clusters.remove(&record.id);
            }
        }
    }

    /// Ends the HSM and all that it has.
    pub(super) async fn destroy_hsm(&self, subject: &mut Subject, id: &HsmId) -> Result<(), Undone> {
        self.retire(&subject.record, id);
        self.hsms()?.destroy(id).await.map_err(fault::internal)?;
        subject.record.hsm_gone(id);
        Ok(())
    }

    /// Puts an HSM of another type in another's place.
    pub(super) fn replace_hsm(
        &self,
        subject: &mut Subject,
        id: &HsmId,
        to: keyward_hsm::HsmType,
    ) -> Result<(), Undone> {
        subject.record.replace_hsm(id, ids::random_hsm(&*self.random)?, to);
        Ok(())
    }

    async fn started(&self, id: &HsmId) -> Result<HsmClient, Fault> {
        self.hsms()?.start(id).await.map_err(fault::internal)
    }
}

/// The HSMs that belong into the cluster. The last one that is to go serves no more.
fn members(record: &ClusterRecord) -> Vec<&HsmRecord> {
    let holding: Vec<_> = record.hsms.iter().filter(|hsm| hsm.holds()).collect();
    match holding.as_slice() {
        [last] if matches!(last.life, HsmLife::Deleting(_)) => Vec::new(),
        _ => holding,
    }
}

fn is_member(cluster: Option<&Cluster>, id: &HsmId) -> bool {
    cluster.is_some_and(|cluster| cluster.members().iter().any(|member| member.hsm == *id))
}

/// Whether the first admin has set its password. No answer is no.
async fn has_admin(cluster: &Cluster) -> bool {
    cluster.active_count() > 0
        && cluster.users().await.is_ok_and(|users| users.iter().any(|user| user.role == Role::Admin))
}

/// An HSM that did not do what was asked: the next look asks again.
pub(super) fn lost(error: HsmError) -> Undone {
    Undone::Failed(match error {
        HsmError::BackupRefused => {
            fault::invalid("The backup was changed since it was taken, or is not of this deployment.")
        }
        error => fault::internal(error),
    })
}
