//! What the zone builder is told: zones that changed in the store, and KMS keys that changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use keyward_base::{Arn, Fault, Notice, NoticeReader};
use keyward_builder::{ZoneEvent, ZoneEvents};
use keyward_store::{BoxFuture, Event, KeyRange, Watch};

use super::hosted::builder_id;
use crate::dnssec::{Dnssec, KeyStatus};
use crate::rows::{self, DnssecRow};
use crate::{Route53, ZoneId};

/// Zones change by their rows: every change of what a zone serves writes it.
pub(super) struct Events {
    service: Arc<Route53>,
    kms_changes: NoticeReader<Arn>,
    /// `None` until the first wait, and after the watch was lost.
    watch: Option<Box<dyn Watch>>,
}

impl Events {
    pub(super) fn new(service: Arc<Route53>, kms_changes: NoticeReader<Arn>) -> Self {
        Self { service, kms_changes, watch: None }
    }

    async fn wait(&mut self) -> Vec<ZoneEvent> {
        let Some(watch) = &mut self.watch else {
            return self.watch_again().await;
        };
        tokio::select! {
            events = watch.next() => match events {
                Ok(events) => changed(&events),
                Err(_) => self.watch_again().await,
            },
            notice = self.kms_changes.next() => keys_changed(&self.service, notice).await,
        }
    }

    /// Watches from now on; whoever waits must look at everything.
    async fn watch_again(&mut self) -> Vec<ZoneEvent> {
        match self.service.store.range(&KeyRange::prefix(&rows::zones()), 1).await {
            Ok((_, now)) => {
                self.watch = Some(self.service.store.watch(&rows::zones(), now));
                vec![ZoneEvent::Missed]
            }
            Err(error) => {
                tracing::warn!(%error, "could not watch the zones; trying again");
                self.watch = None;
                self.service.clock.sleep(std::time::Duration::from_secs(1)).await;
                Vec::new()
            }
        }
    }
}

impl ZoneEvents for Events {
    fn next(&mut self) -> BoxFuture<'_, Vec<ZoneEvent>> {
        Box::pin(self.wait())
    }
}

fn changed(events: &[Event]) -> Vec<ZoneEvent> {
    let zone = |event: &Event| {
        let rest = event.key.as_bytes().strip_prefix(rows::zones().as_bytes())?;
        std::str::from_utf8(rest).ok()?.parse().ok()
    };
    events.iter().filter_map(zone).map(ZoneEvent::Changed).collect()
}

async fn keys_changed(service: &Route53, notice: Notice<Arn>) -> Vec<ZoneEvent> {
    let arn = match notice {
        Notice::Changed(arn) => Some(arn.to_string()),
        Notice::Missed => None,
    };
    let found = signed_with(service, arn.as_deref()).await.unwrap_or_else(|fault| {
        tracing::error!(%fault, "could not look for zones that a KMS key signs");
        BTreeSet::new()
    });
    found.iter().filter_map(|zone| builder_id(zone).ok()).map(ZoneEvent::CheckKeys).collect()
}

/// The zones with an ACTIVE key-signing key of this KMS key, or of any.
async fn signed_with(service: &Route53, arn: Option<&str>) -> Result<BTreeSet<ZoneId>, Fault> {
    let (found, _) =
        service.store.range(&KeyRange::prefix(&rows::all_dnssec()), usize::MAX).await.map_err(Fault::ours)?;
    let mut zones = BTreeSet::new();
    for row in found {
        let dnssec = Dnssec::from(rows::decode::<DnssecRow>(&row)?);
        let affected = |key: &crate::dnssec::KeySigningKey| {
            key.status == KeyStatus::Active && arn.is_none_or(|arn| key.kms_arn == arn)
        };
        if dnssec.keys.iter().any(affected) {
            zones.extend(rows::dnssec_zone(&row.key));
        }
    }
    Ok(zones)
}
