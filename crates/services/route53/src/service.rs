//! The service's state: what its operations and duties hold.

use std::sync::Arc;

use keyward_base::{AccountId, Clock, Fault, Partition, Random, Timestamp};
use keyward_gate::{Check, GateHandle, PageTokens, RequestContext, View};
use keyward_schema::route53::{ChangeInfo, ChangeStatus};
use keyward_store::{Store, Txn};

use crate::content::Content;
use crate::dnssec::Dnssec;
use crate::rows::{self, Change, ChangeRow, DnssecRow, Pending, PendingRow, Touched, Zone, ZoneRow};
use crate::{ChangeId, ParentView, Route53Config, ZoneId};

/// What the service is built from.
pub struct Route53Parts {
    /// Its rows.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids and the choice of name servers.
    pub random: Arc<dyn Random>,
    /// The way to KMS.
    pub gate: GateHandle,
    /// With which its lists go on.
    pub tokens: PageTokens,
    /// What parents serve about our zones.
    pub parent: Arc<dyn ParentView>,
    /// The settings.
    pub config: Route53Config,
    /// The partition that ARNs are in.
    pub partition: Partition,
}

/// Route 53.
pub struct Route53 {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) gate: GateHandle,
    pub(crate) tokens: PageTokens,
    pub(crate) parent: Arc<dyn ParentView>,
    pub(crate) config: Route53Config,
    pub(crate) partition: Partition,
}

/// A zone that an operation names: its id as given, and the zone when there is one.
pub(crate) struct Named {
    asked: String,
    found: Option<Zone>,
}

impl Named {
    /// The zone, or AWS's refusal.
    pub(crate) fn zone(self) -> Result<Zone, Fault> {
        self.found.ok_or_else(|| no_such_zone(&self.asked))
    }

    /// The id as given, without its prefix.
    pub(crate) fn asked(&self) -> &str {
        &self.asked
    }

    /// The zone when there is one.
    pub(crate) fn as_zone(&self) -> Option<&Zone> {
        self.found.as_ref()
    }
}

/// The refusal for an unknown zone.
pub(crate) fn no_such_zone(asked: &str) -> Fault {
    Fault::caller("NoSuchHostedZone", format!("No hosted zone found with ID: {asked}"))
}

/// A zone's ARN.
pub(crate) fn zone_arn(partition: &Partition, zone: &str) -> String {
    format!("arn:{partition}:route53:::hostedzone/{zone}")
}

impl Route53 {
    /// The service.
    pub fn new(parts: Route53Parts) -> Arc<Self> {
        let Route53Parts { store, clock, random, gate, tokens, parent, config, partition } = parts;
        Arc::new(Self { store, clock, random, gate, tokens, parent, config, partition })
    }

    /// The record sets of a zone.
    pub(crate) fn content<'a>(&'a self, zone: &'a ZoneId) -> Content<'a> {
        Content::new(&*self.store, zone)
    }

    /// Finds the zone that an operation names, and says that `action` on it takes a permission. A zone that
    /// is not there counts as the caller's own, so that who may ask about it learns that it is not.
    pub(crate) async fn named(
        request: &RequestContext,
        view: &mut View<'_>,
        asked: &str,
        action: &'static str,
    ) -> Result<(Named, Check), Fault> {
        let asked = crate::ids::bare_id(asked).to_owned();
        let found = match ZoneId::parse(&asked) {
            Some(id) => zone_row(view, &id).await?,
            None => None,
        };
        let owner = found.as_ref().map_or_else(|| request.account(), |zone| zone.owner);
        let check = Check::identity(action, zone_arn(&request.partition, &asked), owner);
        Ok((Named { asked, found }, check))
    }

    /// Adds a change of what `zone` serves to `txn`: the next version of its row, the change, and what waits
    /// for it to be served.
    pub(crate) fn change(
        &self,
        txn: Txn,
        zone: &mut Zone,
        touched: Touched,
        submitted: Timestamp,
        comment: Option<String>,
    ) -> Result<(Txn, ChangeInfo), Fault> {
        match touched {
            Touched::Names(_) => zone.content_version += 1,
            Touched::Wish => zone.wish_version += 1,
            Touched::Zone => {}
        }
        zone.version += 1;
        let txn = txn.put(rows::zone(&zone.id), rows::encode(&ZoneRow::V1(zone.clone()))?);
        self.record(txn, zone, touched, submitted, comment)
    }

    /// Adds the change alone, for a zone whose row the caller writes or removes.
    pub(crate) fn record(
        &self,
        txn: Txn,
        zone: &Zone,
        touched: Touched,
        submitted: Timestamp,
        comment: Option<String>,
    ) -> Result<(Txn, ChangeInfo), Fault> {
        let id = ChangeId::random(&*self.random);
        let (owner, of) = (zone.owner, zone.id.clone());
        let change =
            Change { id: id.clone(), owner, zone: of, insync: false, submitted, comment: comment.clone() };
        let (content_version, wish_version) = (zone.content_version, zone.wish_version);
        let pending = Pending { change: id.clone(), touched, content_version, wish_version };
        let txn = txn
            .create(rows::change(&id), rows::encode(&ChangeRow::V1(change))?)
            .put(rows::pending(&zone.id, zone.version), rows::encode(&PendingRow::V1(pending))?);
        let id = id.with_prefix();
        Ok((txn, ChangeInfo { id, status: ChangeStatus::Pending, submitted_at: submitted, comment }))
    }
}

/// The zone `id`, remembered by the view.
pub(crate) async fn zone_row(view: &mut View<'_>, id: &ZoneId) -> Result<Option<Zone>, Fault> {
    let row = view.get(&rows::zone(id)).await?;
    row.map(|row| Ok(rows::decode::<ZoneRow>(&row)?.into())).transpose()
}

/// The DNSSEC of a zone, remembered by the view.
pub(crate) async fn dnssec_row(view: &mut View<'_>, id: &ZoneId) -> Result<Dnssec, Fault> {
    let row = view.get(&rows::dnssec(id)).await?;
    row.map_or(Ok(Dnssec::default()), |row| Ok(rows::decode::<DnssecRow>(&row)?.into()))
}

/// How many zones an account has; counted no further than `limit`.
pub(crate) async fn count_zones(store: &dyn Store, account: AccountId, limit: usize) -> Result<usize, Fault> {
    let range = keyward_store::KeyRange::prefix(&rows::zones_of(account));
    let (found, _) = store.range(&range, limit).await.map_err(Fault::ours)?;
    Ok(found.len())
}
