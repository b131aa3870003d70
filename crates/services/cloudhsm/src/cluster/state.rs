//! How a cluster and its HSMs move from state to state. A request's moves say no in the API's words; a duty's moves change nothing
//! when they come twice or too late.
//!
//! ```text
//! cluster  Creating → Uninitialized →(InitializeCluster) Initializing → Initialized →(cluster activate) Active
//!          Creating →(from a backup) Active                any without HSMs →(DeleteCluster) Deleting → Deleted
//! HSM      Creating → Active ⇄ Degraded                    any →(DeleteHsm) Deleting → gone
//! ```

use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_hsm::{HsmId, HsmType};

use super::record::{Certificates, ClusterRecord, HsmLife, HsmRecord, Life, TypeChange};
use crate::fault;
use crate::ids::BackupId;

/// How long a change of the type can be taken back (user guide, "Migrating from hsm1.medium").
const ROLLBACK_WINDOW: Duration = Duration::from_hours(24);

/// What a request asks for.
impl ClusterRecord {
    /// The subnet in which an HSM in `zone` will be, if the cluster can take one.
    pub(crate) fn place_for_hsm(&self, zone: &str) -> Result<&str, Fault> {
        match self.life {
            Life::Uninitialized if self.hsms.is_empty() => {}
            Life::Uninitialized => {
                return Err(fault::invalid(format!(
                    "The cluster {} has to be initialized before it can have more than one HSM.",
                    self.id
                )));
            }
            Life::Initialized | Life::Active => self.refuse_during_change()?,
            _ => return Err(self.wrong_state("no HSM can be created")),
        }
        self.subnets.get(zone).map(String::as_str).ok_or_else(|| {
            fault::invalid(format!("The cluster {} has no subnet in the Availability Zone {zone}.", self.id))
        })
    }

    /// The owner's certificate is accepted.
    pub(crate) fn initialize(&mut self, signed: String, anchor: String) {
        self.life = Life::Initializing;
        self.certificates.cluster = Some(signed);
        self.certificates.anchor = Some(anchor);
        self.say("Cluster is initializing. State will change to INITIALIZED upon completion.");
    }

    /// The request for the owner's certificate, if the cluster waits for it.
    pub(crate) fn awaited_csr(&self) -> Result<&str, Fault> {
        if self.life != Life::Uninitialized {
            return Err(self.wrong_state("it can not be initialized"));
        }
        let active = self.hsms.iter().any(|hsm| hsm.life == HsmLife::Active);
        self.certificates.csr.as_deref().filter(|_| active).ok_or_else(|| {
            fault::invalid(format!(
                "The cluster {} has no active HSM yet; create one before it is initialized.",
                self.id
            ))
        })
    }

    /// The HSM is to go.
    pub(crate) fn delete_hsm(&mut self, id: &HsmId, now: Timestamp) -> Result<(), Fault> {
        self.refuse_during_change()?;
        if self.life == Life::Initializing {
            return Err(self.wrong_state("no HSM can be deleted"));
        }
        if let Some(hsm) = self.hsm_mut(id)
            && !matches!(hsm.life, HsmLife::Deleting(_) | HsmLife::Leaving)
        {
            // One that was never made has nothing to lose.
            let made = hsm.life != HsmLife::Creating;
            hsm.life = if made { HsmLife::Deleting(now) } else { HsmLife::Leaving };
            hsm.message = Some("HSM is being deleted.".to_owned());
        }
        Ok(())
    }

    /// The cluster is to go.
    pub(crate) fn delete(&mut self) -> Result<(), Fault> {
        if !self.hsms.is_empty() {
            return Err(fault::invalid(format!(
                "The cluster {} can't be deleted while it has HSMs; delete them first.",
                self.id
            )));
        }
        self.life = Life::Deleting;
        self.change = None;
        self.say("The cluster is being deleted.");
        Ok(())
    }

    /// The HSMs are to be of another type: forward to a newer one, or back within the time for that.
    pub(crate) fn modify_type(&mut self, to: HsmType, now: Timestamp) -> Result<(), Fault> {
        if self.life != Life::Active || self.hsms.iter().any(|hsm| hsm.life != HsmLife::Active) {
            return Err(fault::invalid(format!(
                "The type of the cluster {} can only change while it and all of its HSMs are ACTIVE.",
                self.id
            )));
        }
        self.refuse_during_change()?;
        let back = self.rollback.filter(|(before, until)| *before == to && now < *until).is_some();
        let forward = self.hsm_type == HsmType::Hsm1Medium && to == HsmType::Hsm2mMedium;
        if !back && !forward {
            return Err(fault::invalid(format!(
                "The cluster {} can't change from {} to {}.",
                self.id,
                self.hsm_type.name(),
                to.name()
            )));
        }
        self.change = Some(TypeChange { to, back });
        Ok(())
    }

    fn refuse_during_change(&self) -> Result<(), Fault> {
        match self.change {
            Some(_) => Err(fault::invalid(format!("The type of the cluster {} is being changed.", self.id))),
            None => Ok(()),
        }
    }

    fn wrong_state(&self, what: &str) -> Fault {
        let state = super::shown::state(self);
        fault::invalid(format!(
            "The cluster {} is in the state {}, in which {what}.",
            self.id,
            state.as_str()
        ))
    }

