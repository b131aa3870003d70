//! The registry as a source of the zone builder.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::Clock;
use keyward_builder::{
    Content, Ksk, KskTrouble, Progress, SigningWish, SourceError, ZoneEvent, ZoneEvents, ZoneSource, ZoneWish,
};
use keyward_store::{BoxFuture, Event, KeyRange, Revision, Store, StoreError, Txn, TxnError, Watch};
use keyward_vault::{MessageType, SigningAlgorithm, VaultError};
use keyward_zone::keys::SIGNATURE_BYTES;
use keyward_zone::plan::Update;
use keyward_zone::publication::{ZoneId, ZoneKind};
use keyward_zone::{Name, Policy, Rrset, SerialPolicy};

use crate::content::sets_at;
use crate::registry::Registry;
use crate::rows::{self, Delegated, Host, Served, Zone};
use crate::{RegistryError, rows::Touched};

/// How long to wait before a store that failed is asked again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often a zone is read that changes meanwhile.
const ATTEMPTS: usize = 16;

impl Registry {
    async fn find_wish(&self, id: &ZoneId) -> Result<Option<ZoneWish>, RegistryError> {
        let Some(zone) = self.zone(id).await? else { return Ok(None) };
        let ksk = |ksk: &rows::KskToken| Ok(Ksk { name: ksk.name.clone(), point: ksk.point()? });
        let ksks = zone.ksks.iter().map(ksk).collect::<Result<_, RegistryError>>()?;
        Ok(Some(ZoneWish {
            kind: if zone.apex.is_root() { ZoneKind::Root } else { ZoneKind::TopLevel },
            apex: zone.apex,
            name_servers: zone.servers,
            created: zone.created,
            signing: SigningWish::On(ksks),
            policy: Policy { serial: SerialPolicy::Increase, ..Policy::default() },
            version: zone.wish_version,
        }))
    }

    /// Reads content until the zone stands still around it.
    async fn find_content(&self, id: &ZoneId, since: Option<u64>) -> Result<Content, RegistryError> {
        for _ in 0..ATTEMPTS {
            let before = self.zone_row(id).await?;
            let content = self.read_content(id, &before, since).await?;
            if self.zone_row(id).await?.content_version == before.content_version {
                return Ok(content);
            }
        }
        Err(TxnError::Conflict.into())
    }

    async fn zone_row(&self, id: &ZoneId) -> Result<Zone, RegistryError> {
        let zone = self.zone(id).await?;
        zone.ok_or_else(|| RegistryError::internal(format!("there is no zone {id}")))
    }

    async fn read_content(
        &self,
        id: &ZoneId,
        zone: &Zone,
        since: Option<u64>,
    ) -> Result<Content, RegistryError> {
        let touched = match since {
            Some(since) => self.touched(id, since, zone.content_version).await?,
            None => None,
        };
        let update = match touched {
            Some(names) => Update::Names(self.names(id, zone, names).await?),
            None => Update::Whole(self.whole(id, zone).await?),
        };
        Ok(Content { update, version: zone.content_version })
    }

    /// The names that were touched after version `since`; `None` when the log does not reach back so far.
    pub(crate) async fn touched(
        &self,
        id: &ZoneId,
        since: u64,
        version: u64,
    ) -> Result<Option<BTreeSet<Name>>, RegistryError> {
        let Some(count) = version.checked_sub(since) else { return Ok(None) };
        let range = KeyRange::prefix_after(&rows::logs(id), &rows::log(id, since));
        let (logs, _) = self.store.range(&range, usize::MAX).await?;
        // A version that came meanwhile is seen by the caller, who reads again.
        if u64::try_from(logs.len()).unwrap_or(u64::MAX) < count {
            return Ok(None);
        }
        let mut names = BTreeSet::new();
        for row in &logs {
            names.extend(rows::decode::<Touched>(&row.value)?);
        }
        Ok(Some(names))
    }

