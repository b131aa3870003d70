//! Hosted zones as a source of the zone builder: what they hold, how they are signed, what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keyward_base::{Arn, Fault, NoticeReader};
use keyward_builder::{
    Content, Ksk, KskTrouble, Progress, SigningWish, SourceError, ZoneEvents, ZoneSource, ZoneWish,
};
use keyward_store::{BoxFuture, KeyRange};
use keyward_zone::keys::SIGNATURE_BYTES;
use keyward_zone::plan::Update;
use keyward_zone::publication::{ZoneId as BuilderZoneId, ZoneKind};
use keyward_zone::{Name, Policy, Rrset};

use super::events::Events;
use crate::dnssec::{Dnssec, KeySigningKey, Signing};
use crate::kms::{ForZone, KeyProblem};
use crate::record::RecordSet;
use crate::rows::{self, DnssecRow, Pending, PendingRow, Touched, Visibility, Zone, ZoneRow};
use crate::{RecordName, Route53, ZoneId, values};

/// Gives readers of the notices that KMS tells about its keys.
type KeyChanges = Box<dyn Fn() -> NoticeReader<Arn> + Send + Sync>;

/// The hosted zones of every account.
pub struct HostedZones {
    pub(super) service: Arc<Route53>,
    pub(super) kms_changes: KeyChanges,
}

impl HostedZones {
    /// The zones of `service`. `kms_changes` gives readers of what KMS tells of changed keys.
    pub fn new(
        service: Arc<Route53>,
        kms_changes: impl Fn() -> NoticeReader<Arn> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { service, kms_changes: Box::new(kms_changes) })
    }

    pub(super) async fn zone(&self, id: &BuilderZoneId) -> Result<Option<Zone>, Fault> {
        let Some(id) = ZoneId::parse(id.as_str()) else { return Ok(None) };
        self.service.stored_zone(&id).await
    }

    pub(super) async fn dnssec(&self, id: &ZoneId) -> Result<Dnssec, Fault> {
        let row = self.service.store.get(&rows::dnssec(id)).await.map_err(Fault::ours)?;
        row.map_or(Ok(Dnssec::default()), |row| Ok(rows::decode::<DnssecRow>(&row)?.into()))
    }

    async fn list(&self) -> Result<Vec<BuilderZoneId>, Fault> {
        let range = KeyRange::prefix(&rows::zones());
        let (found, _) = self.service.store.range(&range, usize::MAX).await.map_err(Fault::ours)?;
        found.iter().map(|row| builder_id(&Zone::from(rows::decode::<ZoneRow>(row)?).id)).collect()
    }

    async fn wish_of(&self, id: &BuilderZoneId) -> Result<Option<ZoneWish>, Fault> {
        let Some(zone) = self.zone(id).await? else { return Ok(None) };
        let dnssec = self.dnssec(&zone.id).await?;
        let (kind, name_servers) = match &zone.visibility {
            Visibility::Public(servers) => (ZoneKind::HostedPublic, names(servers)?),
            Visibility::Private(_) => (ZoneKind::HostedPrivate, Vec::new()),
        };
        Ok(Some(ZoneWish {
            apex: zone.name.into(),
            kind,
            name_servers,
            created: zone.created,
            signing: signing(&dnssec),
            policy: Policy::default(),
            version: zone.wish_version,
        }))
    }

    async fn content_of(&self, id: &BuilderZoneId, since: Option<u64>) -> Result<Content, Fault> {
        loop {
            let gone = || Fault::ours("the zone is gone");
            let zone = self.zone(id).await?.ok_or_else(gone)?;
            let update = self.update(&zone, since).await?;
            // Read again what a change overtook: its records must not count as an older version's.
            if self.zone(id).await?.is_some_and(|now| now.content_version == zone.content_version) {
                return Ok(Content { update, version: zone.content_version });
            }
        }
    }

    async fn update(&self, zone: &Zone, since: Option<u64>) -> Result<Update, Fault> {
        let content = self.service.content(&zone.id);
        let touched = match since {
            Some(since) => self.touched(zone, since).await?,
            None => None,
        };
        let Some(touched) = touched else {
            return Ok(Update::Whole(rrsets(content.all().await?)?));
        };
        let mut by_name: BTreeMap<RecordName, Vec<RecordSet>> =
            touched.iter().map(|name| (name.clone(), Vec::new())).collect();
        for set in content.at_names(&touched).await? {
            by_name.entry(set.name.clone()).or_default().push(set);
        }
        let named = by_name.into_iter().map(|(name, sets)| Ok((Name::from(name), rrsets(sets)?)));
        Ok(Update::Names(named.collect::<Result<_, Fault>>()?))
    }

    /// The names touched after content version `since`; `None` when that is no longer known.
    async fn touched(&self, zone: &Zone, since: u64) -> Result<Option<BTreeSet<RecordName>>, Fault> {
        let Some(missing) = zone.content_version.checked_sub(since) else { return Ok(None) };
        let range = KeyRange::prefix(&rows::pendings(&zone.id));
        let (found, _) = self.service.store.range(&range, usize::MAX).await.map_err(Fault::ours)?;
        let (mut known, mut touched) = (0, BTreeSet::new());
        for row in found {
            let pending = Pending::from(rows::decode::<PendingRow>(&row)?);
            if let Touched::Names(names) = pending.touched
                && pending.content_version > since
            {
                known += 1;
                touched.extend(names);
            }
        }
        // A version of which nothing is known leaves a gap; the whole content fills it.
        Ok((known == missing).then_some(touched))
    }

    async fn sign_all(
        &self,
        zone: &BuilderZoneId,
        ksk: &Ksk,
        messages: &[&[u8]],
    ) -> Result<Vec<[u8; SIGNATURE_BYTES]>, KskTrouble> {
        let away = |fault: Fault| KskTrouble::Away(fault.to_string());
        let gone = || KskTrouble::Away("the zone or its key-signing key is gone".to_owned());
        let zone = self.zone(zone).await.map_err(away)?.ok_or_else(gone)?;
        let dnssec = self.dnssec(&zone.id).await.map_err(away)?;
        let key = dnssec.keys.iter().find(|key| key.name == ksk.name && key.point() == ksk.point);
        let arn = &key.ok_or_else(gone)?.kms_arn;
        let on_behalf = ForZone { zone: &zone.id, owner: zone.owner, partition: &self.service.partition };
        let mut signatures = Vec::with_capacity(messages.len());
        for message in messages {
            let signed = self.service.kms().sign(arn, on_behalf, message).await;
            signatures.push(signed.map_err(|problem| match problem {
                KeyProblem::Refused(unfit) => KskTrouble::Refused(unfit.for_status(arn)),
                KeyProblem::Away(cause) => KskTrouble::Away(cause),
            })?);
        }
        Ok(signatures)
    }
}