    fn say(&mut self, message: &str) {
        self.message = Some(message.to_owned());
    }
}

/// What a duty found or did.
impl ClusterRecord {
    /// The cluster is there; one from a backup has its owner's certificate and needs no more.
    pub(crate) fn made(&mut self) {
        if self.life == Life::Creating {
            self.life = if self.source.is_some() { Life::Active } else { Life::Uninitialized };
        }
    }

    /// The HSM serves. The first one of a new cluster brings the certificates with it; to one that has keys, a new member
    /// is a reason for a backup.
    pub(crate) fn hsm_made(&mut self, id: &HsmId, certificates: Option<Certificates>, backup: BackupId) {
        let Some(hsm) = self.hsm_mut(id).filter(|hsm| hsm.life == HsmLife::Creating) else { return };
        hsm.life = HsmLife::Active;
        hsm.message = Some("HSM created.".to_owned());
        if let Some(before) = hsm.replaces.take() {
            self.hsm_may_go(&before);
        }
        if let Some(certificates) = certificates {
            self.certificates = certificates;
        }
        self.want_backup(backup);
    }

    /// What the HSM had is elsewhere: it can be destroyed.
    pub(crate) fn hsm_may_go(&mut self, id: &HsmId) {
        if let Some(hsm) = self.hsm_mut(id) {
            hsm.life = HsmLife::Leaving;
            hsm.message = Some("HSM is being deleted.".to_owned());
        }
    }

    /// An HSM of the type that the cluster is to have is to take the place of another, with its address.
    pub(crate) fn replace_hsm(&mut self, before: &HsmId, id: HsmId, to: HsmType) {
        let taken = self.hsms.iter().any(|hsm| hsm.replaces.as_ref() == Some(before));
        let Some(old) = self.hsm(before).filter(|_| !taken) else { return };
        let new = HsmRecord {
            id,
            hsm_type: to,
            life: HsmLife::Creating,
            message: None,
            replaces: Some(before.clone()),
            ..old.clone()
        };
        self.hsms.push(new);
    }

    /// A backup that nobody can take any more, because no HSM is left, is not due.
    pub(crate) fn drop_backup(&mut self) {
        if self.hsms.is_empty() {
            self.backup_due = None;
        }
    }

    /// The HSM is there, or away.
    pub(crate) fn hsm_seen(&mut self, id: &HsmId, present: bool) {
        let Some(hsm) = self.hsm_mut(id) else { return };
        match (hsm.life, present) {
            (HsmLife::Active, false) => {
                hsm.life = HsmLife::Degraded;
                hsm.message = Some("HSM is not reachable; it is being recovered.".to_owned());
            }
            (HsmLife::Degraded, true) => {
                hsm.life = HsmLife::Active;
                hsm.message = Some("HSM created.".to_owned());
            }
            _ => {}
        }
    }

    /// The HSM is gone. The first one of a cluster that was never claimed takes the cluster's key with it.
    pub(crate) fn hsm_gone(&mut self, id: &HsmId) {
        self.hsms.retain(|hsm| hsm.id != *id);
        if self.life == Life::Uninitialized && self.hsms.is_empty() {
            self.certificates = Certificates::default();
        }
    }

    /// The HSMs know the owner's certificate: of all certificates, only that one is left.
    pub(crate) fn claimed(&mut self, backup: BackupId) {
        if self.life == Life::Initializing {
            self.life = Life::Initialized;
            self.message = None;
            let Certificates { cluster, anchor, .. } = std::mem::take(&mut self.certificates);
            self.certificates = Certificates { cluster, anchor, ..Certificates::default() };
            self.want_backup(backup);
        }
    }

    /// The first admin has set its password.
    pub(crate) fn activated(&mut self, backup: BackupId) {
        if self.life == Life::Initialized {
            self.life = Life::Active;
            self.want_backup(backup);
        }
    }

    /// A backup is to be taken, unless one is due already.
    pub(crate) fn want_backup(&mut self, backup: BackupId) {
        if self.is_claimed() && self.backup_due.is_none() {
            self.backup_due = Some(backup);
        }
    }

    /// The backup that was due is there.
    pub(crate) fn backup_taken(&mut self, now: Timestamp) {
        self.backup_due = None;
        self.backed_up = Some(now);
    }

    /// The cluster is gone.
    pub(crate) fn gone(&mut self, now: Timestamp) {
        if self.life == Life::Deleting {
            self.life = Life::Deleted(now);
            self.message = None;
        }
    }

    /// All HSMs are of the new type.
    pub(crate) fn type_changed(&mut self, now: Timestamp) {
        let Some(change) = self.change.take() else { return };
        self.rollback = (!change.back).then(|| (self.hsm_type, now.plus(ROLLBACK_WINDOW)));
        self.hsm_type = change.to;
    }
}

impl HsmRecord {
    /// Whether it serves, as far as is known.
    pub(crate) fn serves(&self) -> bool {
        self.life == HsmLife::Active
    }

    /// Whether it has, or may have, what the cluster has: it was made and is not to be destroyed yet.
    pub(crate) fn holds(&self) -> bool {
        matches!(self.life, HsmLife::Active | HsmLife::Degraded | HsmLife::Deleting(_))
    }
}

#[cfg(test)]
mod tests;
