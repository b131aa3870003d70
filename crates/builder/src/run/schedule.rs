//! Which zone is looked at when. One pass a zone at a time; what happens meanwhile leads to another.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use keyward_base::Timestamp;
use keyward_zone::publication::ZoneId;

use crate::Pass;

/// The first and the longest wait after a failure.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(300);

/// A pass to start.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) zone: ZoneId,
    pub(super) source: usize,
    pub(super) check_keys: bool,
}

#[derive(Default)]
pub(super) struct Schedule {
    zones: HashMap<ZoneId, Entry>,
    /// The zones that wait, by when they are due.
    waiting: BTreeSet<(Timestamp, ZoneId)>,
}

struct Entry {
    source: usize,
    /// When it is due; `None` while it is being looked at, or when nothing is to come.
    due: Option<Timestamp>,
    running: bool,
    /// Something happened while it was being looked at.
    again: bool,
    check_keys: bool,
    /// The pass under way checks the keys; if it fails, the next one has to.
    checking: bool,
    failures: u32,
}

impl Entry {
    fn of(source: usize) -> Self {
        Self {
            source,
            due: None,
            running: false,
            again: false,
            check_keys: false,
            checking: false,
            failures: 0,
        }
    }
}

impl Schedule {
    /// Looks at `zone` as soon as possible.
    pub(super) fn wake(&mut self, zone: &ZoneId, source: usize, check_keys: bool, now: Timestamp) {
        let entry = self.zones.entry(zone.clone()).or_insert_with(|| Entry::of(source));
        entry.check_keys |= check_keys;
        entry.failures = 0;
        entry.again = true;
        if !entry.running {
            self.set_due(zone, Some(now));
        }
    }

    /// The next pass that is due.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<Job> {
        let (due, zone) = self.waiting.first()?.clone();
        if due > now {
            return None;
        }
        self.set_due(&zone, None);
        let entry = self.zones.get_mut(&zone)?;
        entry.running = true;
        entry.again = false;
        entry.checking = std::mem::take(&mut entry.check_keys);
        Some(Job { source: entry.source, zone, check_keys: entry.checking })
    }

    /// A pass ended: with `None` it failed.
    pub(super) fn finished(&mut self, zone: &ZoneId, pass: Option<Pass>, now: Timestamp) {
        let Some(entry) = self.zones.get_mut(zone) else {
            return;
        };
        entry.running = false;
        entry.check_keys |= entry.checking && pass.is_none();
        let due = match &pass {
            _ if entry.again => Some(now),
            Some(pass) => {
                entry.failures = 0;
                pass.due
            }
            None => {
                entry.failures += 1;
                let wait = BACKOFF_MIN.saturating_mul(1u32 << entry.failures.min(10).saturating_sub(1));
                Some(now.plus(wait.min(BACKOFF_MAX)))
            }
        };
        let gone = pass.is_some_and(|pass| pass.progress.is_none()) && !entry.again;
        if gone {
            self.zones.remove(zone);
        } else {
            self.set_due(zone, due);
        }
    }

    /// A pass was lost without a word about which: every zone that is being looked at is looked at again.
    pub(super) fn lost(&mut self, now: Timestamp) {
        let running: Vec<ZoneId> =
            self.zones.iter().filter(|(_, entry)| entry.running).map(|(zone, _)| zone.clone()).collect();
        for zone in running {
            self.finished(&zone, None, now);
        }
    }

    /// When the next pass is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.waiting.first().map(|(due, _)| *due)
    }

    /// Whose the zone is.
    pub(super) fn source_of(&self, zone: &ZoneId) -> Option<usize> {
        self.zones.get(zone).map(|entry| entry.source)
    }

    fn set_due(&mut self, zone: &ZoneId, due: Option<Timestamp>) {
        let Some(entry) = self.zones.get_mut(zone) else {
            return;
        };
        if let Some(old) = entry.due.take() {
            self.waiting.remove(&(old, zone.clone()));
        }
        entry.due = due;
        if let Some(due) = due {
            self.waiting.insert((due, zone.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use keyward_zone::GenerationNumber;

    use super::*;
    use crate::Progress;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn zone() -> ZoneId {
        "Z1".parse().unwrap()
    }

    fn job(check_keys: bool) -> Option<Job> {
        Some(Job { zone: zone(), source: 0, check_keys })
    }

    fn done(due: i64) -> Option<Pass> {
        let progress = Progress { generation: GenerationNumber(1), content_version: 1, wish_version: 1 };
        Some(Pass { progress: Some(progress), due: Some(at(due)) })
    }

    #[test]
    fn what_happens_during_a_pass_leads_to_another() {
        let mut schedule = Schedule::default();
        schedule.wake(&zone(), 0, false, at(0));
        assert_eq!(schedule.start(at(0)), job(false));
        schedule.wake(&zone(), 0, true, at(1));
        assert_eq!(schedule.start(at(1)), None, "one pass at a time");
        schedule.finished(&zone(), done(100), at(2));
        assert_eq!(schedule.start(at(2)), job(true));
        schedule.finished(&zone(), done(100), at(3));
        assert_eq!((schedule.start(at(99)), schedule.next_due()), (None, Some(at(100))));
        assert_eq!(schedule.start(at(100)), job(false));
    }

    #[test]
    fn failures_wait_longer_each_time_until_something_happens() {
        let mut schedule = Schedule::default();
        schedule.wake(&zone(), 0, false, at(0));
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..12 {
            schedule.start(at(now)).unwrap();
            schedule.finished(&zone(), None, at(now));
            let due = schedule.next_due().unwrap().unix_seconds();
            waits.push(due - now);
            now = due;
        }
        assert_eq!(waits[..4], [1, 2, 4, 8]);
        assert_eq!(waits[11], 300);
        schedule.wake(&zone(), 0, false, at(now - 299));
        assert_eq!(schedule.next_due(), Some(at(now - 299)));
    }

    #[test]
    fn a_check_of_keys_is_not_lost_with_a_pass_that_failed() {
        let mut schedule = Schedule::default();
        schedule.wake(&zone(), 0, true, at(0));
        assert_eq!(schedule.start(at(0)), job(true));
        schedule.finished(&zone(), None, at(0));
        assert_eq!(schedule.start(at(1)), job(true));
        schedule.finished(&zone(), done(5), at(1));
        assert_eq!(schedule.start(at(5)), job(false));
    }

    #[test]
    fn a_zone_that_is_gone_is_forgotten() {
        let mut schedule = Schedule::default();
        schedule.wake(&zone(), 0, false, at(0));
        schedule.start(at(0)).unwrap();
        schedule.finished(&zone(), Some(Pass { progress: None, due: None }), at(0));
        assert_eq!((schedule.source_of(&zone()), schedule.next_due()), (None, None));
    }
}