    async fn names(
        &self,
        id: &ZoneId,
        zone: &Zone,
        names: BTreeSet<Name>,
    ) -> Result<Vec<(Name, Vec<Rrset>)>, RegistryError> {
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            let delegated = self.delegated(id, &name).await?;
            let host: Option<Host> = self.read(&rows::host(id, &name)).await?;
            let sets = sets_at(zone, &self.config.times, &name, delegated.as_ref(), host.as_ref());
            all.push((name, sets));
        }
        Ok(all)
    }

    async fn whole(&self, id: &ZoneId, zone: &Zone) -> Result<Vec<Rrset>, RegistryError> {
        let times = &self.config.times;
        let hosts: Vec<(Name, Host)> = self.read_all(&rows::hosts(id)).await?;
        let at_apex = hosts.iter().find(|(name, _)| *name == zone.apex).map(|(_, host)| host);
        let mut sets = sets_at(zone, times, &zone.apex, None, at_apex);
        for (name, delegated) in self.read_all::<Delegated>(&rows::delegations(id)).await? {
            sets.extend(sets_at(zone, times, &name, Some(&delegated), None));
        }
        for (name, host) in hosts.iter().filter(|(name, _)| *name != zone.apex) {
            sets.extend(sets_at(zone, times, name, None, Some(host)));
        }
        Ok(sets)
    }

    async fn sign_with(
        &self,
        id: &ZoneId,
        ksk: &Ksk,
        messages: &[&[u8]],
    ) -> Result<Vec<[u8; SIGNATURE_BYTES]>, KskTrouble> {
        let away = |error: &dyn std::fmt::Display| KskTrouble::Away(error.to_string());
        let zone = self.zone(id).await.map_err(|error| away(&error))?;
        let token = zone.and_then(|zone| zone.ksks.into_iter().find(|token| token.point == ksk.point));
        let token = token.ok_or_else(|| KskTrouble::Refused("the zone has no such key".to_owned()))?;
        let (algorithm, form) = (SigningAlgorithm::EcdsaSha256, MessageType::Raw);
        let signed = self.vault.sign_batch(&token.key(id), algorithm, form, messages).await;
        let signatures = signed.map_err(|error| match error {
            VaultError::Busy | VaultError::Lost | VaultError::Internal(_) => away(&error),
            refused => KskTrouble::Refused(refused.to_string()),
        })?;
        let fixed = |signature: Vec<u8>| signature.try_into().ok();
        let fixed: Option<Vec<_>> = signatures.into_iter().map(fixed).collect();
        fixed.ok_or_else(|| KskTrouble::Away("the vault gave no signature of algorithm 13".to_owned()))
    }

    async fn note_served(&self, id: &ZoneId, content_version: u64) -> Result<(), RegistryError> {
        let place = rows::served(id);
        let row = self.store.get(&place).await?;
        let revision = row.as_ref().map_or(Revision::ABSENT, |row| row.revision);
        let known = row.map(|row| rows::decode::<Served>(&row.value)).transpose()?;
        if known.is_some_and(|known| known.content_version >= content_version) {
            return Ok(());
        }
        let value = rows::encode(&Served { content_version })?;
        match self.store.txn(Txn::default().compare(place.clone(), revision).put(place, value)).await {
            Ok(_) => self.served.tell(id.clone()),
            // Somebody else noted something; he is told again of what is served.
            Err(TxnError::Conflict) => Box::pin(self.note_served(id, content_version)).await?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn source_error(error: RegistryError) -> SourceError {
    SourceError(error.into())
}

impl ZoneSource for Registry {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn events(&self) -> Box<dyn ZoneEvents> {
        Box::new(Events { store: Arc::clone(&self.store), clock: Arc::clone(&self.clock), watch: None })
    }

    fn zones(&self) -> BoxFuture<'_, Result<Vec<ZoneId>, SourceError>> {
        Box::pin(async {
            let names = self.zone_names().await.map_err(source_error)?;
            names.iter().map(|apex| rows::zone_id(apex).map_err(source_error)).collect()
        })
    }

    fn wish<'a>(&'a self, zone: &'a ZoneId) -> BoxFuture<'a, Result<Option<ZoneWish>, SourceError>> {
        Box::pin(async { self.find_wish(zone).await.map_err(source_error) })
    }

    fn content<'a>(
        &'a self,
        zone: &'a ZoneId,
        since: Option<u64>,
    ) -> BoxFuture<'a, Result<Content, SourceError>> {
        Box::pin(async move { self.find_content(zone, since).await.map_err(source_error) })
    }

    fn sign<'a>(
        &'a self,
        zone: &'a ZoneId,
        ksk: &'a Ksk,
        messages: &'a [&'a [u8]],
    ) -> BoxFuture<'a, Result<Vec<[u8; SIGNATURE_BYTES]>, KskTrouble>> {
        Box::pin(self.sign_with(zone, ksk, messages))
    }

    fn ksk_refused<'a>(&'a self, zone: &'a ZoneId, ksk: &'a Ksk, message: &'a str) -> BoxFuture<'a, ()> {
        tracing::error!(%zone, ksk = ksk.name, message, "a registry key refused to sign");
        Box::pin(std::future::ready(()))
    }

    fn ksk_signed<'a>(&'a self, _zone: &'a ZoneId, _ksk: &'a Ksk) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    fn published<'a>(
        &'a self,
        _zone: &'a ZoneId,
        _progress: Progress,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn served<'a>(&'a self, zone: &'a ZoneId, progress: Progress) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            let noted = self.note_served(zone, progress.content_version).await;
            noted.map_err(|error| SourceError(error.into()))
        })
    }
}

/// Follows the zones' rows. At first, and after it lost its place, everything counts as missed.
struct Events {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    watch: Option<Box<dyn Watch>>,
}

/// Not a method: while it waits, nothing of `Events` may be borrowed, as a watch can't be shared.
async fn begin(store: Arc<dyn Store>) -> Result<Box<dyn Watch>, StoreError> {
    let prefix = rows::zones();
    let (_, revision) = store.range(&KeyRange::prefix(&prefix), 0).await?;
    Ok(store.watch(&prefix, revision))
}

impl Events {
    async fn wait(&mut self) -> Vec<ZoneEvent> {
        if let Some(watch) = &mut self.watch
            && let Ok(events) = watch.next().await
        {
            return events.iter().filter_map(changed).collect();
        }
        loop {
            match begin(Arc::clone(&self.store)).await {
                Ok(watch) => {
                    self.watch = Some(watch);
                    return vec![ZoneEvent::Missed];
                }
                Err(_) => self.clock.sleep(RETRY_AFTER).await,
            }
        }
    }
}

fn changed(event: &Event) -> Option<ZoneEvent> {
    Some(ZoneEvent::Changed(rows::last_part(&rows::zones(), &event.key)?.parse().ok()?))
}

impl ZoneEvents for Events {
    fn next(&mut self) -> BoxFuture<'_, Vec<ZoneEvent>> {
        Box::pin(self.wait())
    }
}
