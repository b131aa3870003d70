//! What becomes of changes and keys once the builder and the name servers have done their part.
//!
//! Every step reads, compares and writes in one transaction, and can be repeated.

use std::sync::Arc;
use std::time::Duration;

use keyward_base::{Fault, Timestamp};
use keyward_builder::{Ksk, Progress};
use keyward_store::{Compare, Key, KeyRange, Row, Txn, TxnError};
use keyward_zone::keys::PUBLIC_KEY_BYTES;
use keyward_zone::publication::{ZoneId as BuilderZoneId, keys::published};

use super::HostedZones;
use crate::dnssec::{Dnssec, KeyStatus, Signing};
use crate::kms::{ForZone, KeyProblem};
use crate::rows::{self, Change, ChangeRow, DnssecRow, Pending, PendingRow, Visibility, Zone, ZoneRow};
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
    pub(super) async fn refused(&self, zone: &BuilderZoneId, ksk: &Ksk, message: &str) -> Result<(), Fault> {
        match ZoneId::parse(zone.as_str()) {
            Some(zone) => self.service.needs_action(&zone, &ksk.name, &ksk.point, message).await,
            None => Ok(()),
        }
    }
}

/// How often is looked for what is due.
const TIDY_UP_EVERY: Duration = Duration::from_secs(1);
/// How often every KMS key behind a signed zone is looked at, should a notice of its change be lost.
const LOOK_AT_KEYS_EVERY: Duration = Duration::from_secs(300);

impl Route53 {
    /// Does `tidy_up` and `look_at_keys` from now on, without end. Any number of nodes may.
    pub async fn run_duties(self: Arc<Self>) {
        let mut keys_due = self.clock.now();
        loop {
            report("tidy up", self.tidy_up().await);
            if self.clock.now() >= keys_due {
                report("look at the KMS keys of signed zones", self.look_at_keys().await);
                keys_due = self.clock.now().plus(LOOK_AT_KEYS_EVERY);
            }
            self.clock.sleep(TIDY_UP_EVERY).await;
        }
    }

    /// Asks KMS about the key behind every ACTIVE key-signing key of a signed zone; one that refuses needs
    /// action. Notices tell of changes at once; this finds what happened while nobody listened.
    pub async fn look_at_keys(&self) -> Result<(), Fault> {
        for row in self.rows_below(&rows::all_dnssec()).await? {
            let dnssec = Dnssec::from(rows::decode::<DnssecRow>(&row)?);
            let Some(id) = rows::dnssec_zone(&row.key).filter(|_| dnssec.signing == Signing::Signing) else {
                continue;
            };
            let Some(zone) = self.stored_zone(&id).await? else { continue };
            for key in dnssec.keys.iter().filter(|key| key.status == KeyStatus::Active) {
                let on_behalf = ForZone { zone: &id, owner: zone.owner, partition: &self.partition };
                let found = self.kms().check_for_zone(&key.kms_arn, on_behalf).await;
                if let Err(KeyProblem::Refused(unfit)) = found {
                    let message = unfit.for_status(&key.kms_arn);
                    self.needs_action(&id, &key.name, &key.point(), &message).await?;
                }
            }
        }
        Ok(())
    }

    /// Sets ACTION_NEEDED on the key-signing key of this name and public point, if it is published.
    async fn needs_action(
        &self,
        zone: &ZoneId,
        name: &str,
        point: &[u8; PUBLIC_KEY_BYTES],
        message: &str,
    ) -> Result<(), Fault> {
        let now: Timestamp = self.clock.now();
        let trouble = |dnssec: &mut Dnssec| {
            let same = dnssec.key(name).is_ok_and(|key| key.point() == *point);
            same && dnssec.needs_action(name, message.to_owned(), now)
        };
        change_dnssec(self, zone, trouble).await
    }

    /// The zone, when there is one.
    pub(super) async fn stored_zone(&self, zone: &ZoneId) -> Result<Option<Zone>, Fault> {
        let row = self.store.get(&rows::zone(zone)).await.map_err(Fault::ours)?;
        row.map(|row| Ok(rows::decode::<ZoneRow>(&row)?.into())).transpose()
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
        if self.stored_zone(zone).await?.is_some() {
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

fn report(what: &str, done: Result<(), Fault>) {
    if let Err(fault) = done {
        let cause = fault.cause().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%fault, cause, "could not {what}; trying again");
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
