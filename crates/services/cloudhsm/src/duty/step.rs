//! What is to be done for a cluster next: a pure function of its row and the time.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_hsm::{HsmId, HsmType};

use crate::cluster::{ClusterRecord, HsmLife, HsmRecord, Life};
use crate::ids::BackupId;

/// How long a deleted cluster is still shown.
const SHOWN_FOR: Duration = Duration::from_hours(1);
/// A backup is taken at least so often (user guide, "Cluster backups").
const BACKUP_EVERY: Duration = Duration::from_hours(24);
/// How long an HSM that is to go and can't be backed up is waited for.
const BACKUP_PATIENCE: Duration = Duration::from_mins(15);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// The new cluster is there.
    Make,
    /// An HSM is to be made, and to join.
    MakeHsm(HsmId),
    /// An HSM is to be destroyed.
    DestroyHsm(HsmId),
    /// An HSM may be destroyed, as others have what it has.
    LetHsmGo(HsmId),
    /// The last HSM is to go: it serves no more, and then its backup is taken.
    BackUpLast(HsmId),
    /// The HSMs are to learn of the owner's certificate.
    Claim,
    /// A backup is due.
    PlanBackup,
    /// A backup is to be taken.
    Backup(BackupId),
    /// A backup that was due can't be taken any more.
    DropBackup,
    /// An HSM of another type is to take this one's place.
    ReplaceHsm(HsmId, HsmType),
    /// All HSMs are of the type that the cluster is to have.
    TypeChanged,
    /// The deleted cluster is to go.
    Remove,
    /// The deleted cluster was shown long enough.
    Forget,
}

/// What there is to do, in order. Each step ends with a changed row, so that the next look finds the rest.
pub(super) fn steps(cluster: &ClusterRecord, now: Timestamp) -> Vec<Step> {
    match cluster.life {
        Life::Creating => vec![Step::Make],
        Life::Deleting => vec![Step::Remove],
        Life::Deleted(at) if now.since(at) >= SHOWN_FOR => vec![Step::Forget],
        Life::Deleted(_) => Vec::new(),
        Life::Uninitialized | Life::Initializing | Life::Initialized | Life::Active => living(cluster, now),
    }
}

fn living(cluster: &ClusterRecord, now: Timestamp) -> Vec<Step> {
    let mut steps = Vec::new();
    if cluster.life == Life::Initializing {
        steps.push(Step::Claim);
    }
    for hsm in &cluster.hsms {
        match hsm.life {
            HsmLife::Leaving => steps.push(Step::DestroyHsm(hsm.id.clone())),
            HsmLife::Creating => steps.push(Step::MakeHsm(hsm.id.clone())),
            HsmLife::Deleting(at) => steps.extend(deletion(cluster, hsm, at, now)),
            HsmLife::Active | HsmLife::Degraded => {}
        }
    }
    steps.extend(backup(cluster, now));
    steps.extend(type_change(cluster));
    steps
}

/// What an HSM that was asked to go at `at` still waits for.
fn deletion(cluster: &ClusterRecord, hsm: &HsmRecord, at: Timestamp, now: Timestamp) -> Option<Step> {
    let is_last = cluster.hsms.iter().all(|other| other.id == hsm.id || !other.holds());
    let saved = cluster.backed_up.is_some_and(|backed_up| backed_up >= at);
    let nothing_to_lose = !cluster.is_claimed() || now.since(at) >= BACKUP_PATIENCE;
    if nothing_to_lose || (saved && !is_last) {
        Some(Step::LetHsmGo(hsm.id.clone()))
    } else if is_last {
        Some(Step::BackUpLast(hsm.id.clone()))
    } else if cluster.backup_due.is_none() {
        Some(Step::PlanBackup)
    } else {
        None
    }
}

fn backup(cluster: &ClusterRecord, now: Timestamp) -> Option<Step> {
    let serves = cluster.hsms.iter().any(HsmRecord::serves);
    let late = cluster.backed_up.is_none_or(|last| now.since(last) >= BACKUP_EVERY);
    match &cluster.backup_due {
        Some(_) if cluster.hsms.is_empty() => Some(Step::DropBackup),
        Some(due) => Some(Step::Backup(due.clone())),
        // Without an HSM that serves, nothing changes, and nobody could take one.
        None => (cluster.is_claimed() && serves && late).then_some(Step::PlanBackup),
    }
}

/// One HSM after the other gives its place to one of the new type.
fn type_change(cluster: &ClusterRecord) -> Option<Step> {
    let change = cluster.change?;
    if cluster.hsms.iter().any(|hsm| !matches!(hsm.life, HsmLife::Active | HsmLife::Degraded)) {
        return None;
    }
    let old = cluster.hsms.iter().find(|hsm| hsm.hsm_type != change.to);
    Some(old.map_or(Step::TypeChanged, |hsm| Step::ReplaceHsm(hsm.id.clone(), change.to)))
}

#[cfg(test)]
mod tests;