impl ZoneSource for HostedZones {
    fn name(&self) -> &'static str {
        "route53"
    }

    fn events(&self) -> Box<dyn ZoneEvents> {
        Box::new(Events::new(Arc::clone(&self.service), (self.kms_changes)()))
    }

    fn zones(&self) -> BoxFuture<'_, Result<Vec<BuilderZoneId>, SourceError>> {
        Box::pin(async { self.list().await.map_err(failed) })
    }

    fn wish<'a>(&'a self, zone: &'a BuilderZoneId) -> BoxFuture<'a, Result<Option<ZoneWish>, SourceError>> {
        Box::pin(async { self.wish_of(zone).await.map_err(failed) })
    }

    fn content<'a>(
        &'a self,
        zone: &'a BuilderZoneId,
        since: Option<u64>,
    ) -> BoxFuture<'a, Result<Content, SourceError>> {
        Box::pin(async move { self.content_of(zone, since).await.map_err(failed) })
    }

    fn sign<'a>(
        &'a self,
        zone: &'a BuilderZoneId,
        ksk: &'a Ksk,
        messages: &'a [&'a [u8]],
    ) -> BoxFuture<'a, Result<Vec<[u8; SIGNATURE_BYTES]>, KskTrouble>> {
        Box::pin(self.sign_all(zone, ksk, messages))
    }

    fn ksk_refused<'a>(
        &'a self,
        zone: &'a BuilderZoneId,
        ksk: &'a Ksk,
        message: &'a str,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(fault) = self.refused(zone, ksk, message).await {
                tracing::error!(%zone, ksk = ksk.name, %fault, "could not set ACTION_NEEDED");
            }
        })
    }

    /// Nothing: a key in ACTION_NEEDED is back only when its owner activates it.
    fn ksk_signed<'a>(&'a self, _: &'a BuilderZoneId, _: &'a Ksk) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    fn published<'a>(
        &'a self,
        zone: &'a BuilderZoneId,
        progress: Progress,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move { self.settle_published(zone, progress).await.map_err(failed) })
    }

    fn served<'a>(
        &'a self,
        zone: &'a BuilderZoneId,
        progress: Progress,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move { self.settle_served(zone, progress).await.map_err(failed) })
    }
}

fn failed(fault: Fault) -> SourceError {
    let cause = fault.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
    SourceError(format!("{fault}{cause}").into())
}

/// The builder's id of a zone.
pub(super) fn builder_id(id: &ZoneId) -> Result<BuilderZoneId, Fault> {
    id.as_str().parse().map_err(Fault::ours)
}

fn names(servers: &[String]) -> Result<Vec<Name>, Fault> {
    servers.iter().map(|server| Name::parse(server).map_err(Fault::ours)).collect()
}

/// The zone is signed with its published keys while it is meant to be; a failure of ours changes nothing.
fn signing(dnssec: &Dnssec) -> SigningWish {
    let ksk = |key: &KeySigningKey| Ksk { name: key.name.clone(), point: key.point() };
    match dnssec.signing {
        Signing::NotSigning | Signing::Deleting => SigningWish::Off,
        Signing::Signing | Signing::InternalFailure(_) => {
            SigningWish::On(dnssec.keys.iter().filter(|key| key.is_published()).map(ksk).collect())
        }
    }
}

fn rrsets(sets: Vec<RecordSet>) -> Result<Vec<Rrset>, Fault> {
    sets.into_iter().map(rrset).collect()
}

fn rrset(set: RecordSet) -> Result<Rrset, Fault> {
    let rtype = values::rtype(set.kind).ok_or_else(|| Fault::ours("a record type is unknown"))?;
    let rdata: Result<Vec<Vec<u8>>, Fault> = set
        .values
        .iter()
        .map(|value| {
            values::read(set.kind, value).map_err(|error| Fault::ours(format!("a stored value: {error}")))
        })
        .collect();
    Ok(Rrset::new(set.name.into(), rtype, set.ttl_seconds, rdata?))
}
