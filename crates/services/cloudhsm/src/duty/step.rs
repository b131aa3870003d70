//! What is to be done for a cluster next: a pure function of its row and the time.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_hsm::HsmId;

use crate::cluster::{ClusterRecord, HsmLife, Life};
use crate::ids::BackupId;

/// How long a deleted cluster is still shown.
const SHOWN_FOR: Duration = Duration::from_hours(1);
/// A backup is taken at least so often (user guide, "Cluster backups").
const BACKUP_EVERY: Duration = Duration::from_hours(24);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// The new cluster is there.
    Make,
    /// An HSM is to be made, and to join.
    MakeHsm(HsmId),
    /// An HSM is to go.
    LetHsmGo(HsmId),
    /// The HSMs are to learn of the owner's certificate.
    Claim,
    /// A backup is due by the calendar.
    PlanBackup,
    /// A backup is to be taken.
    Backup(BackupId),
    /// All HSMs are of the type that the cluster is to have.
    TypeChanged,
    /// An HSM is of the old type.
    ChangeHsm(HsmId),
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
    let mut steps: Vec<_> = cluster.hsms.iter().filter_map(hsm_step).collect();
    if cluster.life == Life::Initializing {
        steps.push(Step::Claim);
    }
    if let Some(due) = &cluster.backup_due {
        steps.push(Step::Backup(due.clone()));
    } else if is_backup_due(cluster, now) {
        steps.push(Step::PlanBackup);
    } else if let Some(change) = cluster.change {
        let old = cluster.hsms.iter().find(|hsm| hsm.hsm_type != change.to);
        steps.push(old.map_or(Step::TypeChanged, |hsm| Step::ChangeHsm(hsm.id.clone())));
    }
    steps
}

fn hsm_step(hsm: &crate::cluster::HsmRecord) -> Option<Step> {
    match hsm.life {
        HsmLife::Creating => Some(Step::MakeHsm(hsm.id.clone())),
        HsmLife::Deleting(_) => Some(Step::LetHsmGo(hsm.id.clone())),
        HsmLife::Active | HsmLife::Degraded => None,
    }
}

/// Without an HSM that serves, nothing changes, and nobody could take one.
fn is_backup_due(cluster: &ClusterRecord, now: Timestamp) -> bool {
    cluster.is_claimed()
        && cluster.hsms.iter().any(crate::cluster::HsmRecord::serves)
        && cluster.backed_up.is_none_or(|last| now.since(last) >= BACKUP_EVERY)
}
