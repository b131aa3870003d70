//! What is served at a moment: for each listener its set of zones, all swapped at once.

use keyward_base::Timestamp;
use keyward_zone::answer::ZoneSet;

/// The zones of every listener, in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Served {
    views: Vec<ZoneSet>,
}

impl Served {
    /// These views, one a listener.
    pub(crate) fn new(views: Vec<ZoneSet>) -> Self {
        Self { views }
    }

    /// The zones of a listener; none before anything was loaded.
    pub(crate) fn view(&self, listener: usize) -> Option<&ZoneSet> {
        self.views.get(listener)
    }

    /// The earliest end of a signature in any zone that is served.
    pub(crate) fn earliest_expiration(&self) -> Option<u32> {
        self.zones().filter_map(|zone| zone.earliest_expiration()).min()
    }

    fn zones(&self) -> impl Iterator<Item = &keyward_zone::Generation> {
        self.views.iter().flat_map(ZoneSet::iter).map(AsRef::as_ref)
    }
}

/// Seconds from `now` to `expiration`, negative when it has passed (serial arithmetic, RFC 4034
/// section 3.1.5).
pub(crate) fn seconds_until(expiration: u32, now: Timestamp) -> i64 {
    // Truncation is what serial arithmetic asks for.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "arithmetic modulo 2³²")]
    let now = now.unix_seconds() as u32;
    i64::from(expiration.wrapping_sub(now).cast_signed())
}
