//! What becomes of changes and keys once the builder and the name servers have done their part.
//!
//! Every step reads, compares and writes in one transaction, and can be repeated.

use std::sync::Arc;
use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_builder::{Ksk, Progress};
use keyward_store::{Compare, Key, KeyRange, Row, Txn, TxnError};
use keyward_zone::publication::{ZoneId as BuilderZoneId, keys::published};

use super::HostedZones;
use crate::dnssec::{Dnssec, Signing};
use crate::rows::{self, Change, ChangeRow, DnssecRow, Pending, PendingRow, Visibility};
use crate::{Route53, ZoneId};

impl HostedZones {
    /// A private zone is as good as served when it is published: resolvers read what is published.
    pub(super) async fn settle_published(
        &self,
        zone: &BuilderZoneId,
        progress: Progress,
    ) -> Result<(), Fault> {
        match self.zone(zone).await? {
            Some(zone) if matches!(zone.visibility, Visibility::Private(_)) => {
                settle(&self.service, &zone.id, Some(progress)).await
            }
            _ => Ok(()),
        }
    }

    /// Changes that every name server serves are INSYNC; a zone that shall be unsigned is.
    pub(super) async fn settle_served(&self, zone: &BuilderZoneId, progress: Progress) -> Result<(), Fault> {
        let Some(zone) = self.zone(zone).await? else { return Ok(()) };
        if zone.wish_version <= progress.wish_version {
            let unsigned = |dnssec: &mut Dnssec| dnssec.served_unsigned();
            change_dnssec(&self.service, &zone.id, unsigned).await?;
        }
        settle(&self.service, &zone.id, Some(progress)).await
    }

    /// The KMS key behind a key-signing key refuses: ACTION_NEEDED.
    pub(super) async fn needs_action(
        &self,
        zone: &BuilderZoneId,
        ksk: &Ksk,
        message: &str,
    ) -> Result<(), Fault> {
        let Some(zone) = ZoneId::parse(zone.as_str()) else { return Ok(()) };
        let now: Timestamp = self.service.clock.now();
        let trouble = |dnssec: &mut Dnssec| {
            let same = dnssec.key(&ksk.name).is_ok_and(|key| key.point() == ksk.point);
            same && dnssec.needs_action(&ksk.name, message.to_owned(), now)
        };
        change_dnssec(&self.service, &zone, trouble).await
    }
}

/// How often is looked for what is due.
const DUTIES_EVERY: Duration = Duration::from_secs(1);

impl Route53 {
    /// Does `tidy_up` from now on, without end. Any number of nodes may.
    pub async fn run_duties(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.tidy_up().await {
                let cause = fault.cause().map(ToString::to_string).unwrap_or_default();
                tracing::error!(%fault, cause, "could not tidy up; trying again");
            }
            self.clock.sleep(DUTIES_EVERY).await;
        }
    }

    /// Does what is due besides: folds batches into record sets, and settles the changes of zones that are
    /// gone and no longer published. Repeatable; called from time to time, by any node.
    pub async fn tidy_up(&self) -> Result<(), Fault> {
        for row in self.rows_below(&rows::all_journals()).await? {
            if let Some((zone, _)) = rows::zone_and_version(&row.key) {
                self.content(&zone).fold().await?;
            }
        }
        for row in self.rows_below(&rows::all_pendings()).await? {
            let Some((zone, _)) = rows::zone_and_version(&row.key) else { continue };
            if self.is_gone(&zone).await? {
                settle(self, &zone, None).await?;
            }
        }
        Ok(())
    }

    async fn is_gone(&self, zone: &ZoneId) -> Result<bool, Fault> {
        if self.store.get(&rows::zone(zone)).await.map_err(Fault::ours)?.is_some() {
            return Ok(false);
        }
        let published = Key::new(published(&super::hosted::builder_id(zone)?));
        Ok(self.store.get(&published).await.map_err(Fault::ours)?.is_none())
    }

    async fn rows_below(&self, prefix: &Key) -> Result<Vec<Row>, Fault> {
        let range = KeyRange::prefix(prefix);
        let (rows, _) = self.store.range(&range, usize::MAX).await.map_err(Fault::ours)?;
        Ok(rows)
    }
}

/// Marks as INSYNC the changes of `zone` that `progress` covers; all of them when it is gone.
async fn settle(service: &Route53, zone: &ZoneId, progress: Option<Progress>) -> Result<(), Fault> {
    for row in service.rows_below(&rows::pendings(zone)).await? {
        let pending = Pending::from(rows::decode::<PendingRow>(&row)?);
        let covered = progress.is_none_or(|progress| {
            pending.content_version <= progress.content_version
                && pending.wish_version <= progress.wish_version
        });
        if covered {
            settle_one(service, &row, &pending).await?;
        }
    }
    Ok(())
}

async fn settle_one(service: &Route53, row: &Row, pending: &Pending) -> Result<(), Fault> {
    let mut txn = Txn::default().compare(row.key.clone(), row.revision).delete(row.key.clone());
    let key = rows::change(&pending.change);
    if let Some(change) = service.store.get(&key).await.map_err(Fault::ours)? {
        let done = Change { insync: true, ..rows::decode::<ChangeRow>(&change)?.into() };
        txn = txn.put(key, rows::encode(&ChangeRow::V1(done))?);
    }
    match service.store.txn(txn).await {
        // Somebody else settled it.
        Ok(_) | Err(TxnError::Conflict) => Ok(()),
        Err(TxnError::Store(error)) => Err(Fault::ours(error)),
    }
}

/// Changes a zone's DNSSEC if `change` says so, again when somebody else was faster.
async fn change_dnssec(
    service: &Route53,
    zone: &ZoneId,
    mut change: impl FnMut(&mut Dnssec) -> bool,
) -> Result<(), Fault> {
    let key = rows::dnssec(zone);
    loop {
        let Some(row) = service.store.get(&key).await.map_err(Fault::ours)? else { return Ok(()) };
        let mut dnssec = Dnssec::from(rows::decode::<DnssecRow>(&row)?);
        if dnssec.signing == Signing::NotSigning && dnssec.keys.is_empty() || !change(&mut dnssec) {
            return Ok(());
        }
        let unchanged = Compare { key: key.clone(), revision: row.revision };
        let txn = Txn::when(vec![unchanged]).put(key.clone(), rows::encode(&DnssecRow::V1(dnssec))?);
        match service.store.txn(txn).await {
            Ok(_) => return Ok(()),
            Err(TxnError::Conflict) => {}
            Err(TxnError::Store(error)) => return Err(Fault::ours(error)),
        }
    }
}
