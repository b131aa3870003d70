//! What the registry does without being asked: each name server that a public hosted zone is delegated to
//! gets its address records, so that whoever delegates to it by hand can be followed too.

use std::time::Duration;

use keyward_store::{Key, KeyRange, Revision};
use keyward_zone::publication::{self, PublishedZone, ZoneKind};

use crate::RegistryError;
use crate::registry::Registry;

/// How long to wait after the duty failed.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Registry {
    /// Runs the registry's duties until the future is dropped. Every process may: what one has done the
    /// others find done.
    pub async fn run_duties(&self) {
        loop {
            if let Err(error) = self.follow_hosted_zones().await {
                tracing::warn!(%error, "the registry can't follow the hosted zones; it tries again");
                self.clock.sleep(RETRY_AFTER).await;
            }
        }
    }

    /// Looks at every published zone, then at each that changes, until it loses its place.
    async fn follow_hosted_zones(&self) -> Result<(), RegistryError> {
        let prefix = Key::new(publication::keys::PUBLISHED);
        let revision = self.note_published(&prefix).await?;
        let mut watch = self.store.watch(&prefix, revision);
        while let Ok(events) = watch.next().await {
            for value in events.iter().filter_map(|event| event.value.as_ref()) {
                self.note_zone(value).await?;
            }
        }
        Ok(())
    }

    async fn note_published(&self, prefix: &Key) -> Result<Revision, RegistryError> {
        let (rows, revision) = self.store.range(&KeyRange::prefix(prefix), usize::MAX).await?;
        for row in &rows {
            self.note_zone(&row.value).await?;
        }
        Ok(revision)
    }

    async fn note_zone(&self, value: &[u8]) -> Result<(), RegistryError> {
        // A newer builder's row is none of our business; its name servers read it.
        match PublishedZone::decode(value) {
            Ok(zone) if zone.kind == ZoneKind::HostedPublic => self.ensure_hosts(&zone.name_servers).await,
            _ => Ok(()),
        }
    }
}
