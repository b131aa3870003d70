//! Which backups have outlived their cluster's retention (user guide, "Configuring backup retention").

use std::time::Duration;

use keyward_base::Timestamp;

use super::record::BackupRecord;
use crate::ids::BackupId;

/// The backups of one cluster that are to go: ready ones older than `days`, but never one that is kept for ever, and never the
/// cluster's newest.
pub(crate) fn outlived(backups: &[BackupRecord], days: u16, now: Timestamp) -> Vec<BackupId> {
    let kept_for = Duration::from_hours(u64::from(days) * 24);
    let newest = newest(backups).map(|backup| &backup.id);
    let old = backups.iter().filter(|backup| backup.is_ready() && !backup.never_expires);
    let old = old.filter(|backup| now.since(backup.kept_since()) >= kept_for && Some(&backup.id) != newest);
    old.map(|backup| backup.id.clone()).collect()
}

/// The newest backup that can be restored from.
pub(crate) fn newest(backups: &[BackupRecord]) -> Option<&BackupRecord> {
    backups.iter().filter(|backup| backup.is_ready()).max_by_key(|backup| (backup.created, backup.id.clone()))
}

#[cfg(test)]
mod tests {
    use keyward_hsm::{HsmMode, HsmType};

    use super::*;
    use crate::backup::Stage;

    const DAY: Duration = Duration::from_hours(24);

    fn backup(id: &str, age_days: u32, stage: Stage) -> BackupRecord {
        BackupRecord {
            id: BackupId::parse(&format!("backup-{id:a<11}")).unwrap(),
            cluster: "cluster-abcdefghijk".parse().unwrap(),
            created: now().minus(DAY * age_days),
            stage,
            never_expires: false,
            copied: None,
            hsm_type: HsmType::Hsm1Medium,
            mode: HsmMode::Fips,
            certificates: crate::cluster::Certificates::default(),
            sha256: None,
            policy: None,
            tags: crate::tags::Tags::default(),
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000)
    }

    fn names(backups: &[BackupRecord], days: u16) -> String {
        let ids = outlived(backups, days, now());
        ids.iter().map(|id| &id.as_str()[7..8]).collect()
    }

    #[test]
    fn what_is_older_than_the_retention_goes() {
        let all = [("b", 1), ("c", 7), ("d", 8), ("e", 90)].map(|(id, age)| backup(id, age, Stage::Ready));
        assert_eq!(names(&all, 7), "cde");
        assert_eq!(names(&all, 8), "de");
        assert_eq!(names(&all, 90), "e");
        assert_eq!(names(&all, 379), "");
    }

    #[test]
    fn the_newest_that_is_ready_stays_however_old() {
        let all =
            [backup("b", 500, Stage::Ready), backup("c", 400, Stage::Ready), backup("d", 1, Stage::Creating)];
        assert_eq!(names(&all, 7), "b");
        assert_eq!(names(&all[1..2], 7), "");
    }

    #[test]
    fn what_was_taken_back_is_kept_as_long_as_a_new_one() {
        let taken_back = |age_days: u32| backup("b", 500, Stage::TakenBack(now().minus(DAY * age_days)));
        assert_eq!(names(&[taken_back(6), backup("c", 1, Stage::Ready)], 7), "");
        assert_eq!(names(&[taken_back(7), backup("c", 1, Stage::Ready)], 7), "b");
    }

    #[test]
    fn what_is_kept_for_ever_or_going_already_is_left_alone() {
        let mut kept = backup("b", 500, Stage::Ready);
        kept.never_expires = true;
        let going = backup("c", 500, Stage::PendingDeletion(now()));
        assert_eq!(names(&[kept, going, backup("d", 1, Stage::Ready)], 7), "");
    }
}
