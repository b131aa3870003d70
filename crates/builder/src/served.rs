//! Tells sources when what they changed is served by every live name server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use keyward_zone::GenerationNumber;
use keyward_zone::publication::{ZoneId, served_everywhere};

use crate::load::find;
use crate::{BuildError, Builder, Progress, ZoneSource};

/// How many generations of a zone are kept in mind; of more, the middle ones are told with the next.
const REMEMBERED_MAX: usize = 64;

/// What was published of each zone and is not known to be served yet, in order.
#[derive(Default)]
pub(crate) struct Awaited(Mutex<HashMap<ZoneId, VecDeque<Progress>>>);

impl Awaited {
    /// Notes what was published.
    pub(crate) fn note(&self, zone: &ZoneId, progress: Progress) {
        self.with(|zones| {
            let waiting = zones.entry(zone.clone()).or_default();
            if waiting.back() != Some(&progress) {
                waiting.push_back(progress);
            }
            if waiting.len() > REMEMBERED_MAX {
                waiting.remove(REMEMBERED_MAX / 2);
            }
        });
    }

    /// Forgets a zone that is gone.
    pub(crate) fn forget(&self, zone: &ZoneId) {
        self.with(|zones| zones.remove(zone));
    }

    /// The zones that wait.
    pub(crate) fn zones(&self) -> Vec<ZoneId> {
        self.with(|zones| zones.keys().cloned().collect())
    }

    /// The furthest that is served when every server has `reached`; it waits no longer.
    pub(crate) fn take(&self, zone: &ZoneId, reached: GenerationNumber) -> Option<Progress> {
        self.with(|zones| {
            let waiting = zones.get_mut(zone)?;
            let mut furthest = None;
            while waiting.front().is_some_and(|progress| progress.generation <= reached) {
                furthest = waiting.pop_front();
            }
            if waiting.is_empty() {
                zones.remove(zone);
            }
            furthest
        })
    }

    /// Lets what `take` gave wait again: nobody could be told.
    fn put_back(&self, zone: &ZoneId, progress: Progress) {
        self.with(|zones| zones.entry(zone.clone()).or_default().push_front(progress));
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<ZoneId, VecDeque<Progress>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Builder {
    /// Tells `source` how far every live name server is with `zone`, if that is news.
    pub(crate) async fn tell_served(&self, source: &dyn ZoneSource, zone: &ZoneId) {
        let progress = match self.news_of_served(zone).await {
            Ok(Some(progress)) => progress,
            Ok(None) => return,
            Err(error) => return tracing::warn!(%zone, %error, "could not see what name servers serve"),
        };
        if let Err(error) = source.served(zone, progress).await {
            tracing::warn!(%zone, %error, "could not tell what name servers serve");
            self.awaited.put_back(zone, progress);
        }
    }

    /// How far every live name server is with `zone`, if that is news.
    pub(crate) async fn news_of_served(&self, zone: &ZoneId) -> Result<Option<Progress>, BuildError> {
        let (nodes, served) = self.read_served(zone).await?;
        let reached = served_everywhere(nodes, |node| find(&served, node), self.clock.now());
        Ok(reached.and_then(|reached| self.awaited.take(zone, reached)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(number: u64) -> Progress {
        Progress { generation: GenerationNumber(number), content_version: number, wish_version: 1 }
    }

    #[test]
    fn tells_the_furthest_that_is_served_once() {
        let (awaited, zone): (Awaited, ZoneId) = (Awaited::default(), "Z1".parse().unwrap());
        for number in 1..=3 {
            awaited.note(&zone, progress(number));
        }
        assert_eq!(awaited.take(&zone, GenerationNumber(2)), Some(progress(2)));
        assert_eq!(awaited.take(&zone, GenerationNumber(2)), None);
        assert_eq!(awaited.take(&zone, GenerationNumber(9)), Some(progress(3)));
        assert!(awaited.zones().is_empty());
    }

    #[test]
    fn remembers_the_newest_under_any_load() {
        let (awaited, zone): (Awaited, ZoneId) = (Awaited::default(), "Z1".parse().unwrap());
        for number in 1..=1000 {
            awaited.note(&zone, progress(number));
        }
        assert!(awaited.take(&zone, GenerationNumber(990)).is_some());
        assert_eq!(awaited.take(&zone, GenerationNumber(1000)), Some(progress(1000)));
    }
}
