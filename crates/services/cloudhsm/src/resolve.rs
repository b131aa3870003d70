//! From an id or ARN to a cluster or a backup: existence and ownership, before anything is judged.
//!
//! What is missing in the caller's own account is told; what is missing or hidden in another account looks alike.

use keyward_base::{Arn, Fault};
use keyward_gate::{Check, RequestContext, View};
use keyward_hsm::ClusterId;
use keyward_store::Key;

use crate::backup::{self, BackupRecord};
use crate::cluster::ClusterRecord;
use crate::ids::BackupId;
use crate::rows::{self, Place};
use crate::{fault, policy};

/// A cluster that a request names, and the row's place.
#[derive(Debug)]
pub(crate) struct FoundCluster {
    /// Whose it is, and where.
    pub(crate) place: Place,
    /// The cluster.
    pub(crate) record: ClusterRecord,
}

/// A backup that a request names.
#[derive(Debug)]
pub(crate) struct FoundBackup {
    /// Whose it is, and where.
    pub(crate) place: Place,
    /// The backup.
    pub(crate) record: BackupRecord,
}

/// Where the caller's own things are.
pub(crate) fn here(request: &RequestContext) -> Place {
    Place { account: request.account(), region: request.region.clone() }
}

/// A check of an action that names no resource.
pub(crate) fn everywhere(action: &'static str, request: &RequestContext) -> Check {
    Check::identity(action, "*", request.account())
}

impl FoundCluster {
    /// The caller's cluster `id`, remembered by the view. A deleted one is not found any more.
    pub(crate) async fn find(request: &RequestContext, view: &mut View<'_>, id: &str) -> Result<Self, Fault> {
        let place = here(request);
        let missing = || fault::not_found("Cluster", id);
        let parsed: ClusterId = id.parse().map_err(|_| missing())?;
        let row = view.get(&rows::cluster(&place, &parsed)).await?.ok_or_else(missing)?;
        let record = ClusterRecord::decode(&row.value)?;
        if record.is_deleted() { Err(missing()) } else { Ok(Self { place, record }) }
    }

    /// The row's key.
    pub(crate) fn key(&self) -> Key {
        rows::cluster(&self.place, &self.record.id)
    }

    /// The permission `action` on it.
    pub(crate) fn check(&self, action: &'static str, request: &RequestContext) -> Check {
        let arn = self.record.arn(&request.partition, &self.place).to_string();
        self.record.tags.of_resource(Check::identity(action, arn, self.place.account))
    }
}

impl FoundBackup {
    /// The caller's own backup `id`, remembered by the view.
    pub(crate) async fn find(request: &RequestContext, view: &mut View<'_>, id: &str) -> Result<Self, Fault> {
        let missing = || fault::not_found("Backup", id);
        let id = BackupId::parse(id).ok_or_else(missing)?;
        Self::load(view, here(request), &id).await?.ok_or_else(missing)
    }

    /// The backup that an id of the caller's, or an ARN of anyone's, names. `action` is what a refusal says.
    pub(crate) async fn find_anywhere(
        request: &RequestContext,
        view: &mut View<'_>,
        text: &str,
        action: &'static str,
    ) -> Result<Self, Fault> {
        let Ok(arn) = text.parse::<Arn>() else { return Self::find(request, view, text).await };
        let (place, id) = Self::named(request, &arn)?;
        match Self::load(view, place.clone(), &id).await? {
            Some(found) => Ok(found),
            None if place.account == request.account() => Err(fault::not_found("Backup", text)),
            None => Err(request.refuse_unseen(action, text)),
        }
    }

    /// The backup that an ARN names, which must be the caller's own.
    pub(crate) async fn find_own(
        request: &RequestContext,
        view: &mut View<'_>,
        arn: Option<&str>,
        action: &'static str,
    ) -> Result<Self, Fault> {
        let text = arn.ok_or_else(|| fault::invalid("ResourceArn is required."))?;
        let parsed = text.parse().map_err(|_| fault::invalid(format!("{text} is not an ARN.")))?;
        let (place, _) = Self::named(request, &parsed)?;
        if place.account != request.account() {
            return Err(request.refuse_unseen(action, text));
        }
        Self::find_anywhere(request, view, text, action).await
    }

    fn named(request: &RequestContext, arn: &Arn) -> Result<(Place, BackupId), Fault> {
        let wrong =
            || fault::invalid(format!("{arn} does not name a backup of the Region {}.", request.region));
        let id = arn.resource.strip_prefix("backup/").and_then(BackupId::parse).ok_or_else(wrong)?;
        let account = arn.account.ok_or_else(wrong)?;
        let here = arn.region.as_ref() == Some(&request.region) && arn.partition == request.partition;
        if here && arn.service == "cloudhsm" {
            Ok((Place { account, region: request.region.clone() }, id))
        } else {
            Err(wrong())
        }
    }

    async fn load(view: &mut View<'_>, place: Place, id: &BackupId) -> Result<Option<Self>, Fault> {
        let Some(row) = view.get(&rows::backup(&place, id)).await? else { return Ok(None) };
        Ok(Some(Self { place, record: BackupRecord::decode(&row.value)? }))
    }

    /// The row's key.
    pub(crate) fn key(&self) -> Key {
        rows::backup(&self.place, &self.record.id)
    }

    /// The permission `action` on it.
    pub(crate) fn check(&self, action: &'static str, request: &RequestContext) -> Result<Check, Fault> {
        let arn = backup::arn(&request.partition, &self.place, &self.record.id).to_string();
        let check = Check::new(action, arn, self.place.account, policy::judge(&self.record)?);
        Ok(self.record.tags.of_resource(check))
    }
}
